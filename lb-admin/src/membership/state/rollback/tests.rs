//! Back to an earlier mapping: slot for slot, all or nothing.

use std::time::Duration;

use lb_core::ring::{Probing, RingConfig, Rule};

use super::super::Input;
use super::super::world::{World, config, is_made_up};
use super::*;
use crate::config::{AdminConfig, StaticBackend};
use crate::discovery::Source;
use crate::membership::change::{Change, Edit};

const WAIT: Duration = Duration::from_secs(8);

fn to(epoch: u64) -> Change {
    Change::Rollback { epoch, wait: WAIT }
}

fn by(rule: Rule) -> World {
    let ring = RingConfig::new(rule, None, 0).expect("its own size");
    let mut world = World::new(&AdminConfig { ring, ..config(3) });
    world.all_ready();
    world
}

#[test]
fn what_was_removed_comes_back_in_its_seat_under_another_name_and_what_came_since_goes() {
    for rule in [Rule::Rendezvous, Rule::Maglev, Rule::Assignment { probing: Probing::Linear }] {
        let mut world = by(rule);
        let first = world.mapping();
        // Under `assignment` numbers aren't given again, but "a" may get slots that were S2's.
        let steps: [&dyn Fn(&mut World); 2] = [&|world| _ = world.remove(None, &["S2"]), &|world| {
            world.add(None, &["a"]);
            world.all_ready();
        }];
        let by_history = matches!(rule, Rule::Assignment { .. });
        for step in if by_history { [0, 1] } else { [1, 0] } {
            steps[step](&mut world);
        }
        assert_eq!(world.mapping().epoch, 3, "{rule}");
        world.effects.clear();
        let call = world.change(to(1));
        assert_eq!(world.answer(call), None, "{rule}: its replica isn't ready");
        assert_eq!((world.mapping().epoch, world.listed().contains(&"a".to_owned())), (3, true), "{rule}");
        world.all_ready();
        assert_eq!(world.answer(call), Some(Ok(())), "{rule}");
        let now = world.mapping();
        assert_eq!((now.epoch, &*now.cause, &now.owners), (4, "rollback to 1", &first.owners), "{rule}");
        let back = world.listed().last().cloned().expect("three");
        assert!(is_made_up(&back) && world.seat(&back) == 2, "{rule}: {back}");
        assert_eq!((world.listed().len(), world.state.snapshot().target), (3, 3), "{rule}");
    }
}

#[test]
fn weights_limits_and_drained_flags_are_those_of_then() {
    let mut world = World::ready(3);
    let all = Edit { weight: lb_core::backend::Weight::parse("4").ok(), max_connections: Some(9), drained: Some(true) };
    world.change(Change::Edit { name: "S1".to_owned(), edit: all });
    let edited = world.mapping();
    let call = world.change(to(1));
    assert_eq!(world.answer(call), Some(Ok(())), "nobody is waited for");
    let first = world.state.history.get(1).expect("kept").clone();
    assert_eq!((&world.mapping().owners, &world.mapping().members), (&first.owners, &first.members));
    world.change(to(2));
    assert_eq!((&world.mapping().owners, &world.mapping().members), (&edited.owners, &edited.members));
}

#[test]
fn where_a_replica_cannot_be_started_nothing_has_changed() {
    let mut world = World::ready(3);
    world.remove(None, &["S2", "S3"]);
    let before = world.mapping();
    world.effects.clear();
    let call = world.change(to(1));
    let launches = world.launches();
    assert_eq!(launches.len(), 2);
    world.become_ready(launches[0].0);
    world.exit_with(launches[1].0, true);
    assert!(matches!(world.answer(call), Some(Err(ChangeError::StartFailed { .. }))));
    assert_eq!((world.mapping().epoch, &world.mapping().owners), (before.epoch, &before.owners));
    assert_eq!((world.listed(), world.stops()), (vec!["S1".to_owned()], vec![launches[0].0]));
    // Their seats are free again.
    let call = world.change(to(1));
    world.all_ready();
    assert_eq!((world.answer(call), world.listed().len()), (Some(Ok(())), 3));
}

#[test]
fn a_mapping_that_is_not_kept_or_has_other_backends_of_others_is_refused() {
    let mut world = World::ready(1);
    let call = world.change(to(7));
    assert_eq!(world.answer(call), Some(Err(ChangeError::UnknownEpoch(7))));
    let told = |names: &[&str]| Input::Discovered {
        source: Source::File,
        backends: names.iter().map(|name| StaticBackend::new(name, "h:80")).collect(),
    };
    world.apply(told(&["a", "b"]));
    world.apply(told(&["b", "c"]));
    for (epoch, names) in [(1, "b, c"), (2, "a, c")] {
        let call = world.change(to(epoch));
        assert_eq!(world.answer(call), Some(Err(ChangeError::NotOurs { epoch, names: names.to_owned() })));
    }
    let call = world.change(to(3));
    assert_eq!((world.answer(call), world.mapping().epoch), (Some(Ok(())), 3), "nothing differs");
}

#[test]
fn while_an_add_is_undecided_nobody_goes_back() {
    let mut world = World::ready(2);
    world.remove(None, &["S1"]);
    world.add(None, &["a"]);
    let call = world.change(to(1));
    assert_eq!(world.answer(call), Some(Err(ChangeError::Busy)));
    world.all_ready();
    world.remove(None, &["a"]);
    // The other way round: what is added while the replicas of a rollback start ends that.
    let call = world.change(to(1));
    world.add(None, &["b"]);
    world.all_ready();
    assert_eq!(world.answer(call), Some(Err(ChangeError::Busy)));
}

#[test]
fn it_goes_back_only_as_far_as_the_cap_allows() {
    let mut world = World::new(&AdminConfig { replicas_max: 3, ..config(3) });
    world.all_ready();
    world.remove(None, &["S1"]);
    world.state.limits.replicas_max = 2;
    let call = world.change(to(1));
    assert_eq!(world.answer(call), Some(Err(ChangeError::OverCap { n: 3, max: 2, present: 2 })));
}
