//! `GET /v1/events`: what has happened.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde_json::json;

use super::super::Api;
use super::super::answer::Style;
use super::strict::{self, Problem};

/// The last 1,000 events and the clock that their times are by.
pub(super) async fn events(State(api): State<Api>, uri: Uri, style: Style) -> Result<Response, Problem> {
    strict::query(&uri, &[])?;
    // The events first: none of them may then be later than `now_ms`.
    let events = api.events.all();
    Ok(style.ok(&json!({"events": events, "now_ms": api.events.now_ms()})))
}
