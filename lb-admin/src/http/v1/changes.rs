//! Every change under `/v1`: what was asked for, its condition, whether it is only to be planned, and the one answer.
//!
//! A change and its plan (`?dry_run=true`) are the same request to the membership's owner and have the same answer
//! (`effect`), except for `applied`. `If-Match` names the epoch that the asker has looked at. Not here: what a change means
//! ([`crate::membership::change`]).

use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::header::IF_MATCH;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::Api;
use super::super::answer::{Style, parameter};
use super::super::change::wait;
use super::super::openapi::ProblemBody;
use super::changed::{ChangeAnswer, answer};
use super::described::{Condition, NotStarted, Planning, Refusals, Waiting};
use super::form::{AddForm, EditForm, Form, NoBody, RemoveForm, TargetForm};
use super::strict::{self, Problem};
use crate::membership::change::{Change, Changed, Edit, Request};
use crate::membership::command::{Add, ChangeError, Remove};

/// How many replicas there are and shall be.
#[derive(Serialize, ToSchema)]
pub(super) struct TargetBody {
    epoch: u64,
    /// Listed by `/rep`.
    present: usize,
    /// Get sessions now.
    ready: usize,
    target: u32,
}

/// More replicas.
#[utoipa::path(
    post,
    path = "/v1/backends",
    tag = "membership",
    params(Waiting, Planning, Condition),
    request_body = AddForm,
    responses(
        (status = 201, description = "Added, and ready", body = ChangeAnswer),
        (status = 200, description = "What would come of it", body = ChangeAnswer),
        Refusals,
        NotStarted,
    )
)]
pub(super) async fn add_backends(
    State(api): State<Api>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let asked = Asked::read(&uri, &headers, &["wait"])?;
    let form = Form::parse(&body, &["n", "names"], r#"{"n":2,"names":["S4"]}"#).map_err(|error| bad(&uri, error))?;
    let n = form.count("n", 1).map_err(|error| bad(&uri, error))?;
    let hostnames = form.names("names").map_err(|error| bad(&uri, error))?.unwrap_or_default();
    let wait = waited(&uri)?;
    let status = if asked.is_plan { StatusCode::OK } else { StatusCode::CREATED };
    let changed = asked.make(&api, &uri, Change::Add(Add { n, hostnames, wait })).await?;
    Ok(answer(&api, &uri, status, asked.is_plan, "add", None, &changed).await)
}

/// One replica fewer.
#[utoipa::path(
    delete,
    path = "/v1/backends/{name}",
    tag = "membership",
    params(("name" = String, Path, description = "Which one"), Planning, Condition),
    responses(
        (status = 200, description = "Removed: it drains", body = ChangeAnswer),
        (status = 404, description = "Nobody has that name", body = ProblemBody, content_type = "application/problem+json"),
        Refusals,
    )
)]
pub(super) async fn remove_backend(
    State(api): State<Api>,
    uri: Uri,
    headers: HeaderMap,
    name: Result<Path<String>, PathRejection>,
    NoBody: NoBody,
) -> Result<Response, Problem> {
    let asked = Asked::read(&uri, &headers, &[])?;
    let remove = Change::Remove(Remove { n: None, hostnames: vec![named(&uri, name)?] });
    let changed = asked.make(&api, &uri, remove).await?;
    Ok(answer(&api, &uri, StatusCode::OK, asked.is_plan, "remove", None, &changed).await)
}

