//! Tests of `life`: launched, ready, down, dead, replaced, drained, stopped.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use lb_core::backend::{BackendId, BackendState};

use crate::config::{AdminConfig, StaticBackend};
use crate::membership::command::ChangeError;
use crate::membership::state::world::{World, config, is_made_up};
use crate::membership::state::{DRAIN_POLL, Effect, Input, Sign, SignKind};

#[test]
fn a_replica_is_listed_and_routed_to_only_after_its_first_good_check() {
    let mut world = World::new(&config(1));
    let (id, name) = world.launches().remove(0);
    assert_eq!(name, "S1");
    world.launched(id);
    assert!(world.listed().is_empty() && world.table().is_empty());
    world.apply(Input::Healthy(id));
    assert_eq!((world.listed(), world.table()), (vec!["S1".to_owned()], vec!["S1".to_owned()]));
}

#[test]
fn a_removed_replica_drains_until_its_last_session_ends_and_then_stops() {
    let mut world = World::ready(2);
    let id = world.id("S1");
    let backend = Arc::clone(&world.state.places[0].alive().expect("ready").backend);
    backend.counters.cell(0).sessions.add(1);
    let call = world.remove(None, &["S1"]);
    assert_eq!((world.answer(call), world.table()), (Some(Ok(())), vec!["S2".to_owned()]));
    world.after(DRAIN_POLL);
    backend.counters.cell(0).ended.add(1);
    world.after(DRAIN_POLL);
    assert!(world.stops().is_empty(), "a worker that routes by the old table may still open one");
    world.apply(Input::Applied(world.state.version));
    assert_eq!(world.stops(), [id]);
    world.exit(id);
    assert!(world.state.snapshot().backends.iter().all(|view| view.state == BackendState::Ready));
    assert!(world.launches().is_empty(), "what was removed never comes back");
}

#[test]
fn draining_ends_at_its_deadline() {
    let mut world = World::ready(1);
    let id = world.id("S1");
    world.state.places[0].alive().expect("ready").backend.counters.cell(0).sessions.add(1);
    world.remove(None, &["S1"]);
    world.apply(Input::Applied(world.state.version));
    world.after(Duration::from_secs(29));
    assert!(world.evictions().is_empty() && world.stops().is_empty());
    world.after(Duration::from_secs(1));
    assert_eq!((world.evictions(), world.stops()), (vec![id], vec![id]));
}

#[test]
fn sessions_at_an_address_that_a_backend_has_moved_from_end_at_the_drain_deadline() {
    let backend = StaticBackend::new("b", "b:80");
    let mut world = World::new(&AdminConfig { backends: vec![backend], ..config(0) });
    for last in [1, 2] {
        world.apply(Input::Resolved { name: "b".into(), addr: SocketAddr::from(([10, 0, 0, last], 80)) });
    }
    let first = BackendId(world.id("b").0 - 1);
    world.after(Duration::from_secs(29));
    assert!(world.evictions().is_empty());
    world.after(Duration::from_secs(1));
    assert_eq!(world.evictions(), [first]);
    world.after(Duration::from_secs(60));
    assert!(world.evictions().is_empty(), "once");
}

#[test]
fn the_name_of_a_draining_replica_is_free_and_its_end_does_not_touch_the_new_one() {
    let mut world = World::ready(2);
    let old = world.id("S1");
    world.remove(None, &["S1"]);
    let call = world.add(None, &["S1"]);
    world.all_ready();
    world.exit(old);
    assert_eq!(world.answer(call), Some(Ok(())));
    assert_eq!((world.listed(), world.seat("S1")), (vec!["S2".to_owned(), "S1".to_owned()], 1));
}

#[test]
fn a_dead_replica_is_replaced_in_its_seat_under_a_new_name_at_the_end() {
    let mut world = World::ready(3);
    let seat = world.seat("S1");
    world.exit(world.id("S1"));
    assert_eq!((world.listed(), world.table().len()), (vec!["S2".to_owned(), "S3".to_owned()], 2));
    world.all_ready();
    let listed = world.listed();
    assert_eq!(listed[..2], ["S2", "S3"]);
    assert!(is_made_up(&listed[2]));
    assert_eq!((world.seat(&listed[2]), world.state.snapshot().replaced), (seat, 1));
}

