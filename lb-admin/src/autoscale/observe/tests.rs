//! What counts as load and as capacity, and CPU time between two looks.

use lb_core::backend::places::PlaceLimits;
use lb_core::control::Control;

use super::*;
use crate::http::testing::{members, ready};

fn with_sessions(view: BackendView, sessions: u64, waiting: u32) -> BackendView {
    let backend = view.backend.as_ref().expect("it has an address");
    backend.counters.cell(0).sessions.add(sessions + 2);
    backend.counters.cell(1).ended.add(2);
    Control::without_workers().limit_places(backend, PlaceLimits { places: 1, waiting: 10 });
    let places = backend.places().expect("it counts now");
    assert!(places.take());
    (0..waiting).for_each(|_| assert!(places.wait(0).is_ok()));
    view
}

#[test]
fn the_load_is_what_members_have_and_what_waits_for_them() {
    let mut snapshot = members(&[]);
    let draining = BackendView { state: BackendState::Draining, ..with_sessions(ready("S3", 3), 100, 0) };
    let foreign = BackendView { supervised: false, ..with_sessions(ready("b", 4), 100, 0) };
    snapshot.backends =
        vec![with_sessions(ready("S1", 1), 7, 2), with_sessions(ready("S2", 2), 5, 0), draining, foreign];
    snapshot.target = 2;
    snapshot.changes = 9;
    let seen = observe(&snapshot, Some(12.0));
    let expected = Observed { in_flight: 14, cpu_percent: Some(12.0), ready: 2, coming: 0, target: 2, changes: 9 };
    assert_eq!(seen, expected);
}

#[test]
fn a_replica_that_fails_again_and_again_is_not_about_to_come() {
    let mut snapshot = members(&["S1"]);
    let starting = |failures| BackendView { state: BackendState::Starting, failures, ..ready("S2", 2) };
    let down = BackendView { state: BackendState::Down, ..ready("S3", 3) };
    snapshot.backends.extend([starting(0), starting(1), starting(2), down]);
    let seen = observe(&snapshot, None);
    assert_eq!((seen.ready, seen.coming), (1, 2));
}

#[test]
fn cpu_is_the_time_between_two_looks_of_those_that_were_there_at_both() {
    let mut rate = CpuRate::default();
    let start = Instant::now();
    let times = |times: &[(u64, u64)]| -> HashMap<_, _> {
        times.iter().map(|(id, ms)| (BackendId(*id), Duration::from_millis(*ms))).collect()
    };
    assert_eq!(rate.percent(times(&[(1, 5000), (2, 100)]), start), None, "nothing to compare with");
    let percent = rate.percent(times(&[(1, 6000), (2, 600), (3, 9000)]), start + Duration::from_secs(2));
    assert_eq!(percent, Some(75.0));
    assert_eq!(rate.percent(times(&[(4, 1)]), start + Duration::from_secs(3)), None, "all are new");
}