/// Fewer replicas: those named, then others picked at random.
#[utoipa::path(
    delete,
    path = "/v1/backends",
    tag = "membership",
    params(Planning, Condition),
    request_body = RemoveForm,
    responses(
        (status = 200, description = "Removed: they drain", body = ChangeAnswer),
        (status = 404, description = "Nobody has such a name", body = ProblemBody, content_type = "application/problem+json"),
        Refusals,
    )
)]
pub(super) async fn remove_backends(
    State(api): State<Api>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let asked = Asked::read(&uri, &headers, &[])?;
    let form = Form::parse(&body, &["n", "names"], r#"{"names":["S4"]}"#).map_err(|error| bad(&uri, error))?;
    let n = form.count("n", 1).map_err(|error| bad(&uri, error))?;
    let hostnames = form.names("names").map_err(|error| bad(&uri, error))?.unwrap_or_default();
    let changed = asked.make(&api, &uri, Change::Remove(Remove { n, hostnames })).await?;
    Ok(answer(&api, &uri, StatusCode::OK, asked.is_plan, "remove", None, &changed).await)
}

/// Another weight, another limit, no new sessions.
#[utoipa::path(
    patch,
    path = "/v1/backends/{name}",
    tag = "membership",
    params(("name" = String, Path, description = "Which one"), Planning, Condition),
    request_body = EditForm,
    responses(
        (status = 200, description = "Changed", body = ChangeAnswer),
        (status = 404, description = "Nobody has that name", body = ProblemBody, content_type = "application/problem+json"),
        Refusals,
    )
)]
pub(super) async fn edit_backend(
    State(api): State<Api>,
    uri: Uri,
    headers: HeaderMap,
    name: Result<Path<String>, PathRejection>,
    body: Bytes,
) -> Result<Response, Problem> {
    let asked = Asked::read(&uri, &headers, &[])?;
    let name = named(&uri, name)?;
    let form = Form::parse(&body, &["weight", "max_connections", "drained"], r#"{"weight":1.5}"#);
    let form = form.map_err(|error| bad(&uri, error))?;
    let edit = Edit {
        weight: form.weight("weight").map_err(|error| bad(&uri, error))?,
        max_connections: form.connections("max_connections").map_err(|error| bad(&uri, error))?,
        drained: form.flag("drained").map_err(|error| bad(&uri, error))?,
    };
    let kind = kind(&edit);
    let changed = asked.make(&api, &uri, Change::Edit { name: name.clone(), edit }).await?;
    Ok(answer(&api, &uri, StatusCode::OK, asked.is_plan, kind, Some(&name), &changed).await)
}

/// How many replicas there are and shall be.
#[utoipa::path(
    get,
    path = "/v1/target",
    tag = "membership",
    responses((status = 200, description = "How many", body = TargetBody))
)]
pub(super) async fn target(State(api): State<Api>, uri: Uri, style: Style) -> Result<Response, Problem> {
    strict::query(&uri, &[])?;
    let snapshot = api.membership.snapshot();
    let replicas = || snapshot.backends.iter().filter(|view| view.supervised);
    let present = replicas().filter(|view| view.listed).count();
    let ready = replicas().filter(|view| view.is_ready()).count();
    let epoch = snapshot.epoch();
    Ok(style.ok(&TargetBody { epoch, present, ready, target: snapshot.target }))
}

/// So many replicas.
#[utoipa::path(
    put,
    path = "/v1/target",
    tag = "membership",
    params(Waiting, Planning, Condition),
    request_body = TargetForm,
    responses(
        (status = 200, description = "So many there are", body = ChangeAnswer),
        Refusals,
        NotStarted,
    )
)]
pub(super) async fn set_target(
    State(api): State<Api>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    const EXAMPLE: &str = r#"{"n":5}"#;
    let asked = Asked::read(&uri, &headers, &["wait"])?;
    let form = Form::parse(&body, &["n"], EXAMPLE).map_err(|error| bad(&uri, error))?;
    let n = form.count("n", 0).map_err(|error| bad(&uri, error))?.unwrap_or_default();
    let change = Change::Target { n, wait: waited(&uri)? };
    let changed = asked.make(&api, &uri, change).await?;
    Ok(answer(&api, &uri, StatusCode::OK, asked.is_plan, "target", None, &changed).await)
}

/// Back to an earlier mapping.
#[utoipa::path(
    post,
    path = "/v1/epochs/{epoch}/rollback",
    tag = "membership",
    params(("epoch" = u64, Path, description = "Which one"), Waiting, Planning, Condition),
    responses(
        (status = 200, description = "The mapping is that of then", body = ChangeAnswer),
        (status = 404, description = "It is not kept", body = ProblemBody, content_type = "application/problem+json"),
        Refusals,
        NotStarted,
    )
)]
pub(super) async fn rollback(
    State(api): State<Api>,
    uri: Uri,
    headers: HeaderMap,
    epoch: Result<Path<String>, PathRejection>,
    NoBody: NoBody,
) -> Result<Response, Problem> {
    let asked = Asked::read(&uri, &headers, &["wait"])?;
    let epoch = epoch.ok().and_then(|Path(epoch)| epoch.parse().ok());
    let epoch = epoch.ok_or_else(|| bad(&uri, "an epoch is a number, as in /v1/epochs/7/rollback"))?;
    let change = Change::Rollback { epoch, wait: waited(&uri)? };
    let changed = asked.make(&api, &uri, change).await?;
    Ok(answer(&api, &uri, StatusCode::OK, asked.is_plan, "rollback", None, &changed).await)
}