#[test]
fn a_replica_that_never_became_ready_keeps_its_name_and_waits_longer_each_time() {
    let mut world = World::new(&config(1));
    let mut waits = Vec::new();
    for _ in 0..6 {
        let (id, name) = world.launches().remove(0);
        assert_eq!(name, "S1");
        world.exit(id);
        let due = world.state.next_deadline(world.now.at);
        let wait = due.map_or(Duration::ZERO, |due| due.duration_since(world.now.at));
        waits.push(wait);
        if !wait.is_zero() {
            assert!(world.launches().is_empty());
            world.after(wait);
        }
    }
    assert!(waits[0].is_zero() && waits.is_sorted() && waits[5] > Duration::from_secs(1), "{waits:?}");
}

#[test]
fn one_whose_checks_fail_stays_listed_without_traffic_and_may_come_back() {
    let mut world = World::ready(2);
    let id = world.id("S1");
    world.apply(Input::Unhealthy { id, refused: false, why: "no answer".into() });
    assert_eq!((world.listed().len(), world.table()), (2, vec!["S2".to_owned()]));
    world.after(Duration::from_secs(9));
    world.apply(Input::Healthy(id));
    world.after(Duration::from_secs(100));
    assert_eq!(world.table(), ["S1", "S2"]);
}

#[test]
fn one_that_stays_down_for_ten_seconds_is_stopped_and_replaced() {
    let mut world = World::ready(2);
    let id = world.id("S1");
    world.apply(Input::Unhealthy { id, refused: false, why: "no answer".into() });
    world.after(Duration::from_secs(10));
    assert_eq!((world.stops(), world.listed()), (vec![id], vec!["S2".to_owned()]));
    world.all_ready();
    assert!(is_made_up(&world.listed()[1]));
}

fn recoveries(world: &World) -> Vec<Duration> {
    let recovered = world.effects.iter().filter_map(|effect| match effect {
        Effect::Recovered(took) => Some(*took),
        _ => None,
    });
    recovered.collect()
}

#[test]
fn a_recovery_is_timed_from_the_loss_to_the_seat_being_ready_again_whoever_sits_there() {
    let mut world = World::ready(2);
    assert!(recoveries(&world).is_empty(), "nothing was lost");
    world.exit(world.id("S1"));
    world.now.at += Duration::from_millis(700);
    world.all_ready();
    assert_eq!(recoveries(&world), [Duration::from_millis(700)]);
}

#[test]
fn one_that_hangs_until_it_is_replaced_is_lost_from_its_first_failed_check_on() {
    let mut world = World::ready(2);
    world.apply(Input::Unhealthy { id: world.id("S1"), refused: false, why: "no answer".into() });
    world.after(Duration::from_secs(10));
    world.now.at += Duration::from_secs(2);
    world.all_ready();
    assert_eq!(recoveries(&world), [Duration::from_secs(12)]);
}

#[test]
fn a_seat_counts_how_often_its_replica_was_launched_again_whatever_its_name() {
    let mut world = World::ready(2);
    let restarts = |world: &World| -> Vec<u64> {
        let mut views = world.state.snapshot().backends;
        views.sort_by_key(|view| view.seat);
        views.iter().map(|view| view.restarts).collect()
    };
    world.exit(world.id("S1"));
    assert_eq!(restarts(&world), [1, 0]);
    let (id, _) = world.launches()[0].clone();
    world.exit(id);
    assert_eq!(restarts(&world), [2, 0], "it died before it was ready");
}

#[test]
fn when_every_check_times_out_the_last_known_set_is_still_routed_to() {
    let mut world = World::ready(2);
    for name in ["S1", "S2"] {
        world.apply(Input::Unhealthy { id: world.id(name), refused: false, why: "no answer".into() });
    }
    assert_eq!(world.table(), ["S1", "S2"]);
    world.apply(Input::Unhealthy { id: world.id("S1"), refused: true, why: "connection refused".into() });
    assert_eq!(world.table(), ["S2"], "where nobody listens there is nothing to try");
}

