//! Tests of `pause`: out at once, back after a good check, replaced when it lasts.

use std::time::Duration;

use lb_core::backend::BackendState;

use super::PAUSED_PATIENCE;
use crate::membership::state::world::{World, config};
use crate::membership::state::{Effect, Input};

#[test]
fn a_paused_replica_gets_no_sessions_and_is_back_after_a_good_check() {
    let mut world = World::ready(2);
    let id = world.id("S1");
    world.apply(Input::Paused { id, at: world.now.at });
    assert_eq!((world.table(), world.listed().len()), (vec!["S2".to_owned()], 2));
    assert_eq!(world.state.snapshot().backends[0].state, BackendState::Down);
    world.apply(Input::Cleared(id));
    assert_eq!(world.table(), ["S2"], "a check that was answered before the pause says nothing");
    world.effects.clear();
    world.apply(Input::Resumed(id));
    assert!(world.effects.iter().any(|effect| matches!(effect, Effect::Probe { id: probed, .. } if *probed == id)));
    assert_eq!(world.table(), ["S2"], "not before it has answered");
    world.apply(Input::Cleared(id));
    assert_eq!(world.table(), ["S1", "S2"]);
    world.after(PAUSED_PATIENCE * 2);
    assert!(world.stops().is_empty(), "the pause is over");
}

#[test]
fn one_that_stays_paused_is_stopped_and_replaced() {
    let mut world = World::ready(2);
    let id = world.id("S1");
    world.apply(Input::Paused { id, at: world.now.at });
    assert_eq!(world.state.next_deadline(world.now.at), Some(world.now.at + PAUSED_PATIENCE));
    world.after(PAUSED_PATIENCE - Duration::from_millis(1));
    assert!(world.stops().is_empty());
    world.after(Duration::from_millis(1));
    assert_eq!((world.stops(), world.listed()), (vec![id], vec!["S2".to_owned()]));
    world.all_ready();
    assert_eq!(world.table().len(), 2);
}

#[test]
fn where_all_are_paused_they_are_routed_to_all_the_same() {
    let mut world = World::ready(1);
    world.apply(Input::Paused { id: world.id("S1"), at: world.now.at });
    assert_eq!(world.table(), ["S1"]);
}

#[test]
fn a_resumed_replica_whose_checks_fail_is_down_and_comes_back_by_them() {
    let mut world = World::ready(2);
    let id = world.id("S1");
    world.apply(Input::Paused { id, at: world.now.at });
    world.apply(Input::Resumed(id));
    world.apply(Input::Unhealthy { id, refused: true, why: "connection refused".into() });
    assert_eq!(world.table(), ["S2"]);
    world.apply(Input::Healthy(id));
    assert_eq!(world.table(), ["S1", "S2"]);
}

#[test]
fn an_add_waits_for_one_of_its_replicas_that_is_paused() {
    let mut world = World::new(&config(0));
    let call = world.add(None, &["A"]);
    let (id, _) = world.launches().remove(0);
    world.launched(id);
    world.apply(Input::Paused { id, at: world.now.at });
    world.apply(Input::Healthy(id));
    assert_eq!(world.answer(call), None);
    world.apply(Input::Resumed(id));
    world.apply(Input::Cleared(id));
    assert_eq!((world.answer(call), world.table()), (Some(Ok(())), vec!["A".to_owned()]));
}

#[test]
fn a_replica_that_drains_gives_up_its_name_and_one_that_is_stopped_at_once_needs_not() {
    let mut world = World::ready(2);
    let id = world.id("S1");
    world.remove(None, &["S1"]);
    let retired = |world: &World| world.effects.iter().filter(|effect| matches!(effect, Effect::Retire(_))).count();
    assert!(world.effects.iter().any(|effect| matches!(effect, Effect::Retire(retired) if *retired == id)));
    world.effects.clear();
    world.apply(Input::Stop);
    assert_eq!(retired(&world), 0);
}
