//! The table-only walk against the assignment's vectors.

use super::{ids_by_slot, walk, worst};
use crate::experiment::hash::Hash;

#[test]
fn with_the_numbers_1_2_3_the_walk_has_the_assignments_counts_and_moves_only_to_the_new() {
    let steps = walk(Hash::Assignment, &[1, 2, 3, 4, 5, 6], 10_000).unwrap();
    let mut at_three = steps[1].counts.clone();
    at_three.sort_unstable();
    assert_eq!((steps.len(), at_three), (5, vec![470, 1095, 8435]));
    assert!(steps[0].moved.is_none());
    assert!(steps[1..].iter().all(|step| step.moved.unwrap().unnecessary == 0));
}

#[test]
fn numbers_far_apart_are_better_than_1_to_6() {
    let ids = ids_by_slot(Hash::Assignment).unwrap();
    let in_order = worst(Hash::Assignment, &[1, 2, 3, 4, 5, 6], &ids).unwrap();
    let apart = worst(Hash::Assignment, &[1, 16, 20, 12, 9, 18], &ids).unwrap();
    assert!(apart < in_order, "{apart} {in_order}");
}
