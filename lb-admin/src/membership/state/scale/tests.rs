//! The autoscaler's steps in the membership: which names come and go, and what it keeps its hands off.

use super::super::world::{World, config, is_made_up};
use super::super::*;
use crate::config::{AdminConfig, AutoscaleConfig};

fn world(replicas: u32) -> World {
    let autoscale =
        AutoscaleConfig { min: 1, max: 5, target_inflight: 20, target_cpu: None, cooldown: Duration::from_secs(30) };
    let mut world = World::new(&AdminConfig { autoscale: Some(autoscale), ..config(replicas) });
    world.all_ready();
    world
}

impl World {
    fn scale(&mut self, to: u32) {
        let changes = self.state.snapshot().changes;
        self.apply(Input::Scale { to, changes, why: "for a test".to_owned() });
        self.all_ready_now();
    }

    /// As `all_ready`, and the records of steps are kept.
    fn all_ready_now(&mut self) {
        for (id, _) in self.launches() {
            self.become_ready(id);
        }
    }

    fn steps(&mut self) -> Vec<String> {
        let (steps, others): (Vec<_>, Vec<_>) =
            self.effects.drain(..).partition(|effect| matches!(effect, Effect::Record { kind: EventKind::Scaled, .. }));
        self.effects = others.into();
        let detail = |effect| if let Effect::Record { detail, .. } = effect { Some(detail) } else { None };
        steps.into_iter().filter_map(detail).collect()
    }
}

#[test]
fn a_step_up_adds_made_up_names_that_count_when_they_are_ready() {
    let mut world = world(2);
    let changes = world.state.snapshot().changes;
    world.apply(Input::Scale { to: 4, changes, why: "90 in flight, target 20 each".to_owned() });
    assert_eq!((world.listed().len(), world.state.snapshot().target), (2, 4), "not listed before they are ready");
    world.all_ready_now();
    assert!(world.listed()[2..].iter().all(|name| is_made_up(name)), "{:?}", world.listed());
    assert_eq!(world.steps(), ["2 → 4: 90 in flight, target 20 each"]);
    assert_eq!(world.state.snapshot().scaled, Scaled { up: 1, down: 0 });
    assert_eq!(world.state.snapshot().changes, changes, "its own steps are no changes by hand");
}

#[test]
fn a_step_down_drains_the_newest_that_no_user_has_named() {
    let mut world = world(2);
    world.scale(3);
    let newest = world.listed()[2].clone();
    world.add(None, &["A"]);
    world.all_ready_now();
    world.scale(3);
    assert_eq!(world.listed(), ["S1", "S2", "A"], "not {newest}, which was the newest of ours");
    world.scale(2);
    assert_eq!(world.listed(), ["S1", "A"]);
    world.add(None, &["S1"]);
    world.steps();
    world.scale(1);
    assert_eq!(world.listed(), ["S1", "A"], "both were asked for by name");
    world.scale(1);
    assert_eq!(world.steps(), ["2 → 1 isn't possible: all that are left were named by a user; /rm takes them out"]);
}

#[test]
fn one_that_is_not_ready_goes_first() {
    let mut world = world(3);
    let down = world.id("S1");
    world.apply(Input::Unhealthy { id: down, refused: false, why: "no answer".into() });
    world.scale(2);
    assert_eq!(world.listed(), ["S2", "S3"]);
}

#[test]
fn a_step_that_was_decided_before_a_change_by_hand_is_let_be() {
    let mut world = world(2);
    let before = world.state.snapshot().changes;
    world.remove(None, &["S2"]);
    assert!(world.state.snapshot().changes > before);
    world.apply(Input::Scale { to: 3, changes: before, why: "too late".to_owned() });
    assert_eq!(world.state.snapshot().target, 1);
    let before = world.state.snapshot().changes;
    let call = world.add(Some(1), &[]);
    world.apply(Input::Scale { to: 1, changes: before, why: "too late".to_owned() });
    assert_eq!(world.state.snapshot().target, 2);
    let pending = world.state.snapshot().changes;
    world.all_ready_now();
    assert_eq!(world.answer(call), Some(Ok(())));
    assert!(world.state.snapshot().changes > pending, "it rests from the end of the call, not from its beginning");
}

#[test]
fn adding_beyond_the_autoscalers_max_is_refused_and_removing_below_its_min_is_not() {
    let mut world = world(4);
    let call = world.add(Some(2), &[]);
    let error = world.answer(call).expect("at once").expect_err("5 is the most");
    assert_eq!(error.to_string(), "n = 2: --autoscale allows at most max=5 replicas, 4 are there");
    assert!(error.is_callers_fault());
    let call = world.add(None, &["S1", "S2"]);
    assert_eq!(world.answer(call), Some(Ok(())), "adding those that are there is always fine");
    let call = world.remove(Some(4), &[]);
    assert_eq!((world.answer(call), world.listed().len()), (Some(Ok(())), 0));
    let gone = world.listed();
    world.scale(1);
    assert_eq!(world.listed().len(), 1);
    assert!(is_made_up(&world.listed()[0]) && !gone.contains(&world.listed()[0]), "a removed name never comes back");
}

#[test]
fn nothing_is_scaled_while_draining_or_without_autoscale() {
    let mut draining = world(2);
    draining.apply(Input::BeginDrain);
    draining.scale(4);
    assert_eq!(draining.state.snapshot().target, 2);
    let mut without = World::ready(2);
    without.scale(4);
    assert_eq!((without.state.snapshot().target, without.steps().len()), (2, 0));
}
