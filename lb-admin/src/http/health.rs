//! `/livez` and `/readyz`: whether the process answers, and whether it is worth sending clients to.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::Api;
use super::answer::Style;

/// 200 as long as anything is answered at all.
pub(super) async fn livez(style: Style) -> Response {
    style.ok(&json!({"message": "alive", "status": "successful"}))
}

/// 200 where a backend is ready; 503, with the reason, while draining or without one.
pub(super) async fn readyz(State(api): State<Api>, style: Style) -> Response {
    let snapshot = api.membership.snapshot();
    if snapshot.draining {
        return style.refuse(StatusCode::SERVICE_UNAVAILABLE, "draining: the load balancer is stopping");
    }
    match snapshot.ready() {
        0 => style.refuse(StatusCode::SERVICE_UNAVAILABLE, "no backend is ready"),
        ready => style.ok(&json!({"message": format!("ready backends: {ready}"), "status": "successful"})),
    }
}
