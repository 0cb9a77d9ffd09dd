//! The line that whoever waits for the end reads.

use super::*;

#[test]
fn the_progress_says_how_many_how_long_and_what_to_do() {
    let line = progress(3, Duration::from_secs(30));
    assert_eq!(line, "draining: 3 sessions open, at most 30s; signal again to end now");
}

#[test]
fn without_a_deadline_no_bound_is_promised() {
    let line = progress(1, Duration::ZERO);
    assert_eq!(line, "draining: 1 session open, as long as they take; signal again to end now");
}
