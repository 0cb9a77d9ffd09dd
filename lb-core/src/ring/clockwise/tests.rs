//! The one backward walk against walking from every slot by itself.

use super::*;

/// The obvious way: from each slot on, once around.
fn walked(marks: &[Option<u16>], members: u16) -> Vec<u16> {
    let mut ranks = Vec::new();
    for slot in 0..marks.len() {
        let mut met: Vec<u16> = Vec::new();
        let around = marks[slot..].iter().chain(&marks[..slot]).flatten().copied();
        for member in around.chain(0..members) {
            if met.len() < RANKS_MAX && !met.contains(&member) {
                met.push(member);
            }
        }
        ranks.extend(met);
    }
    ranks
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(128))]
    #[test]
    fn one_backward_walk_ranks_as_walking_from_every_slot_does(
        marks in proptest::collection::vec(proptest::option::of(0u16..20), 1..60),
    ) {
        proptest::prop_assert_eq!(ranks_of_marks(&marks, 20), walked(&marks, 20));
    }
}

#[test]
fn without_members_there_are_no_ranks() {
    assert!(ranks_of_marks(&[None; 8], 0).is_empty());
}

#[test]
fn the_walk_wraps_around_the_end() {
    let marks = [None, Some(1), None, Some(0), None];
    assert_eq!(ranks_of_marks(&marks, 2), [1, 0, 1, 0, 0, 1, 0, 1, 1, 0]);
}

#[test]
fn members_without_a_mark_come_last_in_order_of_identity() {
    assert_eq!(ranks_of_marks(&[Some(2), None], 4), [2, 0, 1, 3, 2, 0, 1, 3]);
}
