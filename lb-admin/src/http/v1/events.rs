//! `GET /v1/events`: what has happened to the membership: the last 1,000 things of it, or, for who asks for a stream of
//! events, each as it happens (`stream`).

use axum::Extension;
use axum::extract::State;
use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::Api;
use super::super::answer::{Style, parameter};
use super::super::openapi::ProblemBody;
use super::super::visit::Visit;
use super::stream;
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
    params(
        ("after" = Option<u64>, Query, description = "Only those with a higher id"),
        ("state" = Option<bool>, Query, description = "In a stream: the summary and the backends too, every second"),
        ("Last-Event-ID" = Option<u64>, Header, description = "In a stream: as after"),
    ),
    responses(
        (status = 200, description = "What has happened; with Accept: text/event-stream, what happens", content(
            (Events = "application/json"),
            (String = "text/event-stream"),
        )),
        (status = 400, description = "after is no id", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn events(
    State(api): State<Api>,
    visit: Option<Extension<Visit>>,
    uri: Uri,
    style: Style,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    strict::query(&uri, &["after", "state"])?;
    let after = id(&uri, "after", parameter(&uri, "after"))?;
    let with_state = with_state(&uri)?;
    if wants_stream(&headers) {
        let last = headers.get("last-event-id").map(|last| last.to_str().unwrap_or_default());
        // What a client has seen last is newer than what it was opened with.
        let after = id(&uri, "Last-Event-ID", last)?.or(after);
        return stream::follow(api, visit.map(|Extension(visit)| visit.spot), after, with_state, &uri);
    }
    let after = after.unwrap_or(0);
    // The events first: none of them may then be later than `now_ms`.
    let events = api.events.after(after);
    Ok(style.ok(&Events { events, now_ms: api.events.now_ms() }))
}

/// The id of an event. They count from 1: after 0 is all.
fn id(uri: &Uri, what: &str, typed: Option<&str>) -> Result<Option<u64>, Problem> {
    let Some(typed) = typed else { return Ok(None) };
    let digits = typed.bytes().all(|byte| byte.is_ascii_digit());
    let wrong = || format!("{what} must be the id of an event, not '{typed}'");
    let id = typed.parse().ok().filter(|_| digits);
    id.map(Some).ok_or_else(|| Problem::new(uri, StatusCode::BAD_REQUEST, wrong()))
}

fn with_state(uri: &Uri) -> Result<bool, Problem> {
    match parameter(uri, "state") {
        None | Some("false") => Ok(false),
        Some("" | "true") => Ok(true),
        Some(other) => {
            let wrong = format!("state must be true or false, not '{other}'");
            Err(Problem::new(uri, StatusCode::BAD_REQUEST, wrong))
        }
    }
}

fn wants_stream(headers: &HeaderMap) -> bool {
    let wants = |accept: &str| accept.split(',').any(|kind| kind.trim().starts_with("text/event-stream"));
    headers.get_all(ACCEPT).iter().any(|accept| accept.to_str().is_ok_and(wants))
}
