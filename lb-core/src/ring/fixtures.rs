//! What the tests of the ring share: members, maps, and ready backends.

use std::sync::Arc;

use super::{Diff, Member, Owners, Probing, Ring, RingConfig, RingTable, Rule, SlotMap, VNODES_DEFAULT, diff};
use crate::backend::{Backend, BackendId, Seat, Weight};

/// The rules that build the same table from the same members.
pub(super) const RULES_OF_SETS: [Rule; 3] = [Rule::Rendezvous, Rule::Ring { vnodes: VNODES_DEFAULT }, Rule::Maglev];

/// All of them.
pub(super) const RULES: [Rule; 5] = [
    RULES_OF_SETS[0],
    RULES_OF_SETS[1],
    RULES_OF_SETS[2],
    Rule::Assignment { probing: Probing::Linear },
    Rule::Assignment { probing: Probing::Quadratic },
];

/// A configuration small enough for a test with many cases: M = 509, 512 where it must be a power of two.
pub(super) fn small(rule: Rule) -> RingConfig {
    let slots = if rule == Rule::Maglev { 509 } else { 512 };
    RingConfig::new(rule, Some(slots), 0).unwrap()
}

/// With the rule's default slot count.
pub(super) fn full(rule: Rule) -> RingConfig {
    RingConfig::new(rule, None, 0).unwrap()
}

pub(super) fn weighted(number: u32, thousandths: u32) -> Member {
    Member { seat: Seat::numbered(number), weight: Weight::from_thousandths(thousandths).unwrap() }
}

pub(super) fn member(number: u32) -> Member {
    Member { seat: Seat::numbered(number), weight: Weight::ONE }
}

/// Members 1..=n of weight 1.
pub(super) fn members(n: u32) -> Vec<Member> {
    (1..=n).map(member).collect()
}

/// A ring with the members added in the order given.
pub(super) fn ring(config: RingConfig, members: impl IntoIterator<Item = Member>) -> Ring {
    let mut ring = Ring::new(config);
    for member in members {
        ring.add(member).unwrap();
    }
    ring
}

/// Its map, from scratch.
pub(super) fn map(config: RingConfig, members: impl IntoIterator<Item = Member>) -> Arc<SlotMap> {
    ring(config, members).slot_map()
}

/// What moves between two maps in which all take keys.
pub(super) fn difference(before: &SlotMap, after: &SlotMap) -> Diff {
    let [before, after] = [before, after].map(|map| Owners::new(map, |_| true));
    diff(&before, &after).unwrap()
}

/// The numbers of each slot's ranked seats: what two maps are compared by.
pub(super) fn ranked_numbers(map: &SlotMap) -> Vec<Vec<u32>> {
    let number = |&index: &u16| map.members()[usize::from(index)].seat.number();
    (0..map.config().slots()).map(|slot| map.ranked(slot).iter().map(number).collect()).collect()
}

/// The number of each slot's owner.
pub(super) fn owner_numbers(map: &SlotMap) -> Vec<u32> {
    (0..map.config().slots()).map(|slot| map.owner(slot).expect("there is a member").seat.number()).collect()
}

/// A table in which the seats with these numbers are ready.
pub(super) fn table(map: Arc<SlotMap>, ready: impl IntoIterator<Item = u32>) -> RingTable {
    let backend = |number: u32| {
        let addr = "127.0.0.1:1".parse().unwrap();
        let name = format!("S{number}").into();
        Arc::new(Backend::new(BackendId(u64::from(number)), name, Seat::numbered(number), addr, 1))
    };
    RingTable::new(1, map, ready.into_iter().map(backend))
}
