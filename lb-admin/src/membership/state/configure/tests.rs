//! Other settings while it runs: what they change, what they leave alone, and that they are one word.

use std::net::SocketAddr;

use super::*;
use crate::config::{Check, CheckKind};
use crate::membership::state::world::{World, config};
use crate::membership::state::{Input, Watched};
use crate::reload::fixed::settings;

fn backends(texts: &[&str]) -> Settings {
    Settings { backends: texts.iter().map(|text| text.parse().expect("a backend")).collect(), ..settings() }
}

/// What came of it.
fn configure(world: &mut World, settings: Settings) -> Result<(), ChangeError> {
    world.effects.clear();
    world.apply(Input::Configure(99, Box::new(settings)));
    let mut answers = world.effects.iter().filter_map(|effect| match effect {
        Effect::Answer(99, result) => Some(result.clone()),
        _ => None,
    });
    answers.next_back().expect("an answer")
}

/// One replica, and these backends with their addresses.
fn world(texts: &[&str]) -> World {
    let config = config(1);
    let mut world = World::new(&crate::config::AdminConfig { backends: backends(texts).backends, ..config });
    world.all_ready();
    for text in texts {
        come_up(&mut world, text);
    }
    world
}

fn come_up(world: &mut World, text: &str) {
    let (name, host) = text.split(',').next().and_then(|text| text.split_once('=')).expect("NAME=HOST");
    let addr: SocketAddr = host.replace('h', "10.0.0.1").parse().expect("an address");
    world.apply(Input::Resolved { name: name.into(), addr });
    world.apply(Input::Healthy(world.id(name)));
}

fn weight(world: &World, name: &str) -> u32 {
    let index = world.state.index_of_name(name).expect("it is there");
    world.state.places[index].weight.thousandths()
}

#[test]
fn backends_come_change_and_go_with_the_settings() {
    let mut world = world(&["a=h:1", "b=h:2"]);
    let a = world.id("a");
    assert_eq!(configure(&mut world, backends(&["a=h:1,weight=2", "c=h:3"])), Ok(()));
    come_up(&mut world, "c=h:3");
    assert_eq!(world.table(), ["S1", "a", "c"]);
    assert_eq!((world.id("a"), weight(&world, "a")), (a, 2000));
}

#[test]
fn what_the_api_has_set_stays_as_long_as_the_settings_say_nothing_else_than_before() {
    let mut world = world(&["a=h:1"]);
    let index = world.state.index_of_name("a").expect("it is there");
    world.state.places[index].weight = lb_core::backend::Weight::parse("3").expect("a weight");
    assert_eq!(configure(&mut world, backends(&["a=h:1"])), Ok(()));
    assert_eq!(weight(&world, "a"), 3000);
    assert_eq!(configure(&mut world, backends(&["a=h:1,weight=2"])), Ok(()));
    assert_eq!(weight(&world, "a"), 2000);
}

#[test]
fn settings_that_do_not_go_with_what_is_there_change_nothing() {
    let mut world = world(&["a=h:1"]);
    let wrong = Settings { max_ejected_percent: 7, ..backends(&["b=h:2", "S1=h:3"]) };
    let before = (world.state.limits.max_ejected_percent, world.listed());
    let refused = configure(&mut world, wrong).expect_err("a replica has that name");
    assert_eq!(refused.to_string(), "--backend 'S1' is left out: a replica has that name; nothing was changed");
    assert_eq!((world.state.limits.max_ejected_percent, world.listed()), before);
    assert!(!world.effects.iter().any(|effect| matches!(effect, Effect::Record { .. } | Effect::Resolve { .. })));
}

#[test]
fn other_checks_are_put_to_everybody_and_who_is_up_stays_up() {
    let mut world = world(&["a=h:1"]);
    let check = |path: &str| Check::new(CheckKind::Http(path.to_owned()));
    let checks = Some((check("/r"), check("/b")));
    assert_eq!(configure(&mut world, Settings { checks, ..backends(&["a=h:1"]) }), Ok(()));
    let by = world.effects.iter().position(|effect| matches!(effect, Effect::CheckBy { .. })).expect("new checks");
    let watched = world.effects.iter().enumerate().filter_map(|(index, effect)| match effect {
        Effect::Watch(Watched { up: true, .. }) => Some(index),
        _ => None,
    });
    let watched: Vec<usize> = watched.collect();
    assert!(watched.len() == 2 && watched.iter().all(|index| *index > by), "{:?}", world.effects);
    assert_eq!(world.table(), ["S1", "a"]);
}

#[test]
fn another_number_of_replicas_is_a_target_and_none_said_leaves_it_alone() {
    let mut world = World::ready(3);
    assert_eq!(configure(&mut world, Settings { replicas: Some(1), ..settings() }), Ok(()));
    assert_eq!((world.listed().len(), world.state.supervised()), (1, 1));
    assert_eq!(configure(&mut world, Settings { replicas: Some(4), ..settings() }), Ok(()));
    assert_eq!(world.state.supervised(), 4);
    assert_eq!(configure(&mut world, settings()), Ok(()));
    assert_eq!(world.state.supervised(), 4);
    let too_many = configure(&mut world, Settings { replicas: Some(100_000), ..settings() });
    assert!(matches!(too_many, Err(ChangeError::OverCap { .. })), "{too_many:?}");
}

#[test]
fn while_it_drains_nothing_is_changed() {
    let mut world = World::ready(1);
    world.apply(Input::BeginDrain);
    assert_eq!(configure(&mut world, Settings { replicas: Some(2), ..settings() }), Err(ChangeError::Stopping));
}
