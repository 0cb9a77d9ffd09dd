//! Who has moved between two mappings, and the pace at which those who have are ended.

use super::*;
use crate::backend::Weight;
use crate::ring::{Member, Ring, RingConfig, Rule, SlotMap};
use std::sync::Arc;

fn map(seats: u32) -> Arc<SlotMap> {
    let mut ring = Ring::new(RingConfig::new(Rule::Rendezvous, Some(256), 0).unwrap());
    for number in 1..=seats {
        ring.add(Member { seat: Seat::numbered(number), weight: Weight::ONE }).unwrap();
    }
    ring.slot_map()
}

fn all(seats: u32) -> Owners {
    Owners::new(&map(seats), |_| true)
}

fn keys() -> impl Iterator<Item = KeyHash> {
    (0..1_000_u64).map(|key| KeyHash(key.wrapping_mul(0x9E37_79B9_7F4A_7C15)))
}

#[test]
fn exactly_the_keys_of_the_slots_that_move_have_moved() {
    let (before, after) = (all(3), all(4));
    for key in keys() {
        let owner = |owners: &Owners| owners.owner(owners.slot_of(key)).unwrap();
        assert_eq!(has_moved(&before, &after, key, owner(&before)), owner(&before) != owner(&after));
        assert!(!has_moved(&before, &before, key, owner(&after)), "the same mapping moves nobody, wherever he is");
    }
}

#[test]
fn a_session_at_a_fallback_is_left_alone_until_its_own_slot_moves() {
    let (before, after) = (all(3), all(4));
    for key in keys() {
        let slot = before.slot_of(key);
        let (was, is) = (before.owner(slot).unwrap(), after.owner(slot).unwrap());
        let fallback = (1..=3).map(Seat::numbered).find(|seat| *seat != was && *seat != is).unwrap();
        assert_eq!(has_moved(&before, &after, key, fallback), was != is);
    }
}

#[test]
fn a_session_that_is_at_the_new_owner_already_has_not_moved() {
    let (before, after) = (all(3), all(4));
    let arrives = Seat::numbered(4);
    assert!(keys().all(|key| !has_moved(&before, &after, key, arrives)));
}

#[test]
fn where_nobody_takes_keys_any_more_nobody_moves() {
    let (before, drained) = (all(3), Owners::new(&map(3), |_| false));
    for key in keys() {
        assert!(!has_moved(&before, &drained, key, before.owner(before.slot_of(key)).unwrap()));
    }
}

#[test]
fn the_sessions_of_a_drained_seat_move_and_no_others() {
    let drained = Seat::numbered(2);
    let (before, after) = (all(3), Owners::new(&map(3), |member| member.seat != drained));
    for key in keys() {
        let owner = before.owner(before.slot_of(key)).unwrap();
        assert_eq!(has_moved(&before, &after, key, owner), owner == drained);
    }
}

#[test]
fn what_was_routed_by_a_later_table_is_known_over_the_wrap_of_the_lower_half() {
    let by = |version: u64| Routed { key: None, version: version as u32 };
    assert!(by(7).is_by(7) && by(6).is_by(7) && !by(8).is_by(7));
    let wrap = u64::from(u32::MAX);
    assert!(by(wrap).is_by(wrap + 1) && !by(wrap + 1).is_by(wrap));
}

#[test]
fn a_pace_lets_one_pass_in_each_interval_and_makes_up_for_little() {
    let mut pace = Pace::default();
    let passed = |pace: &mut Pace, at_us| {
        let may = |_: &i32| {
            let due = pace.is_due(at_us);
            if due {
                pace.passed(at_us, 20_000);
            }
            due
        };
        (0..100).filter(may).count()
    };
    assert_eq!(passed(&mut pace, 1_000_000), 1);
    assert_eq!(pace.next_ms(), 1_010);
    assert_eq!(passed(&mut pace, 1_009_999), 0);
    assert_eq!(passed(&mut pace, 1_010_000), 1);
    let second = (1..=1_000).map(|ms| passed(&mut pace, 2_000_000 + ms * 1_000)).sum::<usize>();
    assert!((50..=51).contains(&second), "{second} in a second at one each 20 ms");
}

#[test]
fn without_an_interval_all_may_pass() {
    let mut pace = Pace::default();
    for _ in 0..1_000 {
        pace.passed(5, 0);
        assert!(pace.is_due(5));
    }
}
