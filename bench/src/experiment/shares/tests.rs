//! Expected counts against the published vectors of the assignment, and shares that add up.

use super::SlotShares;
use crate::balancer::Backend;
use crate::experiment::hash::Hash;

fn backend(name: &str, seat: u32) -> Backend {
    let (name, state) = (name.to_owned(), "ready".to_owned());
    Backend { name, seat, pid: None, state, sessions: 0, supervised: true, weight: 1.0 }
}

#[test]
fn the_first_10_000_ids_fall_as_the_assignments_vectors_say() {
    // Listed in another order: only the seats' numbers count.
    let backends = [backend("S3", 3), backend("S1", 1), backend("S2", 2)];
    let shares = SlotShares::of(Hash::Assignment, &backends).unwrap();
    let expected = [("S1", 8435), ("S2", 470), ("S3", 1095)];
    assert_eq!(shares.counts(10_000), Some(expected.map(|(name, count)| (name.to_owned(), count)).into()));
}

#[test]
fn every_slot_belongs_to_somebody_and_hashed_ids_are_a_secret() {
    for hash in Hash::ALL {
        let shares = SlotShares::of(hash, &[backend("S1", 1), backend("S7", 2)]).unwrap();
        assert_eq!(shares.by_replica().values().sum::<u64>(), u64::from(hash.rule().default_slots()), "{hash:?}");
        assert_eq!(shares.counts(10).is_some(), hash.is_public());
    }
}

#[test]
fn one_that_drains_has_no_slots_any_more() {
    let backends = [backend("S1", 1), Backend { state: "draining".to_owned(), ..backend("S2", 2) }];
    let slots = SlotShares::of(Hash::Rendezvous, &backends).unwrap().by_replica();
    assert_eq!(slots, [("S1".to_owned(), 65_536)].into());
}

#[test]
fn twice_the_weight_is_twice_the_slots() {
    let backends = [Backend { weight: 2.0, ..backend("S1", 1) }, backend("S2", 2)];
    let slots = SlotShares::of(Hash::Rendezvous, &backends).unwrap().by_replica();
    let ratio = slots["S1"] as f64 / slots["S2"] as f64;
    assert!((1.9..2.1).contains(&ratio), "{ratio}");
}
