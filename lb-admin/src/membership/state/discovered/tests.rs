//! Tests of [`super`].

use std::net::SocketAddr;
use std::time::Duration;

use lb_core::ring::{Probing, RingConfig, Rule, diff as moves};

use super::*;
use crate::config::AdminConfig;
use crate::membership::command::ChangeError;
use crate::membership::state::world::{World, config};
use crate::membership::state::{Input, Watched};

fn tell(world: &mut World, texts: &[&str]) {
    let backends = texts.iter().map(|text| text.parse().expect("a backend")).collect();
    world.apply(Input::Discovered { source: Source::File, backends });
}

/// Answers every look-up and passes every check.
fn settle(world: &mut World) {
    let hosts: Vec<_> = drain(world, |effect| match effect {
        Effect::Resolve { name, host } => Some((name, host)),
        _ => None,
    });
    for (name, host) in hosts {
        let addr = host.replace('h', "10.0.0.1").parse().expect("an address");
        world.apply(Input::Resolved { name: Arc::clone(&name), addr });
        world.apply(Input::Healthy(world.id(&name)));
    }
    world.effects.clear();
}

fn drain<T>(world: &mut World, pick: impl Fn(Effect) -> Option<T>) -> Vec<T> {
    world.effects.drain(..).filter_map(pick).collect()
}

fn warnings(world: &mut World) -> Vec<String> {
    drain(world, |effect| if let Effect::Warn(text) = effect { Some(text) } else { None })
}

#[test]
fn what_is_told_comes_what_is_no_longer_told_goes_and_what_was_there_stays_as_it_was() {
    let mut world = World::ready(1);
    tell(&mut world, &["a=h:1", "b=h:2,weight=2"]);
    assert_eq!((world.listed(), world.table()), (["S1", "a", "b"].map(String::from).to_vec(), vec!["S1".to_owned()]));
    settle(&mut world);
    assert_eq!(world.table(), ["S1", "a", "b"]);
    let (replica, b) = (world.id("S1"), world.id("b"));
    tell(&mut world, &["c=h:3", "b=h:2,weight=2"]);
    assert_eq!(world.table(), ["S1", "b"], "out of the ring at once");
    let unwatched = world.effects.iter().filter(|effect| matches!(effect, Effect::Unwatch(_) | Effect::Unresolve(_)));
    assert_eq!(unwatched.count(), 2);
    settle(&mut world);
    assert_eq!(
        (world.table(), world.id("S1"), world.id("b")),
        (["S1", "b", "c"].map(String::from).to_vec(), replica, b)
    );
    let a = world.state.numbers.give();
    assert_eq!(a, 4, "c sits on the number that a gave back");
}

#[test]
fn sessions_at_one_that_left_may_finish_until_the_drain_deadline() {
    let mut world = World::new(&config(0));
    tell(&mut world, &["a=h:1"]);
    settle(&mut world);
    let a = world.id("a");
    tell(&mut world, &[]);
    world.after(Duration::from_secs(29));
    assert!(world.evictions().is_empty());
    world.after(Duration::from_secs(1));
    assert_eq!(world.evictions(), [a]);
}

#[test]
fn the_same_word_again_does_nothing() {
    let mut world = World::new(&config(0));
    tell(&mut world, &["a=h:1"]);
    settle(&mut world);
    let version = world.state.version;
    tell(&mut world, &["a=h:1"]);
    assert!(world.effects.is_empty());
    assert_eq!(world.state.version, version);
}

#[test]
fn another_weight_moves_slots_only_towards_or_away_from_that_backend() {
    let mut world = World::new(&config(0));
    tell(&mut world, &["a=h:1", "b=h:2", "c=h:3"]);
    settle(&mut world);
    let (before, ids) = (world.state.snapshot(), ["a", "b", "c"].map(|name| world.id(name)));
    tell(&mut world, &["a=h:1", "b=h:2,weight=3", "c=h:3"]);
    let after = world.state.snapshot();
    assert_eq!(["a", "b", "c"].map(|name| world.id(name)), ids, "nobody is a new incarnation");
    let [before, moved] = [before, after.clone()].map(|now| Arc::clone(&now.history.newest().owners));
    let moved = moves(&before, &moved).expect("one rule, one size");
    let b = after.backends.iter().find(|view| &*view.name == "b").expect("it is there");
    let b_seat = b.backend.as_ref().expect("it has an address").seat;
    assert!(!moved.moves.is_empty());
    assert!(moved.moves.iter().all(|each| each.to == Some(b_seat)), "{:?}", moved.moves);
    assert_eq!((b.weight.thousandths(), world.table().len()), (3000, 3));
}

