//! The strict API: so far what the benchmark and a dashboard read. Errors are problem documents (`answer`).

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};

use super::Api;
use super::answer::Style;
use crate::membership::snapshot::BackendView;

/// Everybody in the membership, in order of addition, then those that still drain.
pub(super) async fn backends(State(api): State<Api>, style: Style) -> Response {
    let snapshot = api.membership.snapshot();
    let backends: Vec<Value> = snapshot.backends.iter().map(backend).collect();
    style.ok(&json!({"backends": backends}))
}

/// The last 1,000 events and the clock that their times are by.
pub(super) async fn events(State(api): State<Api>, style: Style) -> Response {
    // The events first: none of them may then be later than `now_ms`.
    let events = api.events.all();
    style.ok(&json!({"events": events, "now_ms": api.events.now_ms()}))
}

fn backend(view: &BackendView) -> Value {
    let backend = view.backend.as_deref();
    let places = backend.and_then(|backend| backend.places());
    json!({
        "address": backend.map(|backend| backend.addr.to_string()),
        "max_connections": places.and_then(|places| places.limit()),
        "name": &*view.name,
        "pid": view.pid,
        "seat": view.seat,
        "sessions": backend.map_or(0, |backend| backend.counters.open_sessions()),
        "sessions_total": backend.map_or(0, |backend| backend.counters.sum(|cell| &cell.sessions)),
        "since": humantime::format_rfc3339_millis(view.since).to_string(),
        "state": view.state.to_string(),
        "supervised": view.supervised,
        "waiting": places.map_or(0, |places| places.waiting()),
        "weight": f64::from(view.weight.thousandths()) / 1000.0,
    })
}
