//! A state that begins from what another has saved.

use super::super::Input;
use super::super::world::*;
use super::*;

/// What the last `Save` of a world said.
fn saved(world: &World) -> Saved {
    (**world.state.last_saved().expect("it saves from the beginning")).clone()
}

/// A world that begins from that, nothing answered yet.
fn go_on(config: &AdminConfig, saved: Saved) -> World {
    World::begin(config, Some(saved))
}

fn adoptions(world: &World) -> Vec<(u64, String, bool)> {
    let adopted = world.effects.iter().filter_map(|effect| match effect {
        Effect::Adopt { id, name, trace, .. } => Some((id.0, name.to_string(), trace.is_some())),
        _ => None,
    });
    adopted.collect()
}

fn sweeps(world: &World) -> Vec<Vec<BackendId>> {
    let swept = world.effects.iter().filter_map(|effect| match effect {
        Effect::Sweep(known) => Some(known.clone()),
        _ => None,
    });
    swept.collect()
}

#[test]
fn members_come_back_in_their_order_and_seats_under_their_names_and_are_ready_only_after_a_check() {
    let mut before = World::ready(3);
    before.exit(before.id("S1"));
    before.all_ready();
    let names = before.listed();
    let mut world = go_on(&config(7), saved(&before));
    assert_eq!(world.listed(), names);
    let asked = adoptions(&world);
    assert_eq!(asked.iter().map(|(_, name, _)| name.clone()).collect::<Vec<_>>(), names);
    assert!(asked.iter().all(|(_, _, has_trace)| *has_trace) && world.launches().is_empty());
    assert_eq!(sweeps(&world), [asked.iter().map(|(id, ..)| BackendId(*id)).collect::<Vec<_>>()]);
    assert!(world.table().is_empty());
    asked.iter().for_each(|(id, ..)| world.become_ready(BackendId(*id)));
    assert_eq!((world.table().len(), world.state.snapshot().target), (3, 3));
    for name in names {
        assert_eq!(world.seat(&name), before.seat(&name));
    }
}

#[test]
fn one_that_is_gone_is_replaced_under_a_new_name_in_its_seat() {
    let before = World::ready(2);
    let mut world = go_on(&config(2), saved(&before));
    world.exit(world.id("S1"));
    let launches = world.launches();
    assert!(launches.len() == 1 && is_made_up(&launches[0].1), "{launches:?}");
    assert!(launches[0].0.0 > saved(&before).last_id, "an id is never used twice");
    world.become_ready(launches[0].0);
    assert_eq!(world.seat(&launches[0].1), 1);
    assert_eq!(world.listed(), ["S2", &launches[0].1]);
}

#[test]
fn one_that_never_was_ready_is_launched_again_under_its_name() {
    let mut before = World::new(&config(1));
    let launches = before.launches();
    before.launched(launches[0].0);
    let mut world = go_on(&config(1), saved(&before));
    world.exit(launches[0].0);
    assert_eq!(world.launches()[0].1, "S1");
}

#[test]
fn what_a_pending_add_has_started_is_nobodys_after_a_restart() {
    let mut before = World::ready(1);
    before.add(Some(2), &["A"]);
    let started = before.launches();
    assert_eq!(started.len(), 2);
    let mut world = go_on(&config(1), saved(&before));
    assert_eq!(world.listed(), ["S1"]);
    assert_eq!(sweeps(&world), [[BackendId(1)]]);
    assert!(world.launches().is_empty());
    let call = world.add(None, &["A"]);
    let again = world.launches();
    assert!(again[0].0 > started[1].0, "a mark is never used twice");
    world.become_ready(again[0].0);
    assert_eq!(world.answer(call), Some(Ok(())));
    assert_eq!(world.seat("A"), 2, "its number was given back");
}

