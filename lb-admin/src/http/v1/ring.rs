//! `GET /v1/ring`: who owns how much, and with `?name=` which slots of it.

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use lb_core::backend::Seat;
use lb_core::keying::query_key;
use lb_core::ring::Owners;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::Api;
use super::super::answer::Style;
use super::super::openapi::ProblemBody;
use super::strict::{self, Problem};
use crate::membership::mapping::Mapping;

/// Runs of slots that are listed at the most; how many there are is told.
const RANGES_MAX: usize = 1000;

/// Who owns how much.
#[derive(Serialize, ToSchema)]
#[schema(as = Ring)]
pub(super) struct RingBody {
    /// Of who owns which slot: equal on balancers that agree.
    digest: String,
    epoch: u64,
    #[schema(example = "rendezvous")]
    hash: &'static str,
    /// How much more the member with the most owns than its weight says; null: nobody owns any.
    max_over_mean: Option<f64>,
    /// Runs of slots, first and last, that the one that was asked for owns: the first 1,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    ranges: Option<Vec<[u32; 2]>>,
    /// How many runs there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    ranges_total: Option<usize>,
    /// The public seed.
    seed: u64,
    /// In order of addition.
    shares: Vec<ShareBody>,
    /// How many slots there are.
    slots: u32,
}

/// What one member owns.
#[derive(Serialize, ToSchema)]
#[schema(as = Share)]
struct ShareBody {
    name: String,
    seat: u32,
    /// Its part of the slots.
    share: f64,
    /// Its part of the weights.
    share_ideal: f64,
    slots: u32,
    weight: f64,
}

/// Who owns how much of the ring
#[utoipa::path(
    get,
    path = "/v1/ring",
    tag = "ring",
    params(("name" = Option<String>, Query, description = "Whose slots are to be listed too")),
    responses(
        (status = 200, description = "Shares in order of addition", body = RingBody),
        (status = 404, description = "There is nobody of that name in the ring", body = ProblemBody,
         content_type = "application/problem+json"),
    )
)]
pub(super) async fn ring(State(api): State<Api>, uri: Uri, style: Style) -> Result<Response, Problem> {
    strict::query(&uri, &["name"])?;
    let snapshot = api.membership.snapshot();
    let mapping = snapshot.history.newest();
    let target = uri.path_and_query().map_or_else(|| uri.path(), |target| target.as_str());
    let Some(name) = query_key(target, "name") else { return Ok(style.ok(&RingBody::of(mapping))) };
    let Some(member) = mapping.members.iter().find(|member| member.name.as_bytes() == name) else {
        let detail = "there is nobody of this name in the ring: GET /v1/ring lists them";
        return Err(Problem::new(&uri, StatusCode::NOT_FOUND, detail));
    };
    let mut ranges = ranges(&mapping.owners, &member.seat);
    let ranges_total = Some(ranges.len());
    ranges.truncate(RANGES_MAX);
    Ok(style.ok(&RingBody { ranges: Some(ranges), ranges_total, ..RingBody::of(mapping) }))
}

impl RingBody {
    fn of(mapping: &Mapping) -> Self {
        let owners = &mapping.owners;
        let config = owners.config();
        Self {
            digest: format!("{:016x}", owners.digest()),
            epoch: mapping.epoch,
            hash: config.rule().name(),
            max_over_mean: owners.max_over_mean(),
            ranges: None,
            ranges_total: None,
            seed: config.seed(),
            shares: shares(mapping),
            slots: config.slots(),
        }
    }
}

/// Of everybody who has a seat; whoever is drained owns nothing and is due nothing.
fn shares(mapping: &Mapping) -> Vec<ShareBody> {
    let owned = mapping.owners.shares();
    let weights: u32 = owned.iter().map(|share| share.member.weight.thousandths()).sum();
    let line = |member: &crate::membership::mapping::Seated| {
        let share = owned.iter().find(|share| share.member.seat == member.seat);
        let slots = share.map_or(0, |share| share.slots);
        let due = share.map_or(0.0, |share| f64::from(share.member.weight.thousandths()) / f64::from(weights));
        ShareBody {
            name: member.name.to_string(),
            seat: member.seat.number(),
            share: f64::from(slots) / f64::from(mapping.owners.config().slots()),
            share_ideal: due,
            slots,
            weight: f64::from(member.weight.thousandths()) / 1000.0,
        }
    };
    mapping.members.iter().map(line).collect()
}

/// The runs of slots that a seat owns: first and last of each, in order.
fn ranges(owners: &Owners, seat: &Seat) -> Vec<[u32; 2]> {
    let mut ranges: Vec<[u32; 2]> = Vec::new();
    for slot in (0..owners.config().slots()).filter(|slot| owners.owner(*slot).as_ref() == Some(seat)) {
        match ranges.last_mut() {
            Some([_, last]) if *last + 1 == slot => *last = slot,
            _ => ranges.push([slot, slot]),
        }
    }
    ranges
}

#[cfg(test)]
mod tests;
