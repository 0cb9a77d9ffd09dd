//! When there is another mapping, and when there isn't.

use std::time::Duration;

use super::super::world::{World, config};
use super::super::{Input, Source};
use super::*;
use crate::config::{AdminConfig, StaticBackend};
use crate::membership::saved::Saved;

fn epoch_and_cause(world: &World) -> (u64, String) {
    let newest = world.state.history.newest();
    (newest.epoch, newest.cause.clone())
}

fn saved(world: &World) -> Saved {
    (**world.state.last_saved().expect("written down at the start")).clone()
}

#[test]
fn the_start_is_the_first_mapping() {
    let world = World::ready(3);
    assert_eq!(epoch_and_cause(&world), (1, "start".to_owned()));
    let newest = world.state.history.newest();
    assert_eq!((newest.diff.moved, newest.members.len(), world.state.history.iter().count()), (1024, 3, 1));
}

#[test]
fn an_add_is_a_new_epoch_when_it_is_decided_and_none_when_it_is_taken_back() {
    let mut world = World::ready(3);
    world.add(None, &["a", "b"]);
    assert_eq!(epoch_and_cause(&world).0, 1, "nobody owns anything yet that is only asked for");
    world.all_ready();
    assert_eq!(epoch_and_cause(&world), (2, "add a b".to_owned()));
    let moved = &world.state.history.newest().diff;
    assert_eq!(moved.unnecessary, 0);
    assert!((f64::from(moved.moved) / moved.ideal - 1.0).abs() < 0.2, "{} of {}", moved.moved, moved.ideal);

    world.add(None, &["c"]);
    world.after(Duration::from_secs(9));
    assert_eq!(epoch_and_cause(&world).0, 2, "taken back");
}

#[test]
fn removals_asked_for_together_are_one_epoch() {
    let mut world = World::ready(4);
    let remove = |call, name: &str| {
        Input::Remove(call, crate::membership::command::Remove { n: None, hostnames: vec![name.to_owned()] })
    };
    let effects = world.state.apply_all(vec![remove(8, "S1"), remove(9, "S2")], world.now);
    assert_eq!(epoch_and_cause(&world), (2, "rm S1; rm S2".to_owned()));
    let said = effects.iter().filter(|effect| matches!(effect, Effect::Record { kind: EventKind::Mapped, .. }));
    assert_eq!(said.count(), 1);
}

#[test]
fn a_death_and_a_replacement_are_no_new_epoch_but_the_seat_has_another_name() {
    let mut world = World::ready(3);
    world.exit(world.id("S1"));
    world.all_ready();
    assert_eq!(epoch_and_cause(&world).0, 1);
    let newest = world.state.history.newest();
    assert!(newest.members.iter().all(|member| *member.name != *"S1"));
    assert_eq!(newest.members[2].seat.number(), 1, "the replacement comes last");
}

#[test]
fn a_discovered_set_is_one_epoch_and_its_cause_says_who_came_and_went() {
    let mut world = World::ready(1);
    let told = |names: &[&str]| Input::Discovered {
        source: Source::File,
        backends: names.iter().map(|name| StaticBackend::new(name, "h:80")).collect(),
    };
    world.apply(told(&["a", "b"]));
    assert_eq!(epoch_and_cause(&world), (2, "--backends-file: +a +b".to_owned()));
    world.apply(told(&["b", "c"]));
    assert_eq!(epoch_and_cause(&world), (3, "--backends-file: +c -a".to_owned()));
    world.apply(told(&["b", "c"]));
    assert_eq!(epoch_and_cause(&world).0, 3);
}

#[test]
fn a_step_of_the_autoscaler_is_an_epoch() {
    let cooldown = Duration::from_secs(1);
    let autoscale = crate::config::AutoscaleConfig { min: 1, max: 9, target_inflight: 1, target_cpu: None, cooldown };
    let mut world = World::new(&AdminConfig { autoscale: Some(autoscale), ..config(2) });
    world.all_ready();
    world.apply(Input::Scale { to: 3, changes: world.state.changes, why: "20 in flight".into() });
    assert_eq!(epoch_and_cause(&world), (2, "autoscale 2 -> 3: 20 in flight".to_owned()));
}

#[test]
fn no_number_comes_twice_over_restarts_killed_or_stopped() {
    let mut world = World::ready(2);
    world.remove(None, &["S1"]);
    let killed = World::begin(&config(2), Some(saved(&world)));
    assert_eq!(epoch_and_cause(&killed), (3, "start".to_owned()));
    world.apply(Input::Stop);
    assert_eq!(world.state.history.newest().epoch, 2, "a stop is no mapping");
    let stopped = World::begin(&config(2), Some(saved(&world)));
    assert_eq!(epoch_and_cause(&stopped).0, 3);
}

#[test]
fn of_many_names_some_are_said() {
    let mut world = World::ready(1);
    world.add_waiting(Some(12), &[], Duration::ZERO);
    assert!(epoch_and_cause(&world).1.ends_with(" and 4 more"), "{:?}", epoch_and_cause(&world));
}
