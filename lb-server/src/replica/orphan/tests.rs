//! The four cases of parent and quiet.

use super::*;

const LONG: Duration = Duration::from_secs(61);
const SHORT: Duration = Duration::from_secs(59);

fn pid(number: i32) -> Option<Pid> {
    Pid::from_raw(number)
}

#[test]
fn a_quiet_replica_whose_parent_is_gone_is_an_orphan() {
    assert!(is_orphan(pid(4711), pid(1), LONG));
}

#[test]
fn one_that_is_still_asked_for_is_not() {
    assert!(!is_orphan(pid(4711), pid(1), SHORT));
}

#[test]
fn one_with_its_parent_is_only_idle() {
    assert!(!is_orphan(pid(4711), pid(4711), LONG));
}

#[test]
fn the_first_process_of_a_container_never_is() {
    assert!(!is_orphan(None, None, LONG));
}
