//! What is said of which state.

use std::sync::Arc;

use lb_core::backend::places::PlaceLimits;
use lb_core::control::Control;
use lb_core::ring::RingTable;

use super::super::super::testing::members;
use super::*;

fn verdict(snapshot: &Snapshot) -> Verdict {
    Verdict::of(&Facts { snapshot, write_failing: false, connections: 10, connections_max: 1000 })
}

/// Nobody gets sessions.
fn nobody_routable(snapshot: Snapshot) -> Snapshot {
    let table = RingTable::new(8, Arc::clone(snapshot.table.slots()), []);
    Snapshot { table: Arc::new(table), ..snapshot }
}

#[track_caller]
fn assert_said(verdict: &Verdict, level: Level, text: &str, command: Option<&str>) {
    let said = (verdict.level, verdict.text.as_str(), verdict.command.as_deref());
    assert_eq!(said, (level, text, command));
}

#[test]
fn all_ready_is_all_well() {
    let said = verdict(&members(&["S1", "S2", "S3"]));
    assert_said(&said, Level::Ok, "3 of 3 replicas are ready", None);
    assert!(said.reasons.is_empty());
    let mut mixed = members(&["S1", "b1"]);
    mixed.backends[1].supervised = false;
    assert_said(&verdict(&mixed), Level::Ok, "2 of 2 backends are ready", None);
}

#[test]
fn without_a_backend_one_is_to_be_added() {
    let said = verdict(&members(&[]));
    assert_said(&said, Level::Bad, "there is no backend: every request is answered with 503", Some("lb add -n 3"));
}

#[test]
fn where_all_are_drained_the_first_is_to_be_undrained() {
    let mut snapshot = nobody_routable(members(&["S1", "S2"]));
    snapshot.backends.iter_mut().for_each(|view| view.drained = true);
    let said = verdict(&snapshot);
    let text = "no backend takes sessions, S1 is drained: every request is answered with 503";
    assert_said(&said, Level::Bad, text, Some("lb undrain S1"));
}

#[test]
fn where_none_is_ready_the_output_of_one_that_fails_is_shown() {
    let mut snapshot = nobody_routable(members(&["S1", "S2"]));
    snapshot.backends.iter_mut().for_each(|view| view.state = BackendState::Starting);
    let text = "none of 2 backends is ready: every request is answered with 503";
    assert_said(&verdict(&snapshot), Level::Bad, text, None);
    snapshot.backends[1].failures = 1;
    assert_said(&verdict(&snapshot), Level::Bad, text, Some("lb logs S2"));
    assert_eq!(verdict(&snapshot).reasons.len(), 2, "each of them says what it is at");
}

#[test]
fn what_is_lost_once_heals_by_itself_and_what_keeps_failing_does_not() {
    let mut snapshot = members(&["S1", "S2"]);
    snapshot.backends[0].state = BackendState::Down;
    let text = "S1 is down since 2023-11-14T22:13:20Z; it is looked after";
    assert_said(&verdict(&snapshot), Level::Warn, text, None);
    snapshot.backends[0].failures = 3;
    assert_said(&verdict(&snapshot), Level::Warn, "S1 keeps failing, 3 times in a row so far", Some("lb logs S1"));
}

#[test]
fn a_backend_of_somebody_else_is_theirs_to_mend() {
    let mut snapshot = members(&["S1", "b1"]);
    snapshot.backends[1].supervised = false;
    snapshot.backends[1].state = BackendState::Down;
    let text = "b1 is down since 2023-11-14T22:13:20Z; mend it at 127.0.0.1:20002";
    assert_said(&verdict(&snapshot), Level::Warn, text, None);
    snapshot.backends[1].backend = None;
    let text = "b1 is down since 2023-11-14T22:13:20Z: its name has no address";
    assert_said(&verdict(&snapshot), Level::Warn, text, None);
}

#[test]
fn a_drained_backend_is_no_fault() {
    let mut snapshot = members(&["S1", "S2"]);
    snapshot.backends[0].drained = true;
    let said = verdict(&snapshot);
    assert_said(&said, Level::Ok, "1 of 2 replicas are ready", None);
    assert_eq!(said.reasons, ["S1 is drained and gets no new sessions until 'lb undrain S1'"]);
}

#[test]
fn one_that_leaves_is_nobody_s_concern() {
    let mut snapshot = members(&["S1", "S2"]);
    snapshot.backends[1].state = BackendState::Draining;
    assert_said(&verdict(&snapshot), Level::Ok, "1 of 1 replicas are ready", None);
}

#[test]
fn who_waits_for_a_place_is_helped_by_one_more_replica() {
    let snapshot = members(&["S1", "S2"]);
    let backend = snapshot.backends[0].backend.as_ref().unwrap();
    Control::without_workers().limit_places(backend, PlaceLimits { places: 1, waiting: 9 });
    let places = backend.places().unwrap();
    assert!(places.take() && places.wait(0).is_ok() && places.wait(1).is_ok());
    assert_said(&verdict(&snapshot), Level::Warn, "2 sessions wait for a place at their backend", Some("lb scale 3"));
}

#[test]
fn trouble_of_the_balancer_itself_is_told_with_the_worst_first() {
    let mut snapshot = members(&["S1"]);
    snapshot.draining = true;
    snapshot.fails_open = true;
    let facts = Facts { snapshot: &snapshot, write_failing: true, connections: 900, connections_max: 1000 };
    let said = Verdict::of(&facts);
    assert_said(&said, Level::Warn, "the load balancer is stopping: it takes no new connections", None);
    let begins = ["the health checks fail", "the membership can't be saved", "900 of 1000 client connections"];
    assert!(said.reasons.iter().zip(begins).all(|(reason, begin)| reason.starts_with(begin)), "{said:?}");
    assert_eq!(said.reasons.len(), begins.len());
    let bad = nobody_routable(members(&["S1"]));
    let said = Verdict::of(&Facts { snapshot: &bad, ..facts });
    assert_eq!(said.level, Level::Bad, "{said:?}");
}

#[test]
fn one_connection_fewer_is_no_crowd() {
    let snapshot = members(&["S1"]);
    let level = |connections| {
        Verdict::of(&Facts { snapshot: &snapshot, write_failing: false, connections, connections_max: 1000 }).level
    };
    assert_eq!((level(899), level(900)), (Level::Ok, Level::Warn));
}
