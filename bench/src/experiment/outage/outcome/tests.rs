//! To which stretch a failure belongs, and which containers shouldn't be there or aren't.

use std::collections::BTreeSet;

use super::{Containers, Moments, failed_by_phase};

#[test]
fn a_failure_belongs_to_what_was_going_on_when_it_ended() {
    let moments = Moments { stops_ms: 100.0, away_ms: 110.0, killed_ms: 200.0, back_ms: 300.0, whole_ms: Some(400.0) };
    assert_eq!(failed_by_phase(&moments, [50.0, 105.0, 199.0, 250.0, 300.0, 900.0].into_iter()), [1, 2, 1, 2]);
}

#[test]
fn a_container_without_a_replica_is_an_orphan_and_a_replica_without_one_is_missed() {
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<BTreeSet<_>>();
    let found = Containers::compared(names(&["p-S1", "p-S2"]), names(&["p-S2", "p-S9"]), BTreeSet::new());
    assert_eq!((found.missing.clone(), found.orphans.clone()), (names(&["p-S1"]), names(&["p-S9"])));
    assert!(!found.is_clean());
    assert!(Containers::compared(names(&["p-S1"]), names(&["p-S1"]), BTreeSet::new()).is_clean());
}
