//! `GET /v1/epochs` and `/v1/epochs/diff`: the mappings that there have been, and what moved from one to another.
//!
//! Going back to one is a change (`changes`).

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::Api;
use super::super::answer::{Style, parameter};
use super::super::openapi::ProblemBody;
use super::effect::{Effect, effect};
use super::strict::{self, Problem};
use crate::membership::mapping::{Mapping, Seated};
use crate::membership::snapshot::Snapshot;

/// The mappings that are kept.
#[derive(Serialize, ToSchema)]
pub(super) struct Epochs {
    /// The one that holds now.
    epoch: u64,
    /// The newest first, at most 64.
    epochs: Vec<EpochBody>,
}

/// One mapping.
#[derive(Serialize, ToSchema)]
#[schema(as = Epoch)]
struct EpochBody {
    /// Since when it held.
    #[schema(format = DateTime)]
    at: String,
    /// What has led to it, in words.
    #[schema(example = "add S4")]
    cause: String,
    epoch: u64,
    /// The least that had to move.
    ideal_percent: f64,
    /// In order of addition.
    members: Vec<EpochMember>,
    /// Slots that got another owner than in the one before.
    moved: u32,
    moved_percent: f64,
    /// Slots that need not have moved.
    unnecessary: u32,
}

/// Who had a seat.
#[derive(Serialize, ToSchema)]
struct EpochMember {
    /// It got no new sessions.
    drained: bool,
    #[schema(value_type = String)]
    name: Arc<str>,
    seat: u32,
    weight: f64,
}

/// What moved from one mapping to another.
#[derive(Serialize, ToSchema)]
#[schema(as = EpochDiff)]
pub(super) struct DiffBody {
    effect: Effect,
    from: u64,
    to: u64,
}

/// The mappings that are kept, the newest first
#[utoipa::path(
    get,
    path = "/v1/epochs",
    tag = "ring",
    responses((status = 200, description = "At most 64 of them", body = Epochs))
)]
pub(super) async fn epochs(State(api): State<Api>, uri: Uri, style: Style) -> Result<Response, Problem> {
    strict::query(&uri, &[])?;
    let snapshot = api.membership.snapshot();
    let epochs = snapshot.history.iter().rev().map(|mapping| EpochBody::of(mapping)).collect();
    Ok(style.ok(&Epochs { epoch: snapshot.epoch(), epochs }))
}

/// What moved from one mapping to another
#[utoipa::path(
    get,
    path = "/v1/epochs/diff",
    tag = "ring",
    params(
        ("from" = u64, Query, description = "An epoch that is kept"),
        ("to" = u64, Query, description = "Another one, earlier or later"),
    ),
    responses(
        (status = 200, description = "What moved, as a plan would say it", body = DiffBody),
        (status = 400, description = "from or to is missing or no number", body = ProblemBody,
         content_type = "application/problem+json"),
        (status = 404, description = "One of them is not kept", body = ProblemBody,
         content_type = "application/problem+json"),
    )
)]
pub(super) async fn diff(State(api): State<Api>, uri: Uri, style: Style) -> Result<Response, Problem> {
    strict::query(&uri, &["from", "to"])?;
    let snapshot = api.membership.snapshot();
    let before = kept(&uri, "from", &snapshot)?;
    let after = kept(&uri, "to", &snapshot)?;
    let effect = effect(before, after, &snapshot, &api.hasher);
    Ok(style.ok(&DiffBody { effect, from: before.epoch, to: after.epoch }))
}

/// The mapping that a parameter names.
fn kept<'a>(uri: &Uri, name: &str, snapshot: &'a Snapshot) -> Result<&'a Mapping, Problem> {
    let typed = parameter(uri, name).unwrap_or_default();
    let digits = typed.bytes().all(|byte| byte.is_ascii_digit());
    let Some(epoch) = typed.parse().ok().filter(|_| digits) else {
        let wrong = format!("{name} must be the number of an epoch, not '{typed}': GET /v1/epochs lists them");
        return Err(Problem::new(uri, StatusCode::BAD_REQUEST, wrong));
    };
    let missing = || format!("epoch {epoch} is not kept: GET /v1/epochs lists those that are");
    let mapping = snapshot.history.get(epoch).map(|mapping| &**mapping);
    mapping.ok_or_else(|| Problem::new(uri, StatusCode::NOT_FOUND, missing()))
}

impl EpochBody {
    fn of(mapping: &Mapping) -> Self {
        let diff = &mapping.diff;
        let percent = |slots: f64| (slots * 1e8 / f64::from(diff.slots)).round() / 1e6;
        Self {
            at: humantime::format_rfc3339_millis(mapping.at).to_string(),
            cause: mapping.cause.clone(),
            epoch: mapping.epoch,
            ideal_percent: percent(diff.ideal),
            members: mapping.members.iter().map(EpochMember::of).collect(),
            moved: diff.moved,
            moved_percent: percent(f64::from(diff.moved)),
            unnecessary: diff.unnecessary,
        }
    }
}

impl EpochMember {
    fn of(member: &Seated) -> Self {
        Self {
            drained: member.drained,
            name: Arc::clone(&member.name),
            seat: member.seat.number(),
            weight: f64::from(member.weight.thousandths()) / 1000.0,
        }
    }
}

#[cfg(test)]
mod tests;
