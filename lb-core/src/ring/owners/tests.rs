//! Who owns a slot when some members take no keys.

use super::*;
use crate::backend::Weight;
use crate::ring::fixtures::{RULES, full, map, member, members, small, table};
use crate::ring::{Candidates, Rule, diff};

fn without(numbers: &[u32]) -> impl Fn(&Member) -> bool {
    move |member| !numbers.contains(&member.seat.number())
}

#[test]
fn where_all_take_keys_the_owners_are_those_of_the_map() {
    for rule in RULES {
        let map = map(small(rule), members(5));
        let owners = Owners::new(&map, |_| true);
        for slot in 0..map.config().slots() {
            assert_eq!(owners.owner(slot), map.owner(slot).map(|member| member.seat), "{rule}");
        }
        assert_eq!((owners.shares(), owners.members()), (map.shares(), map.members()), "{rule}");
    }
}

#[test]
fn a_slot_belongs_to_whom_the_data_path_would_choose_were_all_others_ready() {
    for rule in RULES {
        // More than there are ranks, so that some slots go on past them.
        let out: Vec<u32> = (1..=18).collect();
        let map = map(small(rule), members(20));
        let owners = Owners::new(&map, without(&out));
        let table = table(map.clone(), 19..=20);
        for slot in 0..map.config().slots() {
            let chosen = Candidates::new(slot).next(&table).expect("two are ready");
            assert_eq!(owners.owner(slot), Some(map.members()[usize::from(chosen)].seat), "{rule} slot {slot}");
        }
        assert_eq!(owners.shares().iter().map(|share| share.slots).sum::<u32>(), map.config().slots(), "{rule}");
    }
}

#[test]
fn where_nobody_takes_keys_nobody_owns_anything() {
    let owners = Owners::new(&map(small(Rule::Rendezvous), members(3)), |_| false);
    assert_eq!((owners.owner(0), owners.members().len(), owners.shares().len()), (None, 0, 0));
    let all = Owners::new(&map(small(Rule::Rendezvous), members(3)), |_| true);
    let gone = diff(&all, &owners).unwrap();
    assert_eq!((gone.moved, gone.ideal, gone.unnecessary), (512, 512.0, 0));
    assert!(gone.moves.iter().all(|step| step.to.is_none()));
}

#[test]
fn draining_one_is_like_removing_it_by_a_rule_that_forgets_nothing() {
    for rule in [Rule::Rendezvous, Rule::Ring { vnodes: 160 }] {
        let map = map(full(rule), members(4));
        let drained = Owners::new(&map, without(&[3]));
        let removed = crate::ring::fixtures::map(full(rule), [1, 2, 4].map(member));
        assert_eq!(drained, Owners::new(&removed, |_| true), "{rule}");
        let change = diff(&Owners::new(&map, |_| true), &drained).unwrap();
        assert!((change.ideal - 16_384.0).abs() < 0.01, "{rule}: {}", change.ideal);
        assert_eq!(change.unnecessary, 0, "{rule}");
        assert!(change.moves.iter().all(|step| step.from == Some(member(3).seat)), "{rule}");
    }
}

#[test]
fn a_key_falls_into_the_same_slot_as_in_the_map() {
    for rule in RULES {
        let map = map(small(rule), members(2));
        let owners = Owners::new(&map, |_| true);
        for key in [0, 7, 1 << 40, u64::MAX] {
            assert_eq!(owners.slot_of(KeyHash(key)), map.slot_of(KeyHash(key)), "{rule}");
        }
    }
}

#[test]
fn equal_owners_have_one_digest_and_others_another() {
    for rule in RULES {
        let map = map(small(rule), members(5));
        let all = Owners::new(&map, |_| true);
        assert_eq!(all.digest(), Owners::new(&map, |_| true).digest(), "{rule}");
        assert_ne!(all.digest(), Owners::new(&map, without(&[3])).digest(), "{rule}");
    }
}

#[test]
fn who_owns_twice_what_its_weight_says_is_twice_the_mean() {
    let map = map(full(Rule::Rendezvous), members(2));
    let even = Owners::new(&map, |_| true).max_over_mean().expect("two take keys");
    assert!((1.0..1.05).contains(&even), "{even}");
    assert_eq!(Owners::new(&map, without(&[1])).max_over_mean(), Some(1.0), "one has all, and should");
    assert_eq!(Owners::new(&map, |_| false).max_over_mean(), None);
    let heavy = |mut member: Member| {
        if member.seat.number() == 1 {
            member.weight = Weight::from_thousandths(3000).expect("in range");
        }
        member
    };
    let weighted = super::super::fixtures::map(full(Rule::Rendezvous), members(2).into_iter().map(heavy));
    let ratio = Owners::new(&weighted, |_| true).max_over_mean().expect("two take keys");
    assert!((1.0..1.05).contains(&ratio), "three quarters are what it should have: {ratio}");
}
