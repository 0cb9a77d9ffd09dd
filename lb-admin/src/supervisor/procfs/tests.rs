//! The line of /proc/PID/stat, with names that processes really give themselves.

use super::*;

/// From the terminal on, the start among it.
const REST: &str = "0 -1 4194560 100 0 0 0 1 2 0 0 20 0 1 0 1234 5000000 300";

#[test]
fn brackets_and_spaces_in_a_name_do_not_shift_the_fields() {
    let sleeping = Stat { zombie: false, parent: 7, session: 5, start_ticks: 1234 };
    assert_eq!(parse(&format!("42 (lb) S 7 6 5 {REST}")), Some(sleeping));
    assert_eq!(parse(&format!("42 (a) Z 1 (b c) S 7 6 5 {REST}")), Some(sleeping));
    assert_eq!(parse(&format!("42 (lb) Z 7 6 5 {REST}")), Some(Stat { zombie: true, ..sleeping }));
}

#[test]
fn what_is_no_such_line_is_no_process() {
    for text in ["", "42 (lb", "42 (lb) S", "42 (lb) S 7 6", "42 (lb) S x 6 5", "42 (lb) S 7 6 5 0 -1"] {
        assert_eq!(parse(text), None, "{text:?}");
    }
}

#[test]
fn our_own_line_and_environment_can_be_read() {
    let us = rustix::process::getpid();
    let stat = stat(us).expect("we are here");
    assert!(!stat.zombie && stat.start_ticks > 0);
    assert!(environ(us).is_some_and(|environ| !environ.is_empty()));
}
