//! Tests of `losses`: remembered for a while, and a bounded number of them.

use super::*;

#[test]
fn a_failure_is_remembered_for_a_second_from_the_last_time_on() {
    let mut losses = Losses::default();
    losses.note(BackendId(1), 100);
    assert!(losses.include(BackendId(1), 100) && !losses.include(BackendId(2), 100));
    losses.note(BackendId(1), 1000);
    assert!(losses.include(BackendId(1), 1999));
    assert!(!losses.include(BackendId(1), 2000));
}

#[test]
fn of_too_many_the_oldest_is_forgotten() {
    let mut losses = Losses::default();
    for n in 0..=LOSSES_MAX as u64 {
        losses.note(BackendId(n), 5);
        losses.note(BackendId(n), 5);
    }
    assert_eq!(losses.recent.len(), LOSSES_MAX);
    assert!(!losses.include(BackendId(0), 5) && losses.include(BackendId(1), 5));
}
