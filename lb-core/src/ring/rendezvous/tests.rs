//! Shares, weights and fallbacks of the default rule.

use crate::backend::Seat;
use crate::ring::fixtures::{difference, full, map, member, members, ring, small, weighted};
use crate::ring::*;

#[test]
fn shares_are_even() {
    for n in 2..=6 {
        let shares = map(full(Rule::Rendezvous), members(n)).shares();
        let largest = shares.iter().map(|share| share.slots).max().unwrap();
        let ratio = f64::from(largest * n) / 65_536.0;
        assert!(ratio < 1.02, "{n} members: max/mean {ratio}");
    }
}

#[test]
fn shares_follow_weights() {
    let weights = [1, 100, 1000, 1500, 4000, 16_000, 256_000];
    let total: u32 = weights.iter().sum();
    let shares =
        map(full(Rule::Rendezvous), (1..).zip(weights).map(|(number, weight)| weighted(number, weight))).shares();
    for share in shares {
        let due = 65_536.0 * f64::from(share.member.weight.thousandths()) / f64::from(total);
        // Four standard deviations of a binomial.
        assert!((f64::from(share.slots) - due).abs() <= 4.0 * due.sqrt() + 1.0, "{share:?}, due {due}");
    }
}

#[test]
fn another_seed_gives_another_table() {
    let config = RingConfig::new(Rule::Rendezvous, None, 1).unwrap();
    let moved = diff_by_hand(&map(full(Rule::Rendezvous), members(4)), &map(config, members(4)));
    // Two independent tables agree in a quarter of the slots.
    assert!((48_000..50_300).contains(&moved), "{moved}");
}

fn diff_by_hand(a: &SlotMap, b: &SlotMap) -> usize {
    (0..a.config().slots()).filter(|&slot| a.owner(slot) != b.owner(slot)).count()
}

#[test]
fn a_slot_falls_to_whom_it_would_belong_to_without_its_owner() {
    let with = map(small(Rule::Rendezvous), members(12));
    for gone in 1..=12 {
        let without = map(small(Rule::Rendezvous), members(12).into_iter().filter(|m| *m != member(gone)));
        for slot in 0..512 {
            let next =
                with.ranked(slot).iter().map(|&index| with.members()[usize::from(index)]).find(|m| *m != member(gone));
            assert_eq!(without.owner(slot).copied(), next, "slot {slot} without {gone}");
        }
    }
}

#[test]
fn fallbacks_of_a_lost_member_spread_over_all_others() {
    let map = map(full(Rule::Rendezvous), members(5));
    let lost = map.members().iter().position(|m| m.seat == Seat::numbered(1)).unwrap() as u16;
    let mut taken = [0; 5];
    for slot in (0..65_536).filter(|&slot| map.ranked(slot)[0] == lost) {
        taken[usize::from(map.ranked(slot)[1])] += 1;
    }
    // A fifth of the slots, a quarter of it each.
    assert!(taken.iter().enumerate().all(|(index, &n)| (index as u16 == lost) == (n == 0)), "{taken:?}");
    assert!(taken.iter().all(|&n| n == 0 || (3_050..3_500).contains(&n)), "{taken:?}");
}

#[test]
fn three_to_four_and_back_moves_a_quarter_and_nothing_else() {
    let mut ring = ring(full(Rule::Rendezvous), members(3));
    let three = ring.slot_map();
    ring.add(member(4)).unwrap();
    let four = ring.slot_map();
    let there = difference(&three, &four);
    assert_eq!((there.unnecessary, there.ideal), (0, 16_384.0));
    assert!((16_000..16_800).contains(&there.moved), "{}", there.moved);
    ring.remove(&Seat::numbered(4)).unwrap();
    let back = difference(&four, &ring.slot_map());
    assert_eq!((back.unnecessary, back.moved), (0, there.moved));
    assert_eq!(difference(&three, &ring.slot_map()).moved, 0);
}
