//! Answers for the tests beside: documents as the API writes them, read as a look reads them.

use std::time::Duration;

use serde_json::{Value, json};

use super::documents::Look;
use super::model::{Model, Place};

/// When the balancer of the tests was started, in seconds since 1970.
pub(super) const STARTED: u64 = 1_795_000_000;

/// A look at so many seconds after the start. Members are `(name, state, sessions so far)`, seats counted from 1.
pub(super) fn look(second: u64, members: &[(&str, &str, u64)]) -> Look {
    of(&summary(second), members.iter().zip(1..).map(|(member, seat)| backend(second, seat, *member)).collect(), vec![])
}

/// The same of documents that a test has changed; the events are asked for from the beginning.
pub(super) fn of(summary: &Value, backends: Vec<Value>, events: Vec<Value>) -> Look {
    let read = "documents as the API writes them";
    Look {
        summary: serde_json::from_value(summary.clone()).expect(read),
        backends: serde_json::from_value(backends.into()).expect(read),
        events: serde_json::from_value(events.into()).expect(read),
        after: 0,
    }
}

pub(super) fn summary(second: u64) -> Value {
    json!({
        "version": "0.1.0", "epoch": 2, "now": at(second), "uptime_seconds": second as f64,
        "verdict": {"level": "ok", "text": "3 of 3 replicas are ready", "command": null, "reasons": []},
        "ring": {"hash": "rendezvous", "slots": 65536, "digest": "0", "max_over_mean": 1.0},
        "connections": {"open": 33, "limit": 100, "accepted_total": 1000},
        "sessions": {"open": 33, "total": 5000, "waiting": 0},
        "requests": {"pinned_total": 0, "replays_total": 0, "retries_total": 0, "unkeyed_total": 0},
        "first_byte_seconds": {"count": 5000, "p50": 0.0008, "p99": 0.029},
    })
}

pub(super) fn backend(second: u64, seat: u32, (name, state, sessions_total): (&str, &str, u64)) -> Value {
    let ok = state == "ready";
    let detail = if ok { "200" } else { "no answer in 1s" };
    json!({
        "name": name, "state": state, "seat": seat, "weight": 1.0, "share": 0.333, "share_ideal": 0.333333,
        "slots": 21845, "sessions": 8, "sessions_total": sessions_total, "waiting": 0, "max_connections": null,
        "connect_failures_total": 0, "first_byte_seconds": {"count": 10, "p50": 0.0008, "p99": 0.031},
        "last_check": {"at": at(second), "detail": detail, "ok": ok}, "restarts": 0, "since": at(0),
        "address": "127.0.0.1:26430", "pid": 23319, "container": null, "origin": "started", "supervised": true,
        "drained": false,
    })
}

pub(super) fn event(id: u64, second: u64, kind: &str, name: &str, detail: &str) -> Value {
    json!({"id": id, "at": at(second), "at_ms": second * 1000, "kind": kind, "name": name, "detail": detail, "seat": 1})
}

pub(super) fn at(second: u64) -> String {
    let time = std::time::UNIX_EPOCH + Duration::from_secs(STARTED + second);
    humantime::format_rfc3339_millis(time).to_string()
}

/// That has looked once, at second 0 of its own.
pub(super) fn model(look: Look) -> Model {
    let place = Place { admin: "127.0.0.1:5001".to_owned(), flag: None };
    Model::new(look, place, Duration::from_secs(1))
}
