//! `/livez` and `/readyz`: whether the process answers, and whether it is worth sending clients to.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::Api;
use super::answer::Style;
use super::openapi::Failure;

/// A short answer in words.
#[derive(Serialize, ToSchema)]
pub(super) struct Said {
    /// In words.
    #[schema(example = "ready backends: 3")]
    message: String,
    /// `successful`
    #[schema(example = "successful")]
    status: &'static str,
}

impl Said {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), status: "successful" }
    }
}

/// Is the process alive?
#[utoipa::path(
    get,
    path = "/livez",
    tag = "process",
    responses((status = 200, description = "As long as anything is answered at all", body = Said))
)]
pub(super) async fn livez(style: Style) -> Response {
    style.ok(&Said::new("alive"))
}

/// Is it worth sending clients to?
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "process",
    responses(
        (status = 200, description = "A backend is ready", body = Said),
        (status = 503, description = "It is stopping, or no backend is ready", body = Failure),
    )
)]
pub(super) async fn readyz(State(api): State<Api>, style: Style) -> Response {
    let snapshot = api.membership.snapshot();
    if snapshot.draining {
        return style.refuse(StatusCode::SERVICE_UNAVAILABLE, "draining: the load balancer is stopping");
    }
    match snapshot.ready() {
        0 => style.refuse(StatusCode::SERVICE_UNAVAILABLE, "no backend is ready"),
        ready => style.ok(&Said::new(format!("ready backends: {ready}"))),
    }
}
