//! Tests of `ejection`: from which moment to which, and what is none.

use std::time::Duration;

use lb_core::backend::BackendId;

use crate::events::EventKind;
use crate::membership::state::world::World;
use crate::membership::state::{Effect, Input, Sign, SignKind};

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Two replicas, whose first table every worker has.
fn world() -> World {
    let mut world = World::ready(2);
    world.apply(Input::Applied(world.state.version));
    world.effects.clear();
    world
}

fn lost_request(world: &World) -> Sign {
    Sign { kind: SignKind::LostRequest, at: world.now.at }
}

/// Times and words of the ejections so far.
fn told(world: &World) -> (Vec<Duration>, Vec<String>) {
    let times = world.effects.iter().filter_map(|effect| match effect {
        Effect::Ejected(took) => Some(*took),
        _ => None,
    });
    let words = world.effects.iter().filter_map(|effect| match effect {
        Effect::Record { kind: EventKind::Ejected, name, detail, .. } => Some(format!("{name}: {detail}")),
        _ => None,
    });
    (times.collect(), words.collect())
}

fn down(world: &mut World, id: BackendId, refused: bool) {
    world.apply(Input::Unhealthy { id, refused, why: "connection refused".into() });
}

#[test]
fn an_ejection_lasts_from_the_first_sign_until_every_worker_has_the_table() {
    let mut world = world();
    let id = world.id("S1");
    world.apply(Input::Suspected { id, sign: lost_request(&world) });
    world.now.at += ms(3);
    world.apply(Input::Suspected { id, sign: Sign { kind: SignKind::Refused, at: world.now.at } });
    world.now.at += ms(4);
    down(&mut world, id, true);
    world.now.at += ms(2);
    world.apply(Input::Applied(world.state.version - 1));
    assert_eq!(told(&world).0, [], "a worker may still route to it");
    world.apply(Input::Applied(world.state.version));
    assert_eq!(told(&world), (vec![ms(9)], vec!["S1: 9.0 ms after a request was lost".to_owned()]));
    world.exit(id);
    world.apply(Input::Applied(world.state.version));
    assert_eq!(told(&world).0.len(), 1, "it is lost once");
}

#[test]
fn a_good_check_ends_what_a_sign_began() {
    let mut world = world();
    let id = world.id("S1");
    world.apply(Input::Suspected { id, sign: lost_request(&world) });
    world.apply(Input::Cleared(id));
    world.now.at += ms(60_000);
    world.exit(id);
    world.apply(Input::Applied(world.state.version));
    assert_eq!(told(&world), (vec![ms(0)], vec!["S1: 0.0 ms after it ended".to_owned()]));
}

#[test]
fn a_container_is_out_with_the_engines_event_and_not_with_what_is_found_out_about_its_end() {
    let mut world = world();
    let id = world.id("S1");
    let at = world.now.at;
    world.now.at += ms(1);
    world.apply(Input::Ending { id, at });
    assert_eq!(world.table(), ["S2"]);
    world.apply(Input::Applied(world.state.version));
    assert_eq!(told(&world).0, [ms(1)]);
    world.now.at += ms(100);
    world.exit(id);
    world.apply(Input::Applied(world.state.version));
    assert_eq!(told(&world).0, [ms(1)]);
    world.all_ready();
    assert_eq!(world.table().len(), 2, "its seat is taken again");
}

#[test]
fn whoever_is_removed_or_found_out_by_checks_alone_is_no_ejection() {
    let mut world = world();
    let (first, second) = (world.id("S1"), world.id("S2"));
    world.apply(Input::Suspected { id: first, sign: lost_request(&world) });
    world.remove(None, &["S1"]);
    down(&mut world, second, true);
    world.apply(Input::Applied(world.state.version));
    assert_eq!(told(&world).0, []);
}

#[test]
fn one_that_stays_in_the_table_because_the_checks_are_suspected_is_not_out() {
    let mut world = world();
    for name in ["S1", "S2"] {
        let id = world.id(name);
        world.apply(Input::Suspected { id, sign: lost_request(&world) });
        down(&mut world, id, false);
    }
    assert_eq!(world.table(), ["S1", "S2"], "fail open");
    world.apply(Input::Applied(world.state.version));
    assert_eq!(told(&world).1, ["S1: 0.0 ms after a request was lost"], "the first was out before the second failed");
}

#[test]
fn a_paused_one_is_out_with_the_pause() {
    let mut world = world();
    world.apply(Input::Paused { id: world.id("S1"), at: world.now.at });
    world.now.at += ms(1);
    world.apply(Input::Applied(world.state.version));
    assert_eq!(told(&world).1, ["S1: 1.0 ms after it was paused"]);
}
