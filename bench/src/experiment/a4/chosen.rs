//! The assignment's functions with replica numbers chosen well, by the table only: no replica is started.
//!
//! The best six numbers are searched for by descent: one number at a time is replaced by the one that makes the worst
//! max/mean over all sizes smallest, until none helps, from a few fixed starts. So the result is the same everywhere. It
//! shows how far numbers can mend the functions; lb gives out seat numbers in order and doesn't do this.

use std::sync::Arc;

use anyhow::Context;
use lb_core::backend::{Seat, Weight};
use lb_core::ring::{KeyHash, Member, Ring, RingConfig, SlotMap};

use super::{FIRST, LAST};
use crate::experiment::hash::Hash;
use crate::experiment::statistics;
use crate::experiment::walk::Moved;

/// Replica numbers, in the order in which they are added.
pub(super) type Numbers = [u32; LAST as usize];

/// Numbers above repeat those below: squares modulo 512 have period 256.
const NUMBER_MAX: u32 = 256;
/// Fixed, so that every run finds the same.
const SEED: u64 = 42;
const STARTS: usize = 2;
/// Rounds over all places; it has settled after three or four.
const ROUNDS_MAX: usize = 6;

/// One N, by the table.
#[derive(Debug)]
pub(super) struct PaperStep {
    /// Ids by replica.
    pub(super) counts: Vec<u64>,
    /// Against the step before; `None` for the first.
    pub(super) moved: Option<Moved>,
}

/// The best numbers found.
pub(super) fn search(hash: Hash) -> anyhow::Result<Numbers> {
    let ids = ids_by_slot(hash)?;
    let mut random = fastrand::Rng::with_seed(SEED);
    let mut best: Option<(f64, Numbers)> = None;
    for _ in 0..STARTS {
        let mut start = [0; LAST as usize];
        let drawn = random.choose_multiple(1..=NUMBER_MAX, start.len());
        start.copy_from_slice(&drawn);
        let found = descend(hash, start, &ids)?;
        if best.is_none_or(|(worst, _)| found.0 < worst) {
            best = Some(found);
        }
    }
    best.map(|(_, numbers)| numbers).context("there is at least one start")
}

/// The walk over all sizes by the ids 1 to `requests`.
pub(super) fn walk(hash: Hash, numbers: &Numbers, requests: u64) -> anyhow::Result<Vec<PaperStep>> {
    let maps = maps(hash, numbers)?;
    let owners: Vec<Vec<Option<Seat>>> = maps
        .iter()
        .map(|map| (1..=requests).map(|id| map.owner(map.slot_of(KeyHash(id))).map(|owner| owner.seat)).collect())
        .collect();
    let count = |place: usize, seat: Seat| owners[place].iter().filter(|&&owner| owner == Some(seat)).count() as u64;
    let mut steps = Vec::new();
    for (place, map) in maps.iter().enumerate() {
        let counts = map.members().iter().map(|member| count(place, member.seat)).collect();
        let moved = place.checked_sub(1).map(|before| {
            let pairs = owners[before].iter().zip(&owners[place]);
            let is_new = |seat: &Option<Seat>| maps[before].members().iter().all(|member| Some(member.seat) != *seat);
            let ids: Vec<_> = pairs.filter(|(from, to)| from != to).collect();
            Moved {
                ids: ids.len() as u64,
                ideal: requests as f64 / map.members().len() as f64,
                unnecessary: ids.iter().filter(|(_, to)| !is_new(to)).count() as u64,
            }
        });
        steps.push(PaperStep { counts, moved });
    }
    Ok(steps)
}

fn descend(hash: Hash, mut numbers: Numbers, ids: &[u64]) -> anyhow::Result<(f64, Numbers)> {
    let mut worst = worst(hash, &numbers, ids)?;
    for _ in 0..ROUNDS_MAX {
        let before = worst;
        for place in 0..numbers.len() {
            for number in 1..=NUMBER_MAX {
                if numbers.contains(&number) {
                    continue;
                }
                let mut tried = numbers;
                tried[place] = number;
                let found = self::worst(hash, &tried, ids)?;
                if found < worst {
                    (worst, numbers) = (found, tried);
                }
            }
        }
        if worst >= before {
            break;
        }
    }
    Ok((worst, numbers))
}

/// The worst max/mean over all sizes.
fn worst(hash: Hash, numbers: &Numbers, ids: &[u64]) -> anyhow::Result<f64> {
    let ratio = |map: &Arc<SlotMap>| {
        let mut counts = vec![0; map.members().len()];
        for (slot, &ids) in (0..).zip(ids).filter(|(_, ids)| **ids > 0) {
            counts[usize::from(map.ranked(slot)[0])] += ids;
        }
        statistics::max_over_mean(&counts)
    };
    Ok(maps(hash, numbers)?.iter().map(ratio).fold(0.0, f64::max))
}

/// How many ids of one period fall into each slot.
fn ids_by_slot(hash: Hash) -> anyhow::Result<Vec<u64>> {
    let map = Ring::new(RingConfig::new(hash.rule(), None, 0)?).slot_map();
    let slots = map.config().slots();
    let mut ids = vec![0; slots as usize];
    for id in 1..=u64::from(slots) {
        ids[map.slot_of(KeyHash(id)) as usize] += 1;
    }
    Ok(ids)
}

/// The table at every size from the first to the last.
fn maps(hash: Hash, numbers: &Numbers) -> anyhow::Result<Vec<Arc<SlotMap>>> {
    let mut ring = Ring::new(RingConfig::new(hash.rule(), None, 0)?);
    let mut maps = Vec::with_capacity(numbers.len());
    for (size, &number) in (1..).zip(numbers) {
        ring.add(Member { seat: Seat::numbered(number), weight: Weight::ONE })?;
        if size >= FIRST {
            maps.push(ring.slot_map());
        }
    }
    Ok(maps)
}

#[cfg(test)]
mod tests;
