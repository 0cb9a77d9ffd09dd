//! Tests of `change`: `/add` and `/rm`.

use std::time::Duration;

use lb_core::ring::{Probing, RingConfig, Rule};

use crate::config::AdminConfig;
use crate::membership::command::{Add, ChangeError, Remove};
use crate::membership::snapshot::Snapshot;
use crate::membership::state::world::{World, config, is_made_up};
use crate::membership::state::{Effect, Input};

#[test]
fn added_names_come_in_the_order_asked_for_then_made_up_ones_whoever_is_ready_first() {
    let mut world = World::ready(1);
    let call = world.add(Some(4), &["S5", "S4", "S10"]);
    let mut launches = world.launches();
    launches.reverse();
    for (index, (id, _)) in launches.into_iter().enumerate() {
        assert_eq!((world.answer(call), world.listed()), (None, vec!["S1".to_owned()]), "before number {index}");
        world.become_ready(id);
    }
    assert_eq!(world.answer(call), Some(Ok(())));
    let listed = world.listed();
    assert_eq!(listed[..4], ["S1", "S5", "S4", "S10"]);
    assert!(listed.len() == 5 && is_made_up(&listed[4]), "{listed:?}");
    assert_eq!(["S5", "S4", "S10"].map(|name| world.seat(name)), [2, 3, 4]);
}

#[test]
fn nothing_is_routed_to_an_added_replica_before_its_companions_are_ready() {
    let mut world = World::ready(1);
    world.add(None, &["A", "B"]);
    let launches = world.launches();
    world.become_ready(launches[0].0);
    assert_eq!(world.table(), ["S1"]);
    world.become_ready(launches[1].0);
    assert_eq!(world.table(), ["A", "B", "S1"]);
}

#[test]
fn names_that_are_there_or_come_twice_are_left_alone_and_count_within_n() {
    let mut world = World::ready(3);
    let call = world.add(Some(4), &["S1", "S9"]);
    world.all_ready();
    assert_eq!(world.answer(call), Some(Ok(())));
    let listed = world.listed();
    assert!(listed.len() == 6 && listed[3] == "S9" && is_made_up(&listed[4]) && is_made_up(&listed[5]), "{listed:?}");

    let call = world.add(None, &["S7", "S7"]);
    world.all_ready();
    assert_eq!((world.answer(call), world.listed().len()), (Some(Ok(())), 7));

    let call = world.add(Some(2), &["S1", "S2"]);
    assert_eq!((world.answer(call), world.listed().len()), (Some(Ok(())), 7));
}

#[test]
fn what_is_asked_for_wrongly_changes_nothing() {
    let mut world = World::ready(2);
    let long = "x".repeat(64);
    let cases: [(Option<u64>, &[&str], ChangeError); 8] = [
        (None, &[], ChangeError::CountNotPositive),
        (Some(0), &[], ChangeError::CountNotPositive),
        (Some(0), &["A"], ChangeError::CountNotPositive),
        (Some(1), &["A", "B"], ChangeError::TooManyNamesToAdd),
        (Some(2), &["A", "../x"], ChangeError::BadName("../x".into())),
        (None, &[&long], ChangeError::BadName(long.clone())),
        (Some(63), &["A"], ChangeError::OverCap { n: 63, max: 64, present: 2 }),
        (Some(u64::MAX), &[], ChangeError::OverCap { n: u64::MAX, max: 64, present: 2 }),
    ];
    for (n, names, error) in cases {
        let call = world.add(n, names);
        assert_eq!(world.answer(call), Some(Err(error)));
    }
    let cases: [(Option<u64>, &[&str], ChangeError); 5] = [
        (None, &[], ChangeError::CountNotPositive),
        (Some(0), &["S1"], ChangeError::CountNotPositive),
        (Some(1), &["S1", "S2"], ChangeError::TooManyNamesToRemove),
        (Some(2), &["S1", "S8"], ChangeError::UnknownName("S8".into())),
        (None, &["a b"], ChangeError::BadName("a b".into())),
    ];
    for (n, names, error) in cases {
        let call = world.remove(n, names);
        assert_eq!(world.answer(call), Some(Err(error)));
    }
    assert!(world.launches().is_empty() && world.stops().is_empty());
    assert_eq!((world.listed(), world.state.snapshot().target), (vec!["S1".to_owned(), "S2".to_owned()], 2));
}

