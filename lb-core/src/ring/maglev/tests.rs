//! Maglev against what its paper promises: even shares, little disruption.

use crate::ring::fixtures::{difference, full, map, member, members, small, weighted};
use crate::ring::*;

/// The largest and the smallest number of slots.
fn extremes(map: &SlotMap) -> (u32, u32) {
    let slots = || map.shares().into_iter().map(|share| share.slots);
    (slots().max().unwrap(), slots().min().unwrap())
}

#[test]
fn slots_differ_by_at_most_one_between_equal_weights() {
    for n in [1, 2, 3, 4, 5, 6, 7, 10, 100, 508] {
        for config in [small(Rule::Maglev), full(Rule::Maglev)] {
            let (max, min) = extremes(&map(config, members(n)));
            assert!(max - min <= 1, "{n} members on {} slots: {max} and {min}", config.slots());
        }
    }
}

#[test]
fn shares_follow_weights() {
    let weights = [500, 1000, 1500, 2000, 256_000];
    let total: u32 = weights.iter().sum();
    let map = map(full(Rule::Maglev), (1..).zip(weights).map(|(number, weight)| weighted(number, weight)));
    for share in map.shares() {
        let due = 65_537.0 * f64::from(share.member.weight.thousandths()) / f64::from(total);
        assert!((f64::from(share.slots) - due).abs() <= 2.0, "{share:?}, due {due}");
    }
}

#[test]
fn more_members_than_slots_leave_some_without() {
    let config = RingConfig::new(Rule::Maglev, Some(7), 0).unwrap();
    let map = map(config, members(20));
    assert_eq!(extremes(&map), (1, 0));
    assert!((0..7).all(|slot| map.ranked(slot).len() == RANKS_MAX));
}

#[test]
fn the_smallest_tables_work() {
    for slots in [2, 3, 5] {
        let config = RingConfig::new(Rule::Maglev, Some(slots), 0).unwrap();
        assert_eq!(extremes(&map(config, members(1))), (slots, slots));
        assert!(extremes(&map(config, members(2))).1 > 0);
    }
}

/// The paper (section 5.3) finds few needless moves with M well above 100 times the members.
#[test]
fn a_change_disrupts_little_more_than_it_must() {
    for n in [3, 10, 50] {
        let (before, after) = (map(full(Rule::Maglev), members(n)), map(full(Rule::Maglev), members(n + 1)));
        for (what, diff) in [("added", difference(&before, &after)), ("removed", difference(&after, &before))] {
            let needless = f64::from(diff.unnecessary) / f64::from(diff.slots);
            assert!(needless < 0.03, "one {what} at {n}: {needless} of the slots moved needlessly");
            assert!(f64::from(diff.moved) >= diff.ideal.floor(), "{diff:?}");
        }
    }
}

#[test]
fn fallbacks_are_the_next_other_owners_clockwise() {
    let map = map(small(Rule::Maglev), members(4));
    for slot in 0..509 {
        let ranked = map.ranked(slot);
        let next = (1..509).map(|step| map.ranked((slot + step) % 509)[0]).find(|&owner| owner != ranked[0]);
        assert_eq!(Some(ranked[1]), next, "slot {slot}");
    }
}

#[test]
fn a_member_without_a_slot_is_still_a_fallback() {
    let config = RingConfig::new(Rule::Maglev, Some(13), 0).unwrap();
    let map = map(config, [weighted(1, 1), member(2)]);
    assert_eq!(extremes(&map), (13, 0));
    assert!((0..13).all(|slot| map.ranked(slot).len() == 2));
}
