//! Tests of [`super`].

use std::time::Duration;

use lb_core::backend::BackendId;
use proptest::prelude::*;

use super::*;
use crate::config::AdminConfig;
use crate::membership::state::Input;
use crate::membership::state::world::{World, config};

fn hang(world: &mut World, names: &[&str]) {
    for name in names {
        world.apply(Input::Unhealthy { id: world.id(name), refused: false, why: "no answer".into() });
    }
}

fn recorded(world: &World, wanted: EventKind) -> usize {
    world.effects.iter().filter(|effect| matches!(effect, Effect::Record { kind, .. } if *kind == wanted)).count()
}

#[test]
fn up_to_half_of_the_members_are_taken_out_and_with_one_more_all_that_hang_are_back() {
    let mut world = World::ready(4);
    hang(&mut world, &["S1", "S2"]);
    assert_eq!(world.table(), ["S3", "S4"]);
    hang(&mut world, &["S3"]);
    assert_eq!(world.table(), ["S1", "S2", "S3", "S4"]);
    let snapshot = world.state.snapshot();
    assert_eq!((snapshot.fails_open, snapshot.fail_opens, snapshot.ready()), (true, 1, 1));
    hang(&mut world, &["S4"]);
    assert_eq!(recorded(&world, EventKind::FailOpen), 1, "said once");
    for name in ["S4", "S3"] {
        world.apply(Input::Healthy(world.id(name)));
    }
    assert_eq!((world.table(), recorded(&world, EventKind::FailOpenEnded)), (vec!["S3".into(), "S4".into()], 1));
    assert!(!world.state.snapshot().fails_open);
}

#[test]
fn whoever_refuses_or_has_ended_or_was_never_up_is_not_put_back() {
    let mut world = World::ready(4);
    hang(&mut world, &["S1", "S2", "S3"]);
    world.apply(Input::Unhealthy { id: world.id("S1"), refused: true, why: "connection refused".into() });
    assert_eq!(world.table(), ["S4"], "two of four hang: no more than half");
    hang(&mut world, &["S4"]);
    assert_eq!(world.table(), ["S2", "S3", "S4"]);
    world.exit(world.id("S2"));
    let replacement = world.launches().remove(0).0;
    world.launched(replacement);
    assert_eq!(world.table(), ["S3", "S4"], "the replacement had no good check yet");
}

#[test]
fn one_that_hung_and_then_refuses_is_out_although_nobody_else_is_left() {
    let mut world = World::ready(1);
    hang(&mut world, &["S1"]);
    assert_eq!(world.table(), ["S1"]);
    world.apply(Input::Unhealthy { id: world.id("S1"), refused: true, why: "connection refused".into() });
    assert!(world.table().is_empty());
}

#[test]
fn with_a_hundred_percent_only_the_last_one_is_kept() {
    let mut world = World::new(&AdminConfig { max_ejected_percent: 100, ..config(3) });
    world.all_ready();
    hang(&mut world, &["S1", "S2"]);
    assert_eq!(world.table(), ["S3"]);
    hang(&mut world, &["S3"]);
    assert_eq!(world.table(), ["S1", "S2", "S3"]);
}

/// Were they all stopped after their ten seconds, a slow checker would stop the whole pool.
#[test]
fn while_the_checks_are_suspected_hung_replicas_are_replaced_one_at_a_time() {
    let mut world = World::ready(3);
    hang(&mut world, &["S1", "S2", "S3"]);
    world.after(Duration::from_secs(10));
    let first = world.stops();
    assert_eq!(first.len(), 1);
    world.exit(first[0]);
    let replacement = world.launches().remove(0).0;
    world.launched(replacement);
    for _ in 0..5 {
        world.after(Duration::from_secs(10));
        assert!(world.stops().is_empty(), "the replacement has passed no check either");
        assert_eq!(world.table(), ["S2", "S3"]);
        let due = world.state.next_deadline(world.now.at);
        assert!(due.is_none_or(|due| due > world.now.at), "nobody is woken for what must wait");
    }
    world.apply(Input::Healthy(replacement));
    world.after(Duration::ZERO);
    assert_eq!(world.stops().len(), 1, "the next one");
    world.all_ready();
    world.after(Duration::ZERO);
    assert_eq!(world.stops().len(), 1, "and the last");
    world.all_ready();
    assert_eq!((world.table().len(), world.state.snapshot().fails_open), (3, false));
}

#[test]
fn few_that_hang_are_replaced_without_waiting_for_each_other() {
    let mut world = World::ready(5);
    hang(&mut world, &["S1", "S2"]);
    world.after(Duration::from_secs(10));
    assert_eq!(world.stops().len(), 2);
}

#[test]
fn an_add_that_waits_for_its_companions_is_no_member_yet() {
    let mut world = World::ready(1);
    world.add(None, &["A", "B"]);
    let a = world.launches()[0].0;
    world.become_ready(a);
    world.apply(Input::Unhealthy { id: a, refused: false, why: "no answer".into() });
    assert_eq!((world.table(), world.state.snapshot().fails_open), (vec!["S1".to_owned()], false));
}

#[test]
fn the_end_of_the_process_is_no_end_of_a_suspicion() {
    let mut world = World::ready(1);
    hang(&mut world, &["S1"]);
    world.effects.clear();
    world.apply(Input::Stop);
    assert!(!world.effects.iter().any(|effect| matches!(effect, Effect::Publish(_))));
    assert_eq!(recorded(&world, EventKind::FailOpenEnded), 0);
}

/// What the checks have said of one.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Said {
    Starting,
    Good,
    Hung,
    Refused,
}

fn said() -> impl Strategy<Value = Said> {
    prop_oneof![Just(Said::Starting), Just(Said::Good), Just(Said::Hung), Just(Said::Refused)]
}

proptest! {
    #[test]
    fn checks_that_time_out_never_empty_the_ring_and_nobody_who_refuses_is_in_it(
        said in proptest::collection::vec(said(), 1..10),
        max_ejected_percent in 0..=100_u32,
    ) {
        let mut world = World::new(&AdminConfig { max_ejected_percent, ..config(said.len() as u32) });
        let launches = world.launches();
        for ((id, _), said) in launches.iter().zip(&said) {
            world.launched(*id);
            if *said != Said::Starting {
                world.apply(Input::Healthy(*id));
            }
        }
        for ((id, _), said) in launches.iter().zip(&said) {
            if matches!(said, Said::Hung | Said::Refused) {
                world.apply(Input::Unhealthy { id: *id, refused: *said == Said::Refused, why: String::new() });
            }
        }
        let ids = |wanted: Said| -> Vec<BackendId> {
            launches.iter().zip(&said).filter(|(_, said)| **said == wanted).map(|((id, _), _)| *id).collect()
        };
        let routable: Vec<BackendId> = world.state.routable().iter().map(|backend| backend.id).collect();
        let (good, hung) = (ids(Said::Good), ids(Said::Hung));
        prop_assert!(good.iter().all(|id| routable.contains(id)));
        let hung_in = hung.iter().filter(|id| routable.contains(id)).count();
        prop_assert!(hung_in == 0 || hung_in == hung.len(), "all of them or none");
        prop_assert_eq!(routable.len(), good.len() + hung_in, "nobody else");
        prop_assert!(!routable.is_empty() || hung.is_empty());
        let share_out = (hung.len() - hung_in) * 100;
        prop_assert!(share_out <= said.len() * max_ejected_percent as usize, "never more than may be");
    }
}
