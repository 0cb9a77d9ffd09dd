//! Joining and leaving the ring, and when it is full.

use crate::backend::{Seat, Weight};
use crate::ring::fixtures::{RULES, full, map, member, members, ranked_numbers, ring, small, weighted};
use crate::ring::*;

const ASSIGNMENT: Rule = Rule::Assignment { probing: Probing::Linear };

/// Members and table: what must not change where an error comes back.
fn state(ring: &mut Ring) -> (Vec<Member>, Vec<Vec<u32>>) {
    (ring.members().to_vec(), ranked_numbers(&ring.slot_map()))
}

#[test]
fn a_seat_is_a_member_once() {
    for rule in RULES {
        let mut ring = ring(small(rule), members(3));
        let before = state(&mut ring);
        assert_eq!(ring.add(member(2)), Err(RingError::AlreadyPresent), "{rule:?}");
        assert_eq!(ring.remove(&Seat::numbered(9)), Err(RingError::NotPresent), "{rule:?}");
        assert_eq!(ring.set_weight(&Seat::numbered(9), Weight::ONE), Err(RingError::NotPresent), "{rule:?}");
        assert_eq!(state(&mut ring), before, "{rule:?}");
    }
}

#[test]
fn an_empty_ring_has_no_owners() {
    for rule in RULES {
        let map = Ring::new(small(rule)).slot_map();
        assert!((0..map.config().slots()).all(|slot| map.owner(slot).is_none()), "{rule:?}");
        assert_eq!(map.shares(), []);
    }
}

#[test]
fn the_same_map_is_given_until_something_changes() {
    for rule in RULES {
        let mut ring = ring(small(rule), members(3));
        let first = ring.slot_map();
        assert!(std::sync::Arc::ptr_eq(&first, &ring.slot_map()), "{rule:?}");
        ring.add(member(4)).unwrap();
        assert_eq!(ring.slot_map().members().len(), 4, "{rule:?}");
    }
}

#[test]
fn assignment_is_full_after_56_seats_with_linear_probing() {
    let mut ring = ring(full(ASSIGNMENT), members(56));
    let before = state(&mut ring);
    assert_eq!(ring.add(member(57)), Err(RingError::Full));
    assert_eq!(state(&mut ring), before);
    // What the refused seat had taken is free again: the next removal makes room for exactly one.
    ring.remove(&Seat::numbered(1)).unwrap();
    ring.add(member(57)).unwrap();
    assert_eq!(ring.add(member(58)), Err(RingError::Full));
}

#[test]
fn assignment_is_full_earlier_with_quadratic_probing() {
    let mut ring = Ring::new(full(Rule::Assignment { probing: Probing::Quadratic }));
    let placed = (1..).take_while(|&number| ring.add(member(number)).is_ok()).count();
    assert_eq!(placed, ring.members().len());
    assert!((20..56).contains(&placed), "{placed}");
    assert_eq!(ring.add(member(placed as u32 + 1)), Err(RingError::Full));
}

#[test]
fn assignment_has_no_weights() {
    let mut ring = ring(full(ASSIGNMENT), members(2));
    let before = state(&mut ring);
    assert_eq!(ring.add(weighted(3, 1500)), Err(RingError::WeightNotOne));
    assert_eq!(ring.set_weight(&Seat::numbered(1), Weight::MAX), Err(RingError::WeightNotOne));
    assert_eq!(ring.set_weight(&Seat::numbered(1), Weight::ONE), Ok(()));
    assert_eq!(state(&mut ring), before);
}

#[test]
fn too_many_vnodes_are_refused() {
    // 10,000 vnodes × weight 256 = 2,560,000 of the 4,194,304 that there may be.
    let config = RingConfig::new(Rule::Ring { vnodes: VNODES_MAX }, Some(512), 0).unwrap();
    let mut ring = ring(config, [weighted(1, 256_000), member(2)]);
    assert_eq!(ring.add(weighted(3, 256_000)), Err(RingError::TooManyVnodes));
    assert_eq!(ring.set_weight(&Seat::numbered(2), Weight::MAX), Err(RingError::TooManyVnodes));
    assert_eq!(ring.members(), map(small(Rule::Maglev), [weighted(1, 256_000), member(2)]).members());
    // Its own vnodes don't count twice when a member is reweighted.
    assert_eq!(ring.set_weight(&Seat::numbered(1), Weight::MAX), Ok(()));
}

#[test]
fn the_number_of_members_has_a_bound() {
    let config = RingConfig::new(Rule::Rendezvous, Some(1), 0).unwrap();
    let mut ring = ring(config, members(MEMBERS_MAX as u32));
    assert_eq!(ring.add(member(0)), Err(RingError::TooManyMembers));
    assert_eq!(ring.slot_map().members().len(), MEMBERS_MAX);
}
