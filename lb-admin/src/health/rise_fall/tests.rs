//! Tests of [`super`].

use super::*;

fn bad() -> Outcome {
    Outcome::Bad("status 500".into())
}

const INTERVAL: Duration = Duration::from_secs(1);
const PACE: Pace = Pace { rise: 2, fall: 3, interval: INTERVAL };

fn up() -> RiseFall {
    let mut record = RiseFall::new(PACE, false);
    assert_eq!(record.observe(&Outcome::Good, false), Some(Change::Up));
    record
}

/// Good probes until it is up again.
fn probes_to_rise(record: &mut RiseFall) -> usize {
    (1..100).find(|_| record.observe(&Outcome::Good, false) == Some(Change::Up)).expect("it rises")
}

fn fall(record: &mut RiseFall) {
    while record.observe(&bad(), false).is_none() {}
}

#[test]
fn the_first_good_probe_makes_a_starting_backend_ready_however_many_failed_before() {
    let mut record = RiseFall::new(PACE, false);
    for _ in 0..50 {
        assert_eq!(record.observe(&Outcome::Refused, false), None);
    }
    assert_eq!(record.observe(&Outcome::Good, false), Some(Change::Up));
}

#[test]
fn three_bad_probes_in_a_row_take_it_down_and_two_do_not() {
    let mut record = up();
    for outcome in [bad(), bad(), Outcome::Good, bad(), bad()] {
        assert_eq!(record.observe(&outcome, false), None);
    }
    assert_eq!(record.observe(&bad(), false), Some(Change::Down { refused: false, why: "status 500".into() }));
}

#[test]
fn a_refused_probe_that_confirms_the_data_path_takes_it_down_at_once() {
    let mut record = up();
    assert_eq!(
        record.observe(&Outcome::Refused, true),
        Some(Change::Down { refused: true, why: "connection refused".into() })
    );
}

#[test]
fn a_good_probe_clears_a_suspicion_and_a_bad_one_alone_does_not_confirm_it() {
    let mut record = up();
    assert_eq!(record.observe(&Outcome::Good, true), None);
    assert_eq!(record.observe(&bad(), true), None);
}

#[test]
fn a_late_checker_says_nothing() {
    let mut record = up();
    for _ in 0..10 {
        assert_eq!(record.observe(&Outcome::Unknown, true), None);
    }
    assert_eq!(record.interval(Duration::from_secs(9)), INTERVAL);
}

#[test]
fn flapping_is_damped_and_a_steady_time_forgives_it() {
    let mut record = up();
    let needed: Vec<_> = (0..6)
        .map(|_| {
            fall(&mut record);
            probes_to_rise(&mut record)
        })
        .collect();
    assert_eq!(needed, [2, 4, 8, 16, 16, 16]);
    for _ in 0..STEADY {
        record.observe(&Outcome::Good, false);
    }
    fall(&mut record);
    assert_eq!(probes_to_rise(&mut record), 2);
}

#[test]
fn probes_are_quick_while_it_starts_and_while_a_decision_is_near() {
    let mut record = RiseFall::new(PACE, false);
    assert_eq!(record.interval(Duration::ZERO), Duration::from_millis(20));
    assert_eq!(record.interval(Duration::from_secs(3)), Duration::from_millis(300));
    assert_eq!(record.interval(Duration::from_secs(300)), INTERVAL);
    record.observe(&Outcome::Good, false);
    assert_eq!(record.interval(Duration::ZERO), INTERVAL);
    record.observe(&bad(), false);
    assert_eq!(record.interval(Duration::ZERO), SUSPECT_INTERVAL_MAX);
}

#[test]
fn rise_fall_and_interval_are_what_was_asked_for() {
    let pace = Pace { rise: 4, fall: 1, interval: Duration::from_millis(10) };
    let mut record = RiseFall::new(pace, false);
    assert_eq!(record.interval(Duration::ZERO), pace.interval, "never slower than asked for");
    record.observe(&Outcome::Good, false);
    assert!(matches!(record.observe(&bad(), false), Some(Change::Down { .. })));
    assert_eq!(record.interval(Duration::ZERO), pace.interval);
    assert_eq!(probes_to_rise(&mut record), 4);
    fall(&mut record);
    assert_eq!(record.interval(Duration::ZERO), pace.interval);
    assert_eq!(probes_to_rise(&mut record), 8);
}

#[test]
fn one_that_hung_and_then_refuses_is_told_once_more_and_not_the_other_way_round() {
    let mut record = up();
    fall(&mut record);
    let refused = Some(Change::Down { refused: true, why: "connection refused".into() });
    assert_eq!(record.observe(&Outcome::Refused, false), refused);
    for outcome in [Outcome::Refused, bad(), Outcome::Refused] {
        assert_eq!(record.observe(&outcome, false), None);
    }
    assert_eq!(probes_to_rise(&mut record), 2, "it has fallen once");
}

#[test]
fn one_that_is_known_to_be_up_says_so_with_its_first_good_probe_and_falls_like_any_other() {
    let mut record = RiseFall::new(PACE, true);
    assert_eq!(record.observe(&Outcome::Good, false), Some(Change::Up));
    assert_eq!(record.observe(&Outcome::Good, false), None);
    let mut record = RiseFall::new(PACE, true);
    let falls: Vec<_> = (0..3).map(|_| record.observe(&bad(), false).is_some()).collect();
    assert_eq!(falls, [false, false, true]);
}
