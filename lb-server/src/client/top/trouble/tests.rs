//! Whoever is in trouble comes first, the rest as they were added.

use super::super::testing::look;
use super::*;

fn names(patients: &[Patient]) -> Vec<&str> {
    patients.iter().map(|patient| &*patient.backend.name).collect()
}

#[test]
fn the_worst_come_first_and_equals_stay_in_order() {
    let mut backends = look(
        9,
        &[
            ("a", "ready", 0),
            ("b", "draining", 0),
            ("c", "starting", 0),
            ("d", "down", 0),
            ("e", "ready", 0),
            ("f", "ready", 0),
        ],
    )
    .backends;
    backends[5].connect_failures_total = 7;
    let before = Failures::from([("f".to_owned(), 6)]);
    let patients = sorted(backends, &before);
    assert_eq!(names(&patients), ["d", "c", "f", "b", "a", "e"]);
    assert_eq!(patients[2].condition, Condition::Failing);
}

#[test]
fn old_failures_are_no_trouble_and_a_failed_check_is() {
    let mut backends = look(9, &[("a", "ready", 0), ("b", "ready", 0)]).backends;
    backends[0].connect_failures_total = 7;
    backends[1].last_check.as_mut().expect("it was checked").ok = false;
    let before = failures(&backends);
    assert_eq!(names(&sorted(backends, &before)), ["b", "a"]);
}

#[test]
fn drained_is_a_word_of_its_own_and_no_trouble() {
    let mut backends = look(9, &[("a", "ready", 0), ("b", "down", 0)]).backends;
    backends.iter_mut().for_each(|backend| backend.drained = true);
    let patients = sorted(backends, &Failures::new());
    assert_eq!(patients.iter().map(Patient::word).collect::<Vec<_>>(), ["down", "drained"]);
    assert_eq!(patients[1].condition, Condition::Leaving);
}

#[test]
fn every_condition_has_a_sign_of_its_own() {
    use Condition::{Down, Failing, Leaving, Ready, Starting};
    let signs: std::collections::HashSet<char> = [Down, Starting, Failing, Leaving, Ready].map(Condition::sign).into();
    assert_eq!(signs.len(), 5);
}
