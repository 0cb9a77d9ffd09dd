//! Tests of `removal`: how long an engine is asked, and when somebody is told.

use super::*;

fn refused() -> EngineError {
    EngineError::Refused("device or resource busy".to_owned())
}

fn away() -> EngineError {
    EngineError::TimedOut { what: "removing a container", after: Duration::from_secs(1) }
}

#[test]
fn a_removal_that_is_refused_for_good_is_told_once_and_tried_more_rarely() {
    let mut patience = Patience::default();
    let told: Vec<bool> = (0..REFUSALS_MAX + 20).map(|_| patience.ends_with(&refused())).collect();
    assert_eq!(told.iter().filter(|told| **told).count(), 1);
    assert_eq!(told.iter().position(|told| *told), Some(REFUSALS_MAX as usize - 1));
    assert_eq!(patience.pause, PAUSE_AFTER_REFUSALS);
}

#[test]
fn an_engine_that_is_away_is_waited_for_without_a_word() {
    let mut patience = Patience::default();
    for _ in 1..REFUSALS_MAX {
        assert!(!patience.ends_with(&refused()));
    }
    assert!((0..100).all(|_| !patience.ends_with(&away())));
    assert_eq!(patience.pause, PAUSE_MAX, "it may be back any time");
    assert!(!patience.ends_with(&refused()), "what was refused before it went away is over");
}
