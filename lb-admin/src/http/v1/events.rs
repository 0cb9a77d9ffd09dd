//! `GET /v1/events`: what has happened to the membership, the last 1,000 things of it.

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::Api;
use super::super::answer::{Style, parameter};
use super::super::openapi::ProblemBody;
use super::strict::{self, Problem};
use crate::events::Event;

/// What has happened, and the clock that its times are by.
#[derive(Serialize, ToSchema)]
pub(super) struct Events {
    /// Oldest first.
    events: Vec<Event>,
    /// Milliseconds since start: none of them is later.
    now_ms: f64,
}

/// The last 1,000 events, oldest first
#[utoipa::path(
    get,
    path = "/v1/events",
    tag = "events",
    params(("after" = Option<u64>, Query, description = "Only those with a higher id")),
    responses(
        (status = 200, description = "What has happened", body = Events),
        (status = 400, description = "after is no number", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn events(State(api): State<Api>, uri: Uri, style: Style) -> Result<Response, Problem> {
    strict::query(&uri, &["after"])?;
    let after = after(&uri)?;
    // The events first: none of them may then be later than `now_ms`.
    let events = api.events.after(after);
    Ok(style.ok(&Events { events, now_ms: api.events.now_ms() }))
}

/// Ids count from 1: after 0 is all.
fn after(uri: &Uri) -> Result<u64, Problem> {
    let Some(typed) = parameter(uri, "after") else { return Ok(0) };
    let digits = typed.bytes().all(|byte| byte.is_ascii_digit());
    let wrong = || format!("after must be the id of an event, not '{typed}'");
    typed.parse().ok().filter(|_| digits).ok_or_else(|| Problem::new(uri, StatusCode::BAD_REQUEST, wrong()))
}
