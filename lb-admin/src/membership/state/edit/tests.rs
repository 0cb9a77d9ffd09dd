//! What changes about one that keeps its seat.

use super::super::world::{World, config};
use super::super::{Input, Moment};
use super::*;
use crate::config::{AdminConfig, StaticBackend};
use crate::events::EventKind;
use crate::membership::change::Change;
use crate::membership::saved::Saved;

fn edit(name: &str, edit: Edit) -> Change {
    Change::Edit { name: name.to_owned(), edit }
}

fn drained(name: &str, drained: bool) -> Change {
    edit(name, Edit { drained: Some(drained), ..Edit::default() })
}

fn weighted(name: &str, weight: &str) -> Change {
    edit(name, Edit { weight: Weight::parse(weight).ok(), ..Edit::default() })
}

fn limited(name: &str, most: u32) -> Change {
    edit(name, Edit { max_connections: Some(most), ..Edit::default() })
}

fn saved(world: &World) -> Saved {
    (**world.state.last_saved().expect("written down")).clone()
}

fn limits(world: &mut World) -> Vec<PlaceLimits> {
    let limits = world.effects.drain(..).filter_map(|effect| match effect {
        Effect::Limit { limits, .. } => Some(limits),
        _ => None,
    });
    limits.collect()
}

#[test]
fn who_is_drained_gets_no_new_sessions_and_owns_nothing_but_is_checked_and_listed() {
    let mut world = World::ready(3);
    let id = world.id("S2");
    let call = world.change(drained("S2", true));
    assert_eq!(world.answer(call), Some(Ok(())));
    assert_eq!(world.table(), ["S1", "S3"]);
    let mapping = world.mapping();
    assert_eq!((mapping.epoch, &*mapping.cause, mapping.diff.unnecessary), (2, "drain S2", 0));
    assert!(mapping.owners.shares().iter().all(|share| share.member.seat.number() != 2));
    assert_eq!((world.listed().len(), world.stops().len(), world.state.snapshot().ready()), (3, 0, 2));
    assert!(!world.effects.iter().any(|effect| matches!(effect, Effect::Unwatch(_))));

    let call = world.change(drained("S2", false));
    assert_eq!((world.answer(call), world.id("S2"), world.table().len()), (Some(Ok(())), id, 3));
    assert_eq!((world.mapping().epoch, &*world.mapping().cause), (3, "undrain S2"));
}

#[test]
fn nothing_new_is_no_new_epoch() {
    let mut world = World::ready(2);
    for change in [drained("S1", false), weighted("S1", "1")] {
        let call = world.change(change);
        assert_eq!((world.answer(call), world.mapping().epoch), (Some(Ok(())), 1));
    }
}

#[test]
fn all_drained_is_nobody() {
    let mut world = World::ready(2);
    world.change(drained("S1", true));
    world.change(drained("S2", true));
    assert!(world.table().is_empty());
    assert!(world.mapping().diff.moves.iter().all(|step| step.to.is_none()));
}

#[test]
fn a_drained_seat_heals_and_its_replacement_is_drained_too() {
    let mut world = World::ready(2);
    world.change(drained("S1", true));
    world.exit(world.id("S1"));
    world.all_ready();
    assert_eq!((world.table(), world.listed().len()), (vec!["S2".to_owned()], 2));
}

#[test]
fn the_drained_are_not_suspected_with_the_others() {
    let mut world = World::ready(4);
    for name in ["S1", "S2"] {
        world.change(drained(name, true));
        let id = world.id(name);
        world.apply(Input::Unhealthy { id, refused: false, why: "no answer".into() });
    }
    let id = world.id("S3");
    world.apply(Input::Unhealthy { id, refused: false, why: "no answer".into() });
    assert!(!world.state.snapshot().fails_open, "one of two is out");
    assert_eq!(world.table(), ["S4"]);
}

