//! Who should answer: the counts that a public table leaves no choice about (`assignment`: ids are not hashed).

use std::collections::BTreeMap;

use anyhow::Context;
use lb_core::backend::{Seat, Weight};
use lb_core::ring::{KeyHash, Member, Probing, Ring, RingConfig, Rule};

use crate::balancer::Backend;

/// Answers by replica.
pub(crate) type Counts = BTreeMap<String, u64>;

/// How many of the ids 1 to `last` each of `backends` owns by the assignment's table.
pub(crate) fn assignment_counts(backends: &[Backend], last: u64) -> anyhow::Result<Counts> {
    let rule = Rule::Assignment { probing: Probing::Linear };
    let mut ring = Ring::new(RingConfig::new(rule, None, 0)?);
    // Positions depend on the order of addition, which is that of the seats' numbers.
    let by_seat: BTreeMap<u32, &str> = backends.iter().map(|backend| (backend.seat, backend.name.as_str())).collect();
    for &seat in by_seat.keys() {
        ring.add(Member { seat: Seat::numbered(seat), weight: Weight::ONE }).context("the assignment's ring")?;
    }
    let slots = ring.slot_map();
    let mut counts: Counts = by_seat.values().map(|name| ((*name).to_owned(), 0)).collect();
    for id in 1..=last {
        let owner = slots.owner(slots.slot_of(KeyHash(id))).context("the ring is empty")?;
        let name = by_seat[&owner.seat.number()];
        *counts.get_mut(name).expect("counts has every seat's name") += 1;
    }
    Ok(counts)
}

/// Whether each replica answered what it should; one that answered nothing may be missing in `counts`.
pub(crate) fn equal(expected: &Counts, counts: &BTreeMap<&str, u64>) -> bool {
    let of = |name: &String| counts.get(name.as_str()).copied().unwrap_or(0);
    expected.iter().all(|(name, wanted)| of(name) == *wanted)
        && expected.values().sum::<u64>() == counts.values().sum::<u64>()
}

#[cfg(test)]
mod tests;