#[test]
fn another_check_is_asked_from_now_on_and_the_backend_stays_in_the_ring() {
    let mut world = World::new(&config(0));
    tell(&mut world, &["a=h:1"]);
    settle(&mut world);
    let a = world.id("a");
    tell(&mut world, &["a=h:1,check=/up,check-port=9"]);
    let watch = drain(&mut world, |effect| if let Effect::Watch(watched) = effect { Some(watched) } else { None });
    let [Watched { backend, own_check, up: true, supervised: false, .. }] = &watch[..] else { panic!("{watch:?}") };
    assert_eq!((backend.id, own_check.port, world.table()), (a, Some(9), vec!["a".to_owned()]));
    world.apply(Input::Healthy(a));
    assert!(world.effects.is_empty(), "it was known to be up");
    world.apply(Input::Unhealthy { id: a, refused: true, why: String::new() });
    tell(&mut world, &["a=h:1"]);
    world.apply(Input::Healthy(a));
    assert_eq!(world.table(), ["a"]);
}

#[test]
fn another_address_is_another_incarnation_once_it_is_known() {
    let mut world = World::new(&config(0));
    tell(&mut world, &["a=h:1"]);
    settle(&mut world);
    let old = world.id("a");
    tell(&mut world, &["a=h:2"]);
    assert_eq!((world.id("a"), world.table()), (old, vec!["a".to_owned()]), "not looked up yet");
    settle(&mut world);
    assert_ne!(world.id("a"), old);
    let backend = Arc::clone(&world.state.routable()[0]);
    assert_eq!(backend.addr, SocketAddr::from(([10, 0, 0, 1], 2)));
    tell(&mut world, &["a=h:2,send-proxy=v2"]);
    assert_ne!(world.id("a"), backend.id, "its connections begin otherwise");
    world.after(Duration::from_secs(30));
    assert_eq!(world.evictions(), [old, backend.id]);
}

#[test]
fn a_name_that_is_taken_is_passed_over_said_once_and_had_when_it_is_free() {
    let mut config = config(1);
    config.backends = vec![StaticBackend::new("ext", "h:9")];
    let mut world = World::new(&config);
    world.all_ready();
    world.effects.clear();
    tell(&mut world, &["S1=h:1", "ext=h:2", "a=h:3"]);
    let warned = warnings(&mut world);
    assert_eq!(warned.len(), 2, "{warned:?}");
    assert!(warned[0].contains("'S1' is left out: a replica") && warned[1].contains("'ext' is left out: another"));
    for _ in 0..3 {
        tell(&mut world, &["S1=h:1", "ext=h:2", "a=h:3"]);
    }
    assert!(warnings(&mut world).is_empty());
    assert_eq!(world.listed(), ["S1", "ext", "a"]);
    world.remove(None, &["S1"]);
    tell(&mut world, &["S1=h:1", "ext=h:2", "a=h:3"]);
    assert_eq!(world.listed(), ["ext", "a", "S1"]);
}

#[test]
fn what_the_ring_does_not_take_is_passed_over() {
    let ring = RingConfig::new(Rule::Assignment { probing: Probing::Linear }, None, 0).expect("a ring");
    let mut world = World::new(&AdminConfig { ring, ..config(0) });
    let texts: Vec<String> = (1..=60).map(|n| format!("b{n}=h:{n}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    tell(&mut world, &texts);
    let warned = warnings(&mut world);
    assert_eq!((world.listed().len(), warned.len()), (56, 4), "{warned:?}");
    assert!(warned[0].contains("'b57' is left out") && warned[0].contains("ring full"), "{warned:?}");
    tell(&mut world, &["b1=h:1,weight=2"]);
    let warned = warnings(&mut world);
    assert!(warned.len() == 1 && warned[0].contains("'b1' keeps its weight"), "{warned:?}");
    tell(&mut world, &["b1=h:1,weight=2"]);
    assert!(warnings(&mut world).is_empty(), "once");
}

#[test]
fn rm_takes_none_of_them() {
    let mut world = World::ready(1);
    tell(&mut world, &["a=h:1"]);
    let call = world.remove(None, &["a"]);
    assert_eq!(world.answer(call), Some(Err(ChangeError::NotAReplica("a".into()))));
    world.remove(Some(9), &[]);
    assert_eq!(world.listed(), ["a"]);
}

#[test]
fn while_draining_the_set_stays_as_it_is() {
    let mut world = World::ready(1);
    tell(&mut world, &["a=h:1"]);
    world.apply(Input::BeginDrain);
    tell(&mut world, &["b=h:1"]);
    assert_eq!(world.listed(), ["S1", "a"]);
}

#[test]
fn what_the_file_said_first_is_there_from_the_start() {
    let file = crate::config::BackendsFile { path: "unused".into(), backends: vec![StaticBackend::new("a", "h:1")] };
    let world = World::new(&AdminConfig { backends_file: Some(file), ..config(0) });
    assert_eq!(world.listed(), ["a"]);
    assert!(world.effects.iter().any(|effect| matches!(effect, Effect::Resolve { .. })));
}
