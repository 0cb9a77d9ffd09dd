//! Conditions, targets, and that a plan says what a change then does: slot for slot.

use lb_core::backend::Weight;
use lb_core::ring::{Probing, RingConfig, Rule, VNODES_DEFAULT};

use super::super::world::{World, config};
use super::*;
use crate::config::{AdminConfig, StaticBackend};
use crate::membership::change::Edit;

const WAIT: Duration = Duration::from_secs(8);
/// Changes that are planned and then made.
const CHANGES: u32 = 1200;

fn target(n: u64) -> Change {
    Change::Target { n, wait: WAIT }
}

fn add(n: Option<u64>, names: &[&str]) -> Change {
    Change::Add(Add { n, hostnames: names.iter().map(|name| (*name).to_owned()).collect(), wait: WAIT })
}

fn remove(names: &[&str]) -> Change {
    Change::Remove(Remove { n: None, hostnames: names.iter().map(|name| (*name).to_owned()).collect() })
}

#[test]
fn a_change_for_another_epoch_is_not_made() {
    let mut world = World::ready(2);
    let call = world.change_if(remove(&["S1"]), &[0, 2]);
    assert_eq!(world.answer(call), Some(Err(ChangeError::EpochIs { epoch: 1 })));
    let call = world.change_if(remove(&["S1"]), &[7, 1]);
    assert_eq!((world.answer(call), world.mapping().epoch), (Some(Ok(())), 2));
}

#[test]
fn of_two_additions_on_the_same_epoch_one_is_taken_back() {
    let mut world = World::ready(1);
    let first = world.change_if(add(Some(1), &[]), &[1]);
    let second = world.change_if(add(Some(1), &[]), &[1]);
    world.all_ready();
    assert_eq!(world.answer(first), Some(Ok(())));
    assert_eq!(world.answer(second), Some(Err(ChangeError::EpochIs { epoch: 2 })));
    assert_eq!((world.listed().len(), world.mapping().epoch), (2, 2));
}

#[test]
fn a_name_that_is_there_is_refused_also_one_that_is_only_on_its_way() {
    let mut world = World::ready(1);
    world.add(None, &["a"]);
    for names in [&["S1"][..], &["a"], &["b", "b"]] {
        let call = world.change(add(None, names));
        assert_eq!(world.answer(call), Some(Err(ChangeError::NameTaken(names[0].to_owned()))));
    }
}

#[test]
fn a_target_adds_what_is_missing_and_removes_what_is_too_much_in_one_step() {
    let mut world = World::ready(2);
    let call = world.change(target(5));
    assert_eq!(world.answer(call), None);
    world.all_ready();
    assert_eq!((world.answer(call), world.listed().len(), world.mapping().epoch), (Some(Ok(())), 5, 2));
    assert!(world.mapping().cause.starts_with("target 5: add S"), "{}", world.mapping().cause);
    let call = world.change(target(1));
    assert_eq!((world.answer(call), world.listed().len(), world.mapping().epoch), (Some(Ok(())), 1, 3));
    let call = world.change(target(1));
    assert_eq!((world.answer(call), world.mapping().epoch), (Some(Ok(())), 3));
    let call = world.change(target(65));
    assert!(matches!(world.answer(call), Some(Err(ChangeError::OverCap { max: 64, .. }))));
}

#[test]
fn a_plan_does_nothing_and_lists_who_would_be_there() {
    let mut world = World::ready(2);
    world.effects.clear();
    let planned = world.plan(add(Some(2), &["a"])).expect("possible");
    assert_eq!((planned.before.epoch, planned.after.epoch, planned.snapshot.listed().count()), (1, 2, 4));
    assert_eq!((world.effects.len(), world.listed().len(), world.mapping().epoch), (0, 2, 1));
    assert_eq!(world.plan(remove(&["x"])).err(), Some(ChangeError::UnknownName("x".into())));
    let call = world.change(add(Some(2), &["a"]));
    world.all_ready();
    assert_eq!(world.answer(call), Some(Ok(())));
    assert_eq!(world.listed(), planned.snapshot.listed().collect::<Vec<_>>(), "made-up names too");
}

