//! Which moved ids had to move.

use std::time::Duration;

use super::{Moved, Step, violations};
use crate::load::Tally;

/// The replica of the ids 1, 2, 3, …
fn step(replicas: &[&str], answers: &[&str]) -> Step {
    let mut tally = Tally::new();
    for (id, replica) in (1..).zip(answers) {
        tally.answer(id, replica, Duration::from_millis(1));
    }
    let replicas = replicas.iter().map(|&name| name.to_owned()).collect();
    Step { replicas, change: Duration::ZERO, tally, moved: None }
}

#[test]
fn ids_of_a_new_replica_had_to_move_and_those_between_old_ones_not() {
    let before = step(&["S1", "S2"], &["S1", "S1", "S2", "S2"]);
    let after = step(&["S1", "S2", "S3"], &["S1", "S3", "S1", "S2"]);
    let moved = after.moved_since(&before, 4);
    assert_eq!(moved, Moved { ids: 2, ideal: 4.0 / 3.0, unnecessary: 1 });
}

#[test]
fn ids_of_a_replica_that_is_gone_had_to_move() {
    let before = step(&["S1", "S2"], &["S1", "S2"]);
    let after = step(&["S1"], &["S1", "S1"]);
    assert_eq!(after.moved_since(&before, 2), Moved { ids: 1, ideal: 0.0, unnecessary: 0 });
}

#[test]
fn one_that_answered_nothing_counts_too_and_names_may_differ_from_those_listed() {
    assert_eq!(step(&["S1", "S2", "S3"], &["S1", "S1", "S3"]).counts(), [2, 0, 1]);
    assert_eq!(step(&["a", "b"], &["1", "2", "2"]).counts(), [1, 2]);
    assert_eq!(step(&["a", "b"], &["a", "x"]).counts(), [1, 0, 1]);
}

#[test]
fn unanswered_requests_and_needless_moves_are_said() {
    let mut needless = step(&["S1"], &["S1"]);
    needless.moved = Some(Moved { ids: 1, ideal: 0.0, unnecessary: 1 });
    let steps = [needless];
    assert_eq!(violations("maglev", &steps, 1, false), [""; 0]);
    assert_eq!(violations("ring", &steps, 2, true).len(), 2);
}
