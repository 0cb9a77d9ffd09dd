//! The expected counts against the published vectors of the assignment.

use std::collections::BTreeMap;

use super::{assignment_counts, equal};
use crate::balancer::Backend;

fn backend(name: &str, seat: u32) -> Backend {
    Backend { name: name.to_owned(), seat, pid: None, state: "ready".to_owned() }
}

#[test]
fn the_first_10_000_ids_fall_as_the_assignments_vectors_say() {
    // Listed in another order: only the seats' numbers count.
    let backends = [backend("S3", 3), backend("S1", 1), backend("S2", 2)];
    let counts = assignment_counts(&backends, 10_000).unwrap();
    let expected = [("S1", 8435), ("S2", 470), ("S3", 1095)];
    assert_eq!(counts, expected.map(|(name, count)| (name.to_owned(), count)).into());
    assert!(equal(&counts, &BTreeMap::from(expected)));
}

#[test]
fn counts_differ_where_a_stranger_answered_or_somebody_is_missing() {
    let expected = [("S1".to_owned(), 2), ("S2".to_owned(), 0)].into();
    assert!(equal(&expected, &BTreeMap::from([("S1", 2)])));
    assert!(!equal(&expected, &BTreeMap::from([("S1", 2), ("S9", 1)])));
    assert!(!equal(&expected, &BTreeMap::from([("S1", 1), ("S2", 1)])));
}
