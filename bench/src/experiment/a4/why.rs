//! Why the assignment's functions put 84 % of all ids on one of three replicas: facts computed from the table, in words.
//!
//! Nothing here is taken from the formulas but their text: which slots can be hit, the arc that one replica owns, and the
//! ids that fall into it, are read off the ring.

use std::collections::BTreeSet;

use anyhow::Context;
use lb_core::backend::{Seat, Weight};
use lb_core::ring::{KeyHash, Member, SlotMap};
use serde_json::{Value, json};

use super::super::hash::Hash;
use super::super::shares::slot_map;
use super::super::words::percent;

/// The facts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Why {
    replicas: u32,
    slots: u32,
    /// Slots that any id can fall into.
    hit: u32,
    /// The longest run of slots with one owner.
    arc: Arc,
    /// Slots in that run that can be hit.
    arc_hit: u32,
    /// Of all ids, those that fall into that run, in percent.
    arc_ids_percent: f64,
    /// Of all ids, those of the run's owner, in percent.
    owner_ids_percent: f64,
}

/// A run of slots, perhaps over the end of the circle.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Arc {
    owner: u32,
    first: u32,
    length: u32,
}

/// The facts for the replicas 1 to `replicas`.
pub(super) fn explain(replicas: u32) -> anyhow::Result<Why> {
    let members = (1..=replicas).map(|number| Member { seat: Seat::numbered(number), weight: Weight::ONE });
    let map = slot_map(Hash::Assignment, members)?;
    let slots = map.config().slots();
    let arc = longest_arc(&map).context("the ring is empty")?;
    let within = |slot: u32| (slot + slots - arc.first) % slots < arc.length;
    // H is a polynomial with whole coefficients, so its values modulo M repeat after M ids.
    let period: Vec<u32> = (1..=u64::from(slots)).map(|id| map.slot_of(KeyHash(id))).collect();
    let hit: BTreeSet<u32> = period.iter().copied().collect();
    let share = |is_in: &dyn Fn(u32) -> bool| {
        percent(period.iter().filter(|&&slot| is_in(slot)).count() as u64, u64::from(slots))
    };
    Ok(Why {
        replicas,
        slots,
        hit: hit.len() as u32,
        arc_hit: hit.iter().filter(|&&slot| within(slot)).count() as u32,
        arc_ids_percent: share(&within),
        owner_ids_percent: share(&|slot| owner(&map, slot) == Some(arc.owner)),
        arc,
    })
}

fn owner(map: &SlotMap, slot: u32) -> Option<u32> {
    map.owner(slot).map(|member| member.seat.number())
}

fn longest_arc(map: &SlotMap) -> Option<Arc> {
    let slots = map.config().slots();
    let begins = |slot: u32| owner(map, slot) != owner(map, (slot + slots - 1) % slots);
    let arcs = (0..slots).filter(|&slot| begins(slot)).filter_map(|first| {
        let end = (1..slots).find(|&length| begins((first + length) % slots))?;
        Some(Arc { owner: owner(map, first)?, first, length: end })
    });
    arcs.max_by_key(|arc| arc.length)
}

impl Why {
    /// A paragraph in lines.
    pub(super) fn in_words(&self) -> Vec<String> {
        let Self { replicas, slots, hit, arc, arc_hit, arc_ids_percent, owner_ids_percent } = self;
        let (arc_end, crowd) = ((arc.first + arc.length - 1) % slots, (arc.first + arc.length) % slots);
        let before = (arc.first + slots - 1) % slots;
        let Arc { owner, first, length } = arc;
        vec![
            format!("why replica {owner} gets {owner_ids_percent:.1} % with the assignment's functions and N = {replicas}:"),
            format!("- H(i) = i² + 2i + 17 is (i + 1)² + 16, and of {slots} numbers only {hit} are squares modulo {slots}:"),
            format!("  ids can fall into {hit} slots, however many there are"),
            "- Φ(i, j) = i² + j² + 2j + 25 is i² + (j + 1)² + 24: j moves it by 1, 4, 9, … 81 at the most, and small i by little,".to_owned(),
            format!("  so the {} positions of the replicas 1 to {replicas} crowd near the slots {crowd} to {before}", 9 * replicas),
            format!("- a slot belongs to the next position clockwise: all the rest of the circle, slots {first} to {arc_end} ({length} of {slots}),"),
            format!("  is replica {owner}'s, with {arc_hit} of the {hit} slots that can be hit and {arc_ids_percent:.1} % of all ids"),
            "- the numbers of the replicas decide where they crowd; chosen well they spread, but the squares stay".to_owned(),
        ]
    }

    /// For `--json`.
    pub(super) fn to_json(&self) -> Value {
        json!({
            "replicas": self.replicas, "slots": self.slots, "slots_hit": self.hit,
            "arc": { "owner": self.arc.owner, "first": self.arc.first, "length": self.arc.length,
                "slots_hit": self.arc_hit, "ids_percent": self.arc_ids_percent },
            "owner_ids_percent": self.owner_ids_percent,
        })
    }
}

#[cfg(test)]
mod tests;