#[test]
fn a_removed_name_is_not_made_up_again_and_versions_grow() {
    let mut before = World::ready(2);
    before.remove(None, &["S2"]);
    let world = go_on(&config(2), saved(&before));
    assert!(world.state.names.is_used("S2"));
    assert_eq!(world.state.snapshot().target, 1, "the target was saved too");
    assert!(world.state.version > before.state.version);
}

#[test]
fn more_asked_for_than_were_left_are_added_under_names_never_used() {
    let mut before = World::ready(2);
    before.remove(None, &["S2"]);
    let config = AdminConfig { replicas_given: true, ..config(3) };
    let mut world = go_on(&config, saved(&before));
    let names: Vec<String> = world.launches().into_iter().map(|(_, name)| name).collect();
    assert_eq!(names, ["S3", "S4"]);
}

#[test]
fn backends_come_from_the_settings_alone_and_keep_their_seats() {
    let backend = |name: &str| StaticBackend {
        name: name.to_owned(),
        host: "127.0.0.1:1".to_owned(),
        weight: Weight::ONE,
        send_proxy: None,
    };
    let settings = |names: &[&str]| AdminConfig { backends: names.iter().map(|n| backend(n)).collect(), ..config(1) };
    let before = World::new(&settings(&["a", "b"]));
    assert_eq!((before.seat("a"), before.seat("b")), (2, 3));
    let world = go_on(&settings(&["b", "c"]), saved(&before));
    assert_eq!((world.seat("b"), world.seat("c")), (3, 2));
    assert_eq!(world.state.snapshot().members(), 3);
    // One that takes a replica's name takes its place in the list, not its seat.
    let world = go_on(&settings(&["S1"]), saved(&before));
    assert_eq!(world.state.snapshot().backends.iter().filter(|view| &*view.name == "S1").count(), 1);
    assert_eq!(world.state.supervised(), 1);
}

#[test]
fn under_assignment_the_slots_come_back_whatever_the_history() {
    let rule = lb_core::ring::Rule::Assignment { probing: lb_core::ring::Probing::Linear };
    let ring = lb_core::ring::RingConfig::new(rule, None, 0).expect("a good ring");
    let settings = AdminConfig { ring, ..config(20) };
    let mut before = World::new(&settings);
    before.all_ready();
    before.remove(None, &["S3", "S9", "S10"]);
    before.add(Some(2), &["A", "B"]);
    before.all_ready();
    let mut world = go_on(&settings, saved(&before));
    let owners = |world: &World| {
        let slots = &world.state.slots;
        (0..512).map(|slot| slots.owner(slot).map(|member| member.seat.number())).collect::<Vec<_>>()
    };
    assert_eq!(owners(&world), owners(&before));
    assert_eq!(before.state.numbers.give(), 23);
    assert_eq!(world.state.numbers.give(), 23);
}

#[test]
fn what_is_saved_comes_before_what_acts_on_it() {
    let mut world = World::ready(1);
    world.effects.clear();
    world.remove(None, &["S1"]);
    assert!(matches!(world.effects[0], Effect::Save { urgent: true, .. }), "{:?}", world.effects);
    world.effects.clear();
    world.apply(Input::Tick);
    assert!(world.effects.is_empty(), "nothing has changed: {:?}", world.effects);
}

#[test]
fn a_stop_forgets_the_members_unless_they_are_kept() {
    let mut world = World::ready(2);
    world.apply(Input::Stop);
    assert_eq!((saved(&world).members.len(), saved(&world).target), (0, None));
    assert_eq!(world.stops().len(), 2);

    let mut world = World::new(&AdminConfig { keep_replicas: true, ..config(2) });
    world.all_ready();
    world.add(None, &["A"]);
    let pending = world.launches()[0].0;
    world.apply(Input::Stop);
    assert_eq!((saved(&world).members.len(), saved(&world).target), (2, Some(2)));
    assert_eq!(world.stops(), [pending], "what was never agreed to isn't kept");
    let released = world.effects.iter().filter(|effect| matches!(effect, Effect::Release(_))).count();
    assert_eq!(released, 2);
}