#[test]
fn who_goes_at_random_is_whom_the_plan_has_named_also_after_a_death_between_the_two() {
    let mut world = World::ready(9);
    let planned = world.plan(target(4)).expect("possible");
    world.exit(world.id("S3"));
    world.all_ready();
    assert_eq!(world.mapping().epoch, 1, "a replacement is no change");
    world.change(target(4));
    assert_eq!(world.mapping().owners, planned.after.owners);
}

#[test]
fn while_it_drains_nothing_is_changed_or_planned() {
    let mut world = World::ready(1);
    world.apply(super::super::Input::BeginDrain);
    assert_eq!(world.plan(target(2)).err(), Some(ChangeError::Stopping));
    let call = world.change(target(2));
    assert_eq!(world.answer(call), Some(Err(ChangeError::Stopping)));
}

/// A change of any kind, mostly of somebody who is there.
fn random_change(world: &World, rng: &mut fastrand::Rng) -> Change {
    let name = rng.choice(world.listed()).unwrap_or_else(|| "nobody".to_owned());
    let weight = |rng: &mut fastrand::Rng| Weight::from_thousandths(rng.u32(1..40) * 250).ok();
    match rng.u32(0..10) {
        0..2 => add(Some(rng.u64(1..4)), &[]),
        2..4 => match rng.u64(0..3) {
            0 => remove(&[&name]),
            more => Change::Remove(Remove { n: Some(more), hostnames: vec![name] }),
        },
        4..6 => Change::Edit { name, edit: Edit { weight: weight(rng), ..Edit::default() } },
        6..8 => {
            let max_connections = rng.bool().then(|| rng.u32(0..9));
            Change::Edit { name, edit: Edit { drained: Some(rng.bool()), weight: None, max_connections } }
        }
        8 => target(rng.u64(0..9)),
        _ => Change::Rollback { epoch: rng.u64(0..=world.mapping().epoch), wait: WAIT },
    }
}

#[test]
fn what_a_change_does_is_what_its_plan_has_said_slot_for_slot() {
    let rules = [
        (Rule::Rendezvous, Some(512)),
        (Rule::Ring { vnodes: VNODES_DEFAULT / 8 }, Some(512)),
        (Rule::Maglev, Some(509)),
        (Rule::Assignment { probing: Probing::Linear }, Some(512)),
        (Rule::Assignment { probing: Probing::Quadratic }, Some(512)),
    ];
    let mut rng = fastrand::Rng::with_seed(7);
    let (mut made, mut refused) = (0, 0);
    for (rule, slots) in rules {
        let ring = RingConfig::new(rule, slots, 0).expect("a good ring");
        let backends = vec![StaticBackend::new("b", "127.0.0.1:9")];
        let mut world = World::new(&AdminConfig { ring, backends, replicas_max: 12, ..config(3) });
        world.all_ready();
        for step in 0..CHANGES / rules.len() as u32 {
            let change = random_change(&world, &mut rng);
            let planned = world.plan(change.clone());
            world.effects.clear();
            let call = world.change(change.clone());
            let is_done = world.answer(call);
            world.all_ready();
            let answer = is_done.or_else(|| world.answer(call)).expect("answered");
            let after = world.mapping();
            match (planned, answer) {
                (Err(planned), Err(answer)) => {
                    assert_eq!(planned, answer);
                    refused += 1;
                }
                (Ok(planned), Ok(())) => {
                    let what = format!("{rule}, step {step}: {change:?}");
                    assert_eq!(planned.after.owners, after.owners, "{what}");
                    assert_eq!((planned.after.epoch, &planned.after.cause), (after.epoch, &after.cause), "{what}");
                    assert_eq!(planned.after.diff, after.diff, "{what}");
                    made += 1;
                }
                (planned, answer) => panic!("{rule}, step {step}: {change:?}: {:?} but {answer:?}", planned.err()),
            }
        }
    }
    assert!(made > 800 && refused > 50, "{made} made, {refused} refused");
}
