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
use serde_json::{Value, json};

use super::Api;
use super::answer::{Style, parameter};
use super::change::{self, Change, ChangeFormError};
use crate::membership::command::{Add, ChangeError, Remove};
use crate::membership::snapshot::Snapshot;

/// Who is in the membership.
pub(super) async fn rep(State(api): State<Api>, style: Style) -> Response {
    style.ok(&rep_body(&api.membership.snapshot()))
}

/// Adds replicas and answers when they are ready, or after `?wait=`.
pub(super) async fn add(State(api): State<Api>, uri: Uri, style: Style, body: Bytes) -> Response {
    let asked = change::wait(parameter(&uri, "wait")).and_then(|wait| {
        let Change { n, hostnames } = Change::parse(&body)?;
        Ok(Add { n, hostnames, wait })
    });
    match asked {
        Ok(add) => changed(style, api.membership.add(add).await.as_deref()),
        Err(error) => malformed(style, &error),
    }
}

/// Takes replicas out of the ring.
pub(super) async fn rm(State(api): State<Api>, style: Style, body: Bytes) -> Response {
    match Change::parse(&body) {
        Ok(Change { n, hostnames }) => changed(style, api.membership.remove(Remove { n, hostnames }).await.as_deref()),
        Err(error) => malformed(style, &error),
    }
}

/// The ids that a replica has answered, indented whatever was asked for: clients count lines.
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

/// The answer of `/requests/NAME`; `dropped` appears where it says something, so that the usual one keeps its lines.
#[derive(Serialize)]
struct Requests {
    #[serde(skip_serializing_if = "is_zero")]
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

fn rep_body(snapshot: &Snapshot) -> Value {
    let replicas: Vec<&str> = snapshot.listed().collect();
    json!({"message": {"N": replicas.len(), "replicas": replicas}, "status": "successful"})
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
