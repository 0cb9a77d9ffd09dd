//! What moves from one mapping to another, as a document: the same for a plan, for a change and for two old mappings. Pure.

use std::collections::BTreeMap;

use lb_core::backend::Seat;
use lb_core::ring::{Diff, KeyHasher, Owners};
use serde::Serialize;
use utoipa::ToSchema;

use crate::membership::mapping::{Mapping, Seated, between};
use crate::membership::snapshot::Snapshot;

/// So many keys are shown that move.
const SAMPLES_MAX: usize = 5;
/// They are looked for among the ids from 1 to this one.
const SAMPLED_ID_MAX: u64 = 10_000;

/// What moves.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Effect {
    /// The least that must move, where shares are in proportion to weights.
    ideal_percent: f64,
    /// The largest part of the slots that somebody owns afterwards.
    max_share_after: f64,
    max_share_before: f64,
    /// Slots that get another owner.
    moved: u32,
    moved_percent: f64,
    /// Who gives how many slots to whom.
    moves: Vec<EffectMove>,
    /// Some of the ids from 1 to 10,000 that move.
    sample_keys: Vec<SampleKey>,
    /// Open sessions whose key moves; an estimate where the workers haven't counted in time.
    pub(super) sessions_touched: u64,
    /// Everybody who is there before or afterwards.
    shares: Vec<EffectShare>,
    /// All slots.
    slots: u32,
    /// Moved slots that went to one whose weight hasn't grown against the giver's.
    unnecessary: u32,
}

/// Slots that go from one to another; null: nobody.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EffectMove {
    from: Option<String>,
    slots: u32,
    to: Option<String>,
}

/// The part of the slots that somebody owns.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EffectShare {
    after: f64,
    before: f64,
    name: String,
    seat: u32,
    weight: f64,
}

/// An id that moves; null: nobody.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SampleKey {
    from: Option<String>,
    key: String,
    to: Option<String>,
}

/// From `before` to `after`. `snapshot` has the sessions that are open.
pub(super) fn effect(before: &Mapping, after: &Mapping, snapshot: &Snapshot, hasher: &KeyHasher) -> Effect {
    let diff = between(&before.owners, &after.owners);
    let named = |seat: Seat| after.member(&seat).or_else(|| before.member(&seat)).map(|member| member.name.to_string());
    let name = |seat: Option<Seat>| seat.and_then(named);
    let moves = diff.moves.iter();
    let moves = moves.map(|step| EffectMove { from: name(step.from), slots: step.slots, to: name(step.to) });
    let samples = samples(&before.owners, &after.owners, hasher).into_iter();
    let samples = samples.map(|(id, from, to)| SampleKey { from: name(from), key: id.to_string(), to: name(to) });
    let percent = |slots: f64| rounded(slots * 100.0 / f64::from(diff.slots));
    Effect {
        ideal_percent: percent(diff.ideal),
        max_share_after: max_share(&after.owners),
        max_share_before: max_share(&before.owners),
        moved: diff.moved,
        moved_percent: percent(f64::from(diff.moved)),
        moves: moves.collect(),
        sample_keys: samples.collect(),
        sessions_touched: sessions_touched(&diff, &before.owners, snapshot),
        shares: shares(before, after),
        slots: diff.slots,
        unnecessary: diff.unnecessary,
    }
}

/// Everybody who is in either, in order of addition.
fn shares(before: &Mapping, after: &Mapping) -> Vec<EffectShare> {
    let [owned_before, owned_after] = [before, after].map(|mapping| owned(&mapping.owners));
    let gone = before.members.iter().filter(|member| after.member(&member.seat).is_none());
    let share = |owned: &BTreeMap<Seat, u32>, member: &Seated| {
        let slots = owned.get(&member.seat).copied().unwrap_or_default();
        rounded(f64::from(slots) / f64::from(after.owners.config().slots()))
    };
    let line = |member: &Seated| EffectShare {
        after: share(&owned_after, member),
        before: share(&owned_before, member),
        name: member.name.to_string(),
        seat: member.seat.number(),
        weight: f64::from(member.weight.thousandths()) / 1000.0,
    };
    after.members.iter().chain(gone).map(line).collect()
}

fn owned(owners: &Owners) -> BTreeMap<Seat, u32> {
    owners.shares().into_iter().map(|share| (share.member.seat, share.slots)).collect()
}

fn max_share(owners: &Owners) -> f64 {
    let most = owners.shares().into_iter().map(|share| share.slots).max().unwrap_or_default();
    rounded(f64::from(most) / f64::from(owners.config().slots()))
}

/// An estimate: of each giver's open sessions the part that its slots move by. Who has which key only the workers know.
fn sessions_touched(diff: &Diff, before: &Owners, snapshot: &Snapshot) -> u64 {
    let owned = owned(before);
    let open = |seat: Seat| -> u64 {
        let views = snapshot.backends.iter().filter_map(|view| view.backend.as_deref());
        views.filter(|backend| backend.seat == seat).map(|backend| backend.counters.open_sessions()).sum()
    };
    let given = diff.moves.iter().filter_map(|step| {
        let (from, all) = (step.from?, *owned.get(&step.from?)?);
        Some(open(from) as f64 * f64::from(step.slots) / f64::from(all))
    });
    given.sum::<f64>().round() as u64
}

/// Ids that move, with whom they were and will be with.
fn samples(before: &Owners, after: &Owners, hasher: &KeyHasher) -> Vec<(u64, Option<Seat>, Option<Seat>)> {
    let moves = |id: u64| {
        let slot = before.slot_of(hasher.hash(id.to_string().as_bytes()));
        let (from, to) = (before.owner(slot), after.owner(slot));
        (from != to).then_some((id, from, to))
    };
    (1..=SAMPLED_ID_MAX).filter_map(moves).take(SAMPLES_MAX).collect()
}

/// To six digits: more would only be noise.
fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests;
