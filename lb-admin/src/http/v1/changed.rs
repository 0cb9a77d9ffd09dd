//! The answer to a change, and to its plan: what moves, who there is then, and between which epochs.

use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::Api;
use super::super::answer::Style;
use super::super::idempotency::Judged;
use super::effect::{Effect, effect};
use super::{etag, touched};
use crate::membership::change::Changed;

/// What has come of a change, or would.
#[derive(Serialize, ToSchema)]
pub(super) struct ChangeAnswer {
    /// How many replicas and backends there are then.
    #[serde(rename = "N")]
    n: usize,
    /// False for a plan: nothing was done.
    applied: bool,
    /// The mapping that the change is made to.
    base_epoch: u64,
    change: ChangeSaid,
    effect: Effect,
    /// The mapping that comes of it; the same one where nothing changes.
    epoch: u64,
    /// Who there is then, in order of addition.
    replicas: Vec<String>,
}

/// What was asked for, and whom it is about.
#[derive(Serialize, ToSchema)]
pub(super) struct ChangeSaid {
    #[schema(value_type = String, example = "add")]
    kind: &'static str,
    names: Vec<String>,
}

/// `name`: whom it is about, where that isn't whoever came, changed or went. The `ETag` is the epoch that holds now.
pub(super) async fn answer(
    api: &Api,
    uri: &Uri,
    status: StatusCode,
    is_plan: bool,
    kind: &'static str,
    name: Option<&str>,
    changed: &Changed,
) -> Response {
    let names = changed.before.changed_names(&changed.after);
    let names: Vec<String> = match name {
        Some(name) => vec![name.to_owned()],
        None => names.iter().map(|name| name.to_string()).collect(),
    };
    let mut effect = effect(&changed.before, &changed.after, &changed.snapshot, &api.hasher);
    if let Some(counted) = touched::count(&api.control, changed, is_plan).await {
        effect.sessions_touched = counted;
    }
    let replicas: Vec<String> = changed.snapshot.listed().map(str::to_owned).collect();
    let body = ChangeAnswer {
        n: replicas.len(),
        applied: !is_plan,
        base_epoch: changed.before.epoch,
        change: ChangeSaid { kind, names },
        effect,
        epoch: changed.after.epoch,
        replicas,
    };
    let mut response = Style::of(uri).with_status(status, &body);
    let epoch = if is_plan { changed.before.epoch } else { changed.after.epoch };
    etag::put(response.headers_mut(), epoch);
    response.extensions_mut().insert(Judged);
    response
}
