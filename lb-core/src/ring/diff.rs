//! What moves between two mappings by the same ring, and how much of it had to.
//!
//! A slot *moves* when its owner's seat changes. A move is *unnecessary* when the receiver's weight hasn't grown
//! against the giver's: between two members that stayed as they were, or towards one that became lighter. (One that
//! comes or goes, or takes no keys, counts as weight 0 before or after.) `rendezvous` and `ring` make no such move, `maglev` makes some.
//! Readiness plays no part here: a backend that is down keeps its slots.

use std::collections::BTreeMap;

use super::{Owners, Rule};
use crate::backend::Seat;

/// The difference between two mappings.
#[derive(Clone, Debug, PartialEq)]
pub struct Diff {
    /// M, the slots of each.
    pub slots: u32,
    /// Slots whose owner changed.
    pub moved: u32,
    /// The least that the change of weights makes necessary, in slots, where shares are in proportion to weights.
    pub ideal: f64,
    /// Moved slots that went to a member whose weight hasn't grown against the giver's.
    pub unnecessary: u32,
    /// Who gave how many slots to whom, in order of (from, to).
    pub moves: Vec<Move>,
}

/// Slots that went from one owner to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    /// The owner before; `None` where the ring was empty.
    pub from: Option<Seat>,
    /// The owner after; `None` where the ring is empty.
    pub to: Option<Seat>,
    /// How many.
    pub slots: u32,
}

/// Why two mappings can't be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DiffError {
    /// A key's slot isn't the same in both.
    #[error("maps of {before} and of {after} slots can't be compared")]
    SlotCounts {
        /// Slots of the first.
        before: u32,
        /// Slots of the second.
        after: u32,
    },
    /// Slots are given by different rules, or by one rule with different settings.
    #[error("maps of {before:?} and of {after:?} can't be compared")]
    Rules {
        /// Rule of the first.
        before: Rule,
        /// Rule of the second.
        after: Rule,
    },
}

/// What moves from `before` to `after`.
pub fn diff(before: &Owners, after: &Owners) -> Result<Diff, DiffError> {
    let (old, new) = (before.config(), after.config());
    if old.rule() != new.rule() {
        return Err(DiffError::Rules { before: old.rule(), after: new.rule() });
    }
    if old.slots() != new.slots() {
        return Err(DiffError::SlotCounts { before: old.slots(), after: new.slots() });
    }
    let moves = moves(before, after);
    let needless = moves.iter().filter(|step| !is_called_for(step, before, after));
    Ok(Diff {
        slots: old.slots(),
        moved: moves.iter().map(|step| step.slots).sum(),
        ideal: f64::from(old.slots()) * ideal_share(before, after),
        unnecessary: needless.map(|step| step.slots).sum(),
        moves,
    })
}

fn moves(before: &Owners, after: &Owners) -> Vec<Move> {
    let mut moves = BTreeMap::new();
    for slot in 0..before.config().slots() {
        let [from, to] = [before, after].map(|map| map.owner(slot));
        if from.map(|seat| seat.identity()) != to.map(|seat| seat.identity()) {
            *moves.entry((from, to)).or_insert(0) += 1;
        }
    }
    moves.into_iter().map(|((from, to), slots)| Move { from, to, slots }).collect()
}

/// Whether the receiver's weight has grown against the giver's: after_to / before_to > after_from / before_from.
fn is_called_for(step: &Move, before: &Owners, after: &Owners) -> bool {
    let (Some(from), Some(to)) = (&step.from, &step.to) else { return true };
    weight(after, to) * weight(before, from) > weight(after, from) * weight(before, to)
}

/// The sum of what each member's due share grew by: what one gains, others lose.
fn ideal_share(before: &Owners, after: &Owners) -> f64 {
    if before.members().is_empty() || after.members().is_empty() {
        // From nobody or to nobody: everything, unless nothing was there before and after.
        return f64::from(u8::from(before.members().len() != after.members().len()));
    }
    let due = |map: &Owners, seat: &Seat| weight(map, seat) as f64 / total_weight(map) as f64;
    after.members().iter().map(|member| (due(after, &member.seat) - due(before, &member.seat)).max(0.0)).sum()
}

/// In thousandths; 0 for who isn't a member. At most 256,000, so the product of two fits a u64.
fn weight(map: &Owners, seat: &Seat) -> u64 {
    let place = map.members().binary_search_by_key(&seat.identity(), |member| member.seat.identity());
    place.map_or(0, |index| u64::from(map.members()[index].weight.thousandths()))
}

fn total_weight(map: &Owners) -> u64 {
    map.members().iter().map(|member| u64::from(member.weight.thousandths())).sum()
}

#[cfg(test)]
mod tests;