/// What all changes say in the same way.
#[derive(Debug)]
struct Asked {
    is_plan: bool,
    if_match: Vec<u64>,
}

impl Asked {
    fn read(uri: &Uri, headers: &HeaderMap, parameters: &[&str]) -> Result<Self, Problem> {
        let known: Vec<&str> = parameters.iter().copied().chain(["dry_run"]).collect();
        strict::query(uri, &known)?;
        let is_plan = match parameter(uri, "dry_run") {
            None | Some("false") => false,
            Some("true" | "") => true,
            Some(_) => return Err(bad(uri, "dry_run is true or false")),
        };
        let if_match = if_match(headers).ok_or_else(|| bad(uri, "If-Match is an epoch such as \"13\", or *"))?;
        Ok(Self { is_plan, if_match })
    }

    async fn make(&self, api: &Api, uri: &Uri, change: Change) -> Result<Changed, Problem> {
        if let Err(after) = api.changes.take() {
            return Err(Problem::too_fast(uri, after));
        }
        let request = Request { change, if_match: self.if_match.clone() };
        let made = match self.is_plan {
            true => api.membership.plan(request).await,
            false => api.membership.change(request).await,
        };
        made.map_err(|error| Problem::refused(uri, &error))
    }
}

/// The epochs of which one must hold; `None` where they can't be read. A weak one can't guard a change.
fn if_match(headers: &HeaderMap) -> Option<Vec<u64>> {
    let mut epochs = Vec::new();
    for value in headers.get_all(IF_MATCH) {
        for tag in value.to_str().ok()?.split(',').map(str::trim) {
            if tag == "*" {
                return Some(Vec::new());
            }
            let quoted = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
            epochs.push(quoted.unwrap_or(tag).parse().ok()?);
        }
    }
    Some(epochs)
}

fn kind(edit: &Edit) -> &'static str {
    match edit {
        Edit { weight: Some(_), max_connections: None, drained: None } => "weight",
        Edit { weight: None, max_connections: Some(_), drained: None } => "max_connections",
        Edit { weight: None, max_connections: None, drained: Some(true) } => "drain",
        Edit { weight: None, max_connections: None, drained: Some(false) } => "undrain",
        _ => "edit",
    }
}

/// A conflict with what is there now isn't the request's fault: another time it may be right.
pub(super) fn status_of(error: &ChangeError) -> StatusCode {
    match error {
        ChangeError::UnknownName(_) | ChangeError::UnknownBackend(_) | ChangeError::UnknownEpoch(_) => {
            StatusCode::NOT_FOUND
        }
        ChangeError::EpochIs { .. } => StatusCode::PRECONDITION_FAILED,
        ChangeError::BadName(_)
        | ChangeError::CountNotPositive
        | ChangeError::TooManyNamesToAdd
        | ChangeError::TooManyNamesToRemove => StatusCode::BAD_REQUEST,
        ChangeError::Stopping | ChangeError::NotSaved => StatusCode::SERVICE_UNAVAILABLE,
        ChangeError::StartFailed { .. } | ChangeError::NotReady(_) => StatusCode::INTERNAL_SERVER_ERROR,
        ChangeError::OverCap { .. }
        | ChangeError::OverAutoscaleMax { .. }
        | ChangeError::NotAReplica(_)
        | ChangeError::NameTaken(_)
        | ChangeError::RingFull
        | ChangeError::WeightRefused { .. }
        | ChangeError::NotOurs { .. }
        | ChangeError::Unfit(_)
        | ChangeError::Busy => StatusCode::CONFLICT,
    }
}

fn bad(uri: &Uri, why: impl ToString) -> Problem {
    Problem::new(uri, StatusCode::BAD_REQUEST, why)
}

fn waited(uri: &Uri) -> Result<std::time::Duration, Problem> {
    wait(parameter(uri, "wait")).map_err(|error| bad(uri, error))
}

/// A name that isn't UTF-8 is nobody's.
fn named(uri: &Uri, name: Result<Path<String>, PathRejection>) -> Result<String, Problem> {
    let nobody = |_| Problem::new(uri, StatusCode::NOT_FOUND, "there is no backend of that name");
    name.map(|Path(name)| name).map_err(nobody)
}

#[cfg(test)]
mod tests;
