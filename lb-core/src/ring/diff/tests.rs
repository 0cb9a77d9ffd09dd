//! What moves between two maps, and how much of it had to.

use super::*;
use crate::backend::{Seat, Weight};
use crate::ring::fixtures::{full, member, members, ring, small, weighted};
use crate::ring::{Member, Ring, RingConfig, VNODES_DEFAULT};

/// The owners of a ring in which all take keys.
fn of(ring: &mut Ring) -> Owners {
    Owners::new(&ring.slot_map(), |_| true)
}

fn map(config: RingConfig, members: impl IntoIterator<Item = Member>) -> Owners {
    of(&mut ring(config, members))
}

fn seats(moves: &[Move]) -> Vec<(Option<u32>, Option<u32>)> {
    let number = |seat: Option<Seat>| seat.map(|seat| seat.number());
    let mut seats: Vec<_> = moves.iter().map(|step| (number(step.from), number(step.to))).collect();
    seats.sort_unstable();
    seats
}

#[test]
fn equal_maps_differ_in_nothing() {
    let three = map(small(Rule::Rendezvous), members(3));
    let nothing = Diff { slots: 512, moved: 0, ideal: 0.0, unnecessary: 0, moves: Vec::new() };
    assert_eq!(diff(&three, &three), Ok(nothing.clone()));
    let empty = map(small(Rule::Rendezvous), []);
    assert_eq!(diff(&empty, &empty), Ok(nothing));
}

#[test]
fn a_new_member_receives_from_all_others() {
    let change = diff(&map(full(Rule::Rendezvous), members(3)), &map(full(Rule::Rendezvous), members(4))).unwrap();
    assert_eq!(seats(&change.moves), [(Some(1), Some(4)), (Some(2), Some(4)), (Some(3), Some(4))]);
    assert_eq!(change.moves.iter().map(|step| step.slots).sum::<u32>(), change.moved);
    assert_eq!(change.ideal, 16_384.0);
}

#[test]
fn the_first_member_receives_everything_from_nobody_and_the_last_leaves_it() {
    let (none, one) = (map(small(Rule::Maglev), []), map(small(Rule::Maglev), members(1)));
    let there = diff(&none, &one).unwrap();
    assert_eq!((there.moved, there.ideal, there.unnecessary), (509, 509.0, 0));
    assert_eq!(seats(&there.moves), [(None, Some(1))]);
    let back = diff(&one, &none).unwrap();
    assert_eq!((back.moved, back.ideal, back.unnecessary), (509, 509.0, 0));
    assert_eq!(seats(&back.moves), [(Some(1), None)]);
}

#[test]
fn one_of_three_from_weight_1_to_1_5_moves_little_more_than_the_ideal() {
    let mut ring = ring(full(Rule::Rendezvous), members(3));
    let before = of(&mut ring);
    ring.set_weight(&Seat::numbered(2), Weight::from_thousandths(1500).unwrap()).unwrap();
    let change = diff(&before, &of(&mut ring)).unwrap();
    // 1.5/3.5 − 1/3 of the slots.
    assert!((change.ideal - 65_536.0 * 0.095_238).abs() < 0.1, "{}", change.ideal);
    assert!((f64::from(change.moved) / change.ideal - 1.0).abs() < 0.05, "{}", change.moved);
    assert_eq!((change.unnecessary, seats(&change.moves)), (0, vec![(Some(1), Some(2)), (Some(3), Some(2))]));
}

#[test]
fn doubling_all_weights_makes_no_move_necessary() {
    for rule in [Rule::Rendezvous, Rule::Maglev] {
        let doubled = map(full(rule), (1..=3).map(|number| weighted(number, 2000)));
        let change = diff(&map(full(rule), members(3)), &doubled).unwrap();
        assert_eq!((change.ideal, change.moved), (0.0, 0), "{rule}");
    }
}

#[test]
fn what_maglev_moves_between_those_that_stay_is_unnecessary() {
    let change = diff(&map(full(Rule::Maglev), members(20)), &map(full(Rule::Maglev), members(21))).unwrap();
    let to_the_new = |step: &&Move| step.to == Some(member(21).seat);
    let gained: u32 = change.moves.iter().filter(to_the_new).map(|step| step.slots).sum();
    assert!(change.unnecessary > 0);
    assert_eq!(change.moved, gained + change.unnecessary);
}

#[test]
fn a_slot_that_a_lightened_member_gains_is_unnecessary() {
    // 1 grows, 2 shrinks, 3 stays: 2 → 3 and 3 → 1 are called for, the other way isn't.
    let before = map(small(Rule::Rendezvous), members(3));
    let after = map(small(Rule::Rendezvous), [weighted(1, 2000), weighted(2, 500), member(3)]);
    let called_for = |from: u32, to: u32| {
        let step = Move { from: Some(Seat::numbered(from)), to: Some(Seat::numbered(to)), slots: 1 };
        is_called_for(&step, &before, &after)
    };
    assert_eq!([called_for(2, 3), called_for(3, 1), called_for(2, 1)], [true; 3]);
    assert_eq!([called_for(3, 2), called_for(1, 3), called_for(1, 2)], [false; 3]);
}

#[test]
fn maps_of_different_slot_counts_are_not_compared() {
    let config = RingConfig::new(Rule::Rendezvous, Some(256), 0).unwrap();
    let error = diff(&map(config, members(2)), &map(small(Rule::Rendezvous), members(2))).unwrap_err();
    assert_eq!(error, DiffError::SlotCounts { before: 256, after: 512 });
    assert_eq!(error.to_string(), "maps of 256 and of 512 slots can't be compared");
}

#[test]
fn maps_of_different_rules_are_not_compared() {
    let by_rule = |rule| map(small(rule), members(2));
    let ring = Rule::Ring { vnodes: VNODES_DEFAULT };
    for other in [Rule::Maglev, ring] {
        let error = diff(&by_rule(Rule::Rendezvous), &by_rule(other)).unwrap_err();
        assert_eq!(error, DiffError::Rules { before: Rule::Rendezvous, after: other });
    }
    let error = diff(&by_rule(ring), &by_rule(Rule::Ring { vnodes: 5 })).unwrap_err();
    assert!(matches!(error, DiffError::Rules { .. }), "{error}");
}
