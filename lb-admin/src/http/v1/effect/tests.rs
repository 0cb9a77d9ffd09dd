//! What moves, as the document says it.

use std::time::SystemTime;

use lb_core::backend::Weight;
use lb_core::ring::{Member, Ring, RingConfig, Rule};

use super::*;
use crate::http::testing::members;

fn mapping(numbers: &[u32], drained: &[u32]) -> Mapping {
    let mut ring = Ring::new(RingConfig::new(Rule::Rendezvous, None, 0).expect("the default size"));
    let before = Mapping::nothing(&ring.slot_map(), 0);
    let seated = |&number: &u32| Seated {
        name: format!("S{number}").into(),
        seat: Seat::numbered(number),
        weight: Weight::ONE,
        drained: drained.contains(&number),
        max_connections: None,
        supervised: true,
        places: Vec::new(),
    };
    for &number in numbers {
        ring.add(Member { seat: Seat::numbered(number), weight: Weight::ONE }).expect("there is room");
    }
    let owners = Owners::new(&ring.slot_map(), |member| !drained.contains(&member.seat.number()));
    before.next(SystemTime::now(), "x".to_owned(), numbers.iter().map(seated).collect(), owners)
}

fn moved(before: &Mapping, after: &Mapping) -> Effect {
    effect(before, after, &members(&["S1", "S2", "S3"]), &KeyHasher::new([7; 16], false))
}

#[test]
fn a_fourth_gets_a_quarter_from_all_others_and_sample_keys_are_among_them() {
    let (before, after) = (mapping(&[1, 2, 3], &[]), mapping(&[1, 2, 3, 4], &[]));
    let effect = moved(&before, &after);
    assert_eq!((effect.ideal_percent, effect.unnecessary, effect.slots), (25.0, 0, 65_536));
    assert!((effect.moved_percent - 25.0).abs() < 1.0, "{}", effect.moved_percent);
    assert_eq!(effect.moves.iter().map(|step| step.slots).sum::<u32>(), effect.moved);
    assert!(effect.moves.iter().all(|step| step.to.as_deref() == Some("S4")));
    assert_eq!(effect.sample_keys.len(), SAMPLES_MAX);
    let hasher = KeyHasher::new([7; 16], false);
    for sample in &effect.sample_keys {
        let slot = before.owners.slot_of(hasher.hash(sample.key.as_bytes()));
        let owner = |mapping: &Mapping| mapping.owners.owner(slot).map(|seat| format!("S{}", seat.number()));
        assert_eq!((&sample.from, &sample.to), (&owner(&before), &owner(&after)), "key {}", sample.key);
    }
    let shares: Vec<_> = effect.shares.iter().map(|share| (&*share.name, share.before > 0.0)).collect();
    assert_eq!(shares, [("S1", true), ("S2", true), ("S3", true), ("S4", false)]);
    assert!(effect.max_share_before > 0.32 && effect.max_share_after < 0.27);
}

#[test]
fn one_that_is_drained_gives_all_it_had_and_who_is_gone_is_still_named() {
    let before = mapping(&[1, 2, 3], &[]);
    for after in [mapping(&[1, 2, 3], &[3]), mapping(&[1, 2], &[])] {
        let effect = moved(&before, &after);
        assert!(effect.moves.iter().all(|step| step.from.as_deref() == Some("S3")));
        let last = effect.shares.last().expect("three");
        assert_eq!((&*last.name, last.after), ("S3", 0.0));
    }
}

#[test]
fn sessions_are_touched_as_far_as_slots_move() {
    let (before, after) = (mapping(&[1, 2, 3], &[]), mapping(&[1, 2], &[]));
    let snapshot = members(&["S1", "S2", "S3"]);
    for (view, sessions) in snapshot.backends.iter().zip([50, 60, 70]) {
        view.backend.as_ref().expect("it has an address").counters.cell(0).sessions.add(sessions);
    }
    let hasher = KeyHasher::new([7; 16], false);
    assert_eq!(effect(&before, &after, &snapshot, &hasher).sessions_touched, 70);
    let back = effect(&after, &before, &snapshot, &hasher).sessions_touched;
    assert!((33..=40).contains(&back), "a third of 110, not {back}");
    assert_eq!(effect(&before, &before, &snapshot, &hasher).sessions_touched, 0);
}

#[test]
fn nothing_moves_between_a_mapping_and_itself() {
    let mapping = mapping(&[1, 2], &[2]);
    let effect = moved(&mapping, &mapping);
    assert_eq!((effect.moved, effect.moves.len(), effect.sample_keys.len()), (0, 0, 0));
    assert_eq!((effect.ideal_percent, effect.max_share_after), (0.0, 1.0));
}
