//! Tests of `ledger`: what is over goes, what somebody may still take over stays.

use super::*;

#[test]
fn what_is_over_is_a_stray_and_what_is_being_made_is_not() {
    let mut ledger = Ledger::default();
    assert!(!ledger.is_stray(BackendId(1), true));
    ledger.know(&[]);
    assert!(!ledger.is_stray(BackendId(1), true), "launched since");
    ledger.end(BackendId(1));
    assert!(ledger.is_stray(BackendId(1), true));
}

#[test]
fn those_of_earlier_runs_stay_until_somebody_has_said_which_may() {
    let mut ledger = Ledger::default();
    assert!(!ledger.is_stray(BackendId(5), false), "an adoption may be about to take it over");
    ledger.know(&[BackendId(5)]);
    assert!(!ledger.is_stray(BackendId(5), false) && ledger.is_stray(BackendId(6), false));
    ledger.end(BackendId(5));
    assert!(ledger.is_stray(BackendId(5), false));
}
