//! Tests of `ledger`: what is over goes, what somebody may still take over stays.

use super::*;

#[test]
fn what_is_over_is_a_stray_and_what_runs_is_not() {
    let mut ledger = Ledger::default();
    ledger.begin(BackendId(1));
    assert!(!ledger.is_stray(BackendId(1)));
    ledger.end(BackendId(1));
    assert!(ledger.is_stray(BackendId(1)));
}

#[test]
fn those_of_an_earlier_life_stay_until_somebody_has_said_which_may() {
    let mut ledger = Ledger::default();
    assert!(!ledger.is_stray(BackendId(5)), "an adoption may be about to take it over");
    ledger.know(&[BackendId(5)]);
    assert!(!ledger.is_stray(BackendId(5)) && ledger.is_stray(BackendId(6)));
    ledger.begin(BackendId(7));
    assert!(!ledger.is_stray(BackendId(7)), "launched since");
}
