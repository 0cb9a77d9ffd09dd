//! `/rep`, `/add`, `/rm` and `/requests/NAME`: the API that the assignment's scripts speak, to the byte.
//!
//! Texts of errors that those scripts compare with live in [`crate::membership::command::ChangeError`]. The answer to
//! a change is the membership that the owner answered with, not a later one.

use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use lb_core::backend::BackendId;
use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

use super::Api;
use super::answer::{Style, parameter};
use super::change::{self, Change, ChangeBody, ChangeFormError};
use super::openapi::Failure;
use crate::membership::command::{Add, ChangeError, Remove};
use crate::membership::snapshot::Snapshot;

/// Who is in the membership.
#[utoipa::path(
    get,
    path = "/rep",
    tag = "assignment",
    responses((status = 200, description = "In order of addition", body = Rep))
)]
pub(super) async fn rep(State(api): State<Api>, style: Style) -> Response {
    style.ok(&rep_body(&api.membership.snapshot()))
}

/// Adds replicas and answers when they are ready, or after `?wait=`.
#[utoipa::path(
    post,
    path = "/add",
    tag = "assignment",
    params(("wait" = Option<String>, Query, description = "How long for them to be ready, from 0 to 8s", example = "2s")),
    request_body = ChangeBody,
    responses(
        (status = 200, description = "Who there is now", body = Rep),
        (status = 400, description = "Nothing was applied, and why", body = Failure),
        (status = 500, description = "A replica could not be started or was not ready in time: all are gone again",
         body = Failure),
        (status = 503, description = "It is stopping, or the change could not be saved", body = Failure),
    )
)]
pub(super) async fn add(State(api): State<Api>, uri: Uri, style: Style, body: Bytes) -> Response {
    let asked = change::wait(parameter(&uri, "wait")).and_then(|wait| {
        let Change { n, hostnames } = Change::parse(&body)?;
        Ok(Add { n, hostnames, wait })
    });
    let add = match asked {
        Ok(add) => add,
        Err(error) => return malformed(style, &error),
    };
    match api.changes.take() {
        Ok(()) => changed(style, api.membership.add(add).await.as_deref()),
        Err(wait) => style.too_fast(wait),
    }
}

/// Takes replicas out of the ring.
#[utoipa::path(
    delete,
    path = "/rm",
    tag = "assignment",
    request_body = ChangeBody,
    responses(Removal)
)]
pub(super) async fn rm(State(api): State<Api>, style: Style, body: Bytes) -> Response {
    let Change { n, hostnames } = match Change::parse(&body) {
        Ok(change) => change,
        Err(error) => return malformed(style, &error),
    };
    match api.changes.take() {
        Ok(()) => changed(style, api.membership.remove(Remove { n, hostnames }).await.as_deref()),
        Err(wait) => style.too_fast(wait),
    }
}

/// The same for clients whose DELETE can't have a body
#[utoipa::path(
    post,
    path = "/rm",
    tag = "assignment",
    request_body = ChangeBody,
    responses(Removal)
)]
pub(super) async fn rm_by_post(api: State<Api>, style: Style, body: Bytes) -> Response {
    rm(api, style, body).await
}

/// The ids that a replica has answered, indented whatever was asked for: clients count lines.
#[utoipa::path(
    get,
    path = "/requests/{name}",
    tag = "assignment",
    params(("name" = String, Path, description = "A replica", example = "S1")),
    responses(
        (status = 200, description = "One id a line, the newest last", body = Requests),
        (status = 404, description = "There is nobody of that name, or requests are not recorded", body = Failure),
    )
)]
pub(super) async fn requests(
    State(api): State<Api>,
    style: Style,
    name: Result<Path<String>, PathRejection>,
) -> Response {
    let snapshot = api.membership.snapshot();
    // A name that isn't UTF-8 is nobody's.
    let Some(backend) = name.ok().and_then(|Path(name)| find(&snapshot, &name)) else {
        return style.refuse(StatusCode::NOT_FOUND, "Server ID not found");
    };
    if !api.requests.enabled() {
        let hint = "requests are not recorded; start with --record-requests or --profile assignment";
        return style.refuse(StatusCode::NOT_FOUND, hint);
    }
    api.requests.drain(&api.control, &snapshot);
    let recorded = backend.map(|id| api.requests.of(id)).unwrap_or_default();
    style.indented().ok(&Requests { dropped: recorded.dropped, requests: recorded.ids, status: "successful" })
}

/// What comes of `/rm`, whatever its method.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it is only described")]
enum Removal {
    /// Who is left
    #[response(status = 200)]
    Left(Rep),
    /// Nothing was removed, and why
    #[response(status = 400)]
    Wrong(Failure),
    /// It is stopping, or the change could not be saved
    #[response(status = 503)]
    NotNow(Failure),
}

/// The answer of `/requests/NAME`; `dropped` appears where it says something, so that the usual one keeps its lines.
#[derive(Serialize, ToSchema)]
pub(super) struct Requests {
    #[serde(skip_serializing_if = "is_zero")]
    #[schema(required = false)]
    dropped: u64,
    requests: Vec<String>,
    status: &'static str,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// The backend of that name: none where nobody has it, `Some(None)` where it has no address yet. Members come before
/// those that drain, so a name that is used again means its new holder.
fn find(snapshot: &Snapshot, name: &str) -> Option<Option<BackendId>> {
    let view = snapshot.backends.iter().find(|view| *view.name == *name)?;
    Some(view.backend.as_ref().map(|backend| backend.id))
}

fn rep_body(snapshot: &Snapshot) -> Rep {
    let replicas: Vec<String> = snapshot.listed().map(str::to_owned).collect();
    Rep { message: Listed { n: replicas.len(), replicas }, status: "successful" }
}

/// Who is in the membership.
#[derive(Serialize, ToSchema)]
pub(super) struct Rep {
    message: Listed,
    /// `successful`
    #[schema(example = "successful")]
    status: &'static str,
}

#[derive(Serialize, ToSchema)]
struct Listed {
    /// How many there are.
    #[serde(rename = "N")]
    n: usize,
    /// Their names, in order of addition.
    replicas: Vec<String>,
}

fn changed(style: Style, answer: Result<&Snapshot, &ChangeError>) -> Response {
    match answer {
        Ok(snapshot) => style.ok(&rep_body(snapshot)),
        Err(error) => style.refuse(status_of(error), error),
    }
}

fn status_of(error: &ChangeError) -> StatusCode {
    match error {
        ChangeError::Stopping | ChangeError::NotSaved => StatusCode::SERVICE_UNAVAILABLE,
        error if error.is_callers_fault() => StatusCode::BAD_REQUEST,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn malformed(style: Style, error: &ChangeFormError) -> Response {
    style.refuse(StatusCode::BAD_REQUEST, error)
}

#[cfg(test)]
mod tests;
