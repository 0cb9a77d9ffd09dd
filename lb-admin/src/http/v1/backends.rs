//! `GET /v1/backends`: everybody in the membership.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde_json::{Value, json};

use super::super::Api;
use super::super::answer::Style;
use super::strict::{self, Problem};
use crate::membership::snapshot::BackendView;

/// Everybody in the membership, in order of addition, then those that still drain.
pub(super) async fn backends(State(api): State<Api>, uri: Uri, style: Style) -> Result<Response, Problem> {
    strict::query(&uri, &[])?;
    let snapshot = api.membership.snapshot();
    let backends: Vec<Value> = snapshot.backends.iter().map(backend).collect();
    Ok(style.ok(&json!({"backends": backends, "epoch": snapshot.epoch()})))
}

fn backend(view: &BackendView) -> Value {
    let backend = view.backend.as_deref();
    let places = backend.and_then(|backend| backend.places());
    json!({
        "address": backend.map(|backend| backend.addr.to_string()),
        "drained": view.drained,
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