#[test]
fn a_weight_moves_slots_and_an_impossible_one_changes_nothing() {
    let mut world = World::ready(3);
    world.change(weighted("S1", "2"));
    let share = world.mapping().owners.shares();
    let slots = share.iter().find(|share| share.member.seat.number() == 1).expect("it is there").slots;
    assert!((460..=560).contains(&slots), "half of 1024, not {slots}");
    assert_eq!(&*world.mapping().cause, "weight S1 1 -> 2");

    let ring = lb_core::ring::Rule::Assignment { probing: lb_core::ring::Probing::Linear };
    let ring = lb_core::ring::RingConfig::new(ring, None, 0).expect("512 slots");
    let mut world = World::new(&AdminConfig { ring, ..config(2) });
    world.all_ready();
    let both = Edit { weight: Some(Weight::MAX), drained: Some(true), max_connections: None };
    let call = world.change(edit("S1", both));
    let error = world.answer(call).expect("answered").expect_err("assignment has no weights");
    assert!(error.to_string().starts_with("'S1' keeps its weight: --hash assignment"), "{error}");
    assert_eq!((world.mapping().epoch, world.table().len()), (1, 2), "not drained either");
}

#[test]
fn a_limit_is_set_where_it_is_and_for_those_who_come_into_the_seat() {
    let mut world = World::ready(2);
    world.effects.clear();
    world.change(limited("S1", 7));
    assert_eq!(limits(&mut world), [PlaceLimits { places: 7, waiting: 1024 }]);
    assert_eq!(&*world.mapping().cause, "max_connections S1 7");
    world.exit(world.id("S1"));
    world.all_ready();
    let limit = |world: &World| {
        let snapshot = world.state.snapshot();
        let backend = snapshot.backends.iter().find(|view| view.seat == 1).and_then(|view| view.backend.clone());
        backend.expect("it has an address").places().and_then(|places| places.limit())
    };
    assert_eq!(limit(&world), Some(7));
    let name = world.listed()[1].clone();
    world.change(limited(&name, 0));
    assert_eq!(limits(&mut world), [PlaceLimits { places: 0, waiting: 1024 }]);
}

#[test]
fn what_was_set_is_there_after_a_crash_and_forgotten_by_a_stop() {
    let settings = AdminConfig { backends: vec![StaticBackend::new("b", "127.0.0.1:9")], ..config(1) };
    let mut world = World::new(&settings);
    world.all_ready();
    for change in [weighted("S1", "3"), drained("S1", true), limited("S1", 5), weighted("b", "2"), drained("b", true)] {
        world.change(change);
    }
    let members = |world: &World| {
        let mut members = world.mapping().members.clone();
        members.sort_by_key(|member| member.seat.number());
        members.iter().map(|m| (m.weight.thousandths(), m.drained, m.max_connections)).collect::<Vec<_>>()
    };
    let expected = [(3000, true, Some(5)), (2000, true, None)];
    assert_eq!(members(&world), expected);
    assert_eq!(members(&World::begin(&settings, Some(saved(&world)))), expected);
    world.apply(Input::Stop);
    let after = World::begin(&settings, Some(saved(&world)));
    assert_eq!(members(&after), [(1000, false, None), (1000, false, None)]);
}

#[test]
fn whom_nobody_knows_is_refused_and_so_is_one_that_is_only_being_added() {
    let mut world = World::ready(1);
    world.add(None, &["a"]);
    for name in ["a", "nobody"] {
        let call = world.change(drained(name, true));
        assert_eq!(world.answer(call), Some(Err(ChangeError::UnknownBackend(name.to_owned()))));
    }
}

#[test]
fn an_event_says_it_of_the_backend() {
    let mut world = World::ready(1);
    world.now = Moment::now();
    world.change(drained("S1", true));
    let said = world.effects.iter().any(|effect| {
        matches!(effect, Effect::Record { kind: EventKind::Changed, name, detail, .. }
            if **name == *"S1" && detail == "drain")
    });
    assert!(said);
}