#[test]
fn a_burst_of_refused_connects_asks_for_one_probe() {
    let mut world = World::ready(1);
    let id = world.id("S1");
    let probes = |world: &World| world.effects.iter().filter(|e| matches!(e, Effect::Probe { .. })).count();
    let refused = Sign { kind: SignKind::Refused, at: world.now.at };
    for _ in 0..100 {
        world.apply(Input::Suspected { id, sign: refused });
    }
    assert_eq!(probes(&world), 1);
    world.apply(Input::Cleared(id));
    world.apply(Input::Suspected { id, sign: refused });
    assert_eq!(probes(&world), 2);
    world.apply(Input::Suspected { id: BackendId(999), sign: refused });
    assert_eq!(probes(&world), 2, "of one that is gone already");
}

#[test]
fn a_backend_of_somebody_else_is_listed_always_never_picked_and_never_removed() {
    let mut config = config(2);
    config.backends = vec![StaticBackend::new("ext", "localhost:1")];
    let mut world = World::new(&config);
    world.all_ready();
    assert_eq!((world.listed(), world.table().len()), (["S1", "S2", "ext"].map(String::from).to_vec(), 2));
    let addr = SocketAddr::from(([127, 0, 0, 1], 1));
    world.apply(Input::Resolved { name: "ext".into(), addr });
    world.apply(Input::Healthy(world.id("ext")));
    assert_eq!(world.table().len(), 3);
    let call = world.remove(None, &["ext"]);
    assert_eq!(world.answer(call), Some(Err(ChangeError::NotAReplica("ext".into()))));
    world.remove(Some(100), &[]);
    assert_eq!(world.listed(), ["ext"]);
    let (old, other) = (world.id("ext"), SocketAddr::from(([127, 0, 0, 2], 1)));
    world.apply(Input::Resolved { name: "ext".into(), addr: other });
    assert_ne!(world.id("ext"), old, "another address is another incarnation");
    world.apply(Input::Unhealthy { id: world.id("ext"), refused: true, why: String::new() });
    world.after(Duration::from_secs(3600));
    assert!(world.stops().is_empty() || !world.stops().contains(&world.id("ext")));
    assert_eq!(world.listed(), ["ext"]);
}

#[test]
fn the_first_names_pass_over_those_of_backends() {
    let mut config = config(2);
    config.backends = vec![StaticBackend::new("S1", "localhost:1")];
    let mut world = World::new(&config);
    let names: Vec<_> = world.launches().into_iter().map(|(_, name)| name).collect();
    assert_eq!(names, ["S2", "S3"]);
}

#[test]
fn while_draining_nothing_is_replaced_added_or_removed() {
    let mut world = World::ready(2);
    world.apply(Input::BeginDrain);
    world.exit(world.id("S1"));
    let (add, remove) = (world.add(Some(1), &[]), world.remove(Some(1), &[]));
    assert_eq!(world.answer(add), Some(Err(ChangeError::Stopping)));
    assert_eq!(world.answer(remove), Some(Err(ChangeError::Stopping)));
    world.after(Duration::from_secs(100));
    assert!(world.launches().is_empty() && world.state.snapshot().draining);
    assert_eq!(world.listed(), ["S2"]);
}

#[test]
fn stop_answers_everybody_stops_everything_and_is_over_with_the_last_exit() {
    let mut world = World::ready(2);
    let waiting = world.add(None, &["A"]);
    world.remove(None, &["S2"]);
    world.launches();
    world.apply(Input::Stop);
    assert_eq!(world.answer(waiting), Some(Err(ChangeError::Stopping)));
    let stops = world.stops();
    assert_eq!(stops.iter().collect::<HashSet<_>>().len(), 3);
    for id in stops {
        assert!(!world.state.is_over());
        world.exit(id);
    }
    assert!(world.state.is_over());
}