#[test]
fn one_failed_replica_takes_the_whole_add_back() {
    let mut world = World::ready(1);
    let call = world.add(None, &["A", "B", "C"]);
    let launches = world.launches();
    world.become_ready(launches[0].0);
    world.launched(launches[1].0);
    world.exit_with(launches[1].0, true);
    let why = "exit status 1: no such port".to_owned();
    assert_eq!(world.answer(call), Some(Err(ChangeError::StartFailed { name: "B".into(), why })));
    assert_eq!(world.stops(), [launches[0].0, launches[2].0]);
    assert_eq!((world.listed(), world.state.snapshot().target), (vec!["S1".to_owned()], 1));
    let call = world.add(None, &["A"]);
    world.all_ready();
    assert_eq!((world.answer(call), world.seat("A")), (Some(Ok(())), 2), "name and seat are free again");
}

#[test]
fn a_replica_that_dies_while_an_add_waits_is_launched_once_more() {
    let mut world = World::ready(0);
    let call = world.add(None, &["A"]);
    let first = world.launches().remove(0).0;
    world.exit(first);
    let (second, name) = world.launches().remove(0);
    assert_eq!((world.answer(call), name.as_str()), (None, "A"));
    world.exit(second);
    assert!(matches!(world.answer(call), Some(Err(ChangeError::StartFailed { .. }))));
    assert!(world.launches().is_empty());
}

#[test]
fn an_add_that_is_not_ready_in_time_is_taken_back() {
    let mut world = World::ready(1);
    let call = world.add(None, &["A", "B"]);
    let launches = world.launches();
    world.become_ready(launches[0].0);
    world.after(Duration::from_secs(8));
    assert_eq!(world.answer(call), Some(Err(ChangeError::NotReady("B".into()))));
    assert_eq!(world.listed(), ["S1"]);
    for (id, _) in launches {
        world.exit(id);
    }
    assert_eq!(world.state.leaving.len(), 0);
}

#[test]
fn an_add_that_waits_for_nothing_answers_at_once_and_later_failures_heal() {
    let mut world = World::ready(1);
    let call = world.add_waiting(None, &["A"], Duration::ZERO);
    assert_eq!((world.answer(call), world.listed()), (Some(Ok(())), vec!["S1".to_owned()]));
    let first = world.launches().remove(0).0;
    world.exit(first);
    world.all_ready();
    assert_eq!(world.listed(), ["S1", "A"]);
}

#[test]
fn an_add_of_a_name_that_another_one_is_adding_waits_for_its_outcome() {
    let mut world = World::ready(0);
    let (first, second) = (world.add(None, &["A"]), world.add(None, &["A"]));
    let id = world.launches().remove(0).0;
    world.become_ready(id);
    assert_eq!((world.answer(first), world.answer(second)), (Some(Ok(())), Some(Ok(()))));
    assert_eq!(world.listed(), ["A"]);

    let (third, fourth) = (world.add(None, &["B", "C"]), world.add(None, &["C"]));
    let launches = world.launches();
    world.exit_with(launches[0].0, true);
    assert!(matches!(world.answer(third), Some(Err(ChangeError::StartFailed { .. }))));
    assert_eq!(world.answer(fourth), None, "it is its own turn now");
    world.all_ready();
    assert_eq!((world.answer(fourth), world.listed()), (Some(Ok(())), vec!["A".to_owned(), "C".to_owned()]));
}

#[test]
fn rm_does_not_know_what_an_add_has_not_answered_yet() {
    let mut world = World::ready(1);
    world.add(None, &["A"]);
    let call = world.remove(None, &["A"]);
    assert_eq!(world.answer(call), Some(Err(ChangeError::UnknownName("A".into()))));
    let call = world.remove(Some(9), &[]);
    assert_eq!(world.answer(call), Some(Ok(())));
    world.all_ready();
    assert_eq!(world.listed(), ["A"]);
}

