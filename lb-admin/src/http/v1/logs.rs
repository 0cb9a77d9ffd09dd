//! `GET /v1/backends/{name}/logs`: what a replica itself has printed, the end of it, as it is.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};

use super::super::Api;
use super::super::answer::parameter;
use super::super::openapi::ProblemBody;
use super::strict::{self, Problem};
use crate::supervisor::launcher::Order;
use crate::supervisor::output::OutputError;

/// Lines where nobody says how many.
const TAIL: usize = 100;
/// Most that may be asked for.
const TAIL_MAX: usize = 10_000;

/// What a replica has printed: its last lines
///
/// Stdout and stderr of the process or container that has this name now. At most a megabyte.
#[utoipa::path(
    get,
    path = "/v1/backends/{name}/logs",
    tag = "backends",
    params(
        ("name" = String, Path, description = "Its name", example = "S1"),
        ("tail" = Option<u32>, Query, description = "How many lines, 1 to 10000; 100 where it isn't said"),
    ),
    responses(
        (status = 200, description = "The lines as it printed them", body = String, content_type = "text/plain"),
        (status = 400, description = "tail is no such number", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 404, description = "There is no backend of this name", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 409, description = "Somebody else runs it, or it doesn't run now", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 503, description = "The engine or the file can't be read now", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(super) async fn logs(
    State(api): State<Api>,
    uri: Uri,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    strict::query(&uri, &["tail"])?;
    let refused = |status, detail: &dyn std::fmt::Display| Problem::new(&uri, status, detail);
    let lines = match parameter(&uri, "tail") {
        None => TAIL,
        Some(text) => {
            let wrong = format!("tail '{}': must be 1 to {TAIL_MAX}", text.chars().take(20).collect::<String>());
            let asked = text.parse().ok().filter(|lines| (1..=TAIL_MAX).contains(lines));
            asked.ok_or_else(|| refused(StatusCode::BAD_REQUEST, &wrong))?
        }
    };
    let snapshot = api.membership.snapshot();
    // A name is only ever compared with those that are known: none becomes a part of a path.
    let named = |name: &str| snapshot.backends.iter().find(|view| *view.name == *name);
    let view = name.ok().and_then(|Path(name)| named(&name)).ok_or_else(|| {
        refused(StatusCode::NOT_FOUND, &"there is no backend of this name: GET /v1/backends lists them")
    })?;
    if !view.supervised {
        return Err(refused(StatusCode::CONFLICT, &"somebody else runs it: what it prints isn't known here"));
    }
    let backend = view.backend.as_ref().ok_or_else(|| refused(StatusCode::CONFLICT, &OutputError::NotRunning))?;
    let order = Order { id: backend.id, name: Arc::clone(&view.name), seat: view.seat };
    let printed = api.outputs.read(order, lines).await.map_err(|error| match error {
        OutputError::NotRunning => refused(StatusCode::CONFLICT, &error),
        OutputError::Unreadable(_) => refused(StatusCode::SERVICE_UNAVAILABLE, &error),
    })?;
    // A browser must not take a replica's words for a page of ours.
    let head = [(CONTENT_TYPE, "text/plain; charset=utf-8"), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
    Ok((head, String::from_utf8_lossy(&printed).into_owned()).into_response())
}

#[cfg(test)]
mod tests;