#[test]
fn rm_of_more_than_there_are_removes_all_of_them() {
    let mut world = World::ready(3);
    let call = world.remove(Some(100), &["S2"]);
    assert_eq!((world.answer(call), world.listed().len(), world.state.snapshot().target), (Some(Ok(())), 0, 0));
}

/// Under `--hash assignment`.
fn assignment(replicas: u32) -> World {
    let rule = Rule::Assignment { probing: Probing::Linear };
    let ring = RingConfig::new(rule, None, 0).expect("a good ring");
    World::new(&AdminConfig { ring, replicas_max: 100, ..config(replicas) })
}

#[test]
fn a_removed_seats_number_is_given_again_but_never_by_the_assignment_hash() {
    for (mut world, next) in [(World::ready(3), 2), (assignment(3), 4)] {
        world.all_ready();
        world.remove(None, &["S2"]);
        world.add(None, &["A"]);
        assert_eq!(world.seat("A"), next);
    }
}

#[test]
fn an_add_that_was_taken_back_uses_no_number_up() {
    let mut world = assignment(1);
    world.all_ready();
    let call = world.add(None, &["A", "B"]);
    let launches = world.launches();
    world.exit_with(launches[1].0, true);
    assert!(matches!(world.answer(call), Some(Err(ChangeError::StartFailed { .. }))));
    world.add(None, &["C", "D"]);
    assert_eq!(["C", "D"].map(|name| world.seat(name)), [2, 3]);
}

#[test]
fn where_the_ring_has_no_room_for_all_of_them_none_is_added() {
    let mut world = assignment(50);
    world.all_ready();
    let before = world.state.snapshot();
    let call = world.add(Some(10), &[]);
    assert_eq!(world.answer(call), Some(Err(ChangeError::RingFull)));
    assert!(world.launches().is_empty());
    assert_eq!(world.state.snapshot().target, 50);
    let call = world.add(Some(1), &["A"]);
    world.all_ready();
    assert_eq!((world.answer(call), world.seat("A")), (Some(Ok(())), 51));
    world.remove(None, &["A"]);
    let after = world.state.snapshot();
    let owners = |snapshot: &Snapshot| (0..512).map(|slot| snapshot.slots.owner(slot).copied()).collect::<Vec<_>>();
    assert_eq!(owners(&before), owners(&after), "ring positions were given back");
}

#[test]
fn calls_that_come_together_cost_one_table_and_one_write_and_are_answered_each_in_its_turn() {
    let mut world = World::ready(3);
    world.effects.clear();
    let remove = |call, name: &str| Input::Remove(call, Remove { n: None, hostnames: vec![name.to_owned()] });
    let names = ["A", "B"].map(str::to_owned).to_vec();
    let add = Input::Add(103, Add { n: None, hostnames: names, wait: Duration::from_secs(8) });
    let together = vec![remove(101, "S1"), remove(102, "S1"), add, remove(104, "A"), remove(105, "S2")];
    world.effects.extend(world.state.apply_all(together, world.now));
    assert_eq!(world.effects.iter().filter(|effect| matches!(effect, Effect::Save { .. })).count(), 1);
    assert!(
        matches!(world.effects[0], Effect::Save { urgent: true, .. }) && matches!(world.effects[1], Effect::Publish(_))
    );
    assert_eq!(world.effects.iter().filter(|effect| matches!(effect, Effect::Publish(_))).count(), 1);
    assert_eq!((world.answer(101), world.answer(105)), (Some(Ok(())), Some(Ok(()))));
    assert_eq!(world.answer(102), Some(Err(ChangeError::UnknownName("S1".to_owned()))));
    assert_eq!(world.answer(104), Some(Err(ChangeError::UnknownName("A".to_owned()))), "its add isn't decided");
    assert_eq!((world.answer(103), world.table()), (None, vec!["S3".to_owned()]));
    world.all_ready();
    assert_eq!((world.answer(103), world.listed()), (Some(Ok(())), ["S3", "A", "B"].map(str::to_owned).to_vec()));
}
