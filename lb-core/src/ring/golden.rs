//! The exact tables of fixed members, as digests: an upgrade that gives one slot to another backend would send users'
//! ids elsewhere the moment it is installed (haproxy 03e9a5a1e), so it has to show here first.
//!
//! A digest that differs is a breaking change: it wants a new rule or a note in the changelog, not a new number.

use std::hash::Hasher;

use siphasher::sip::SipHasher13;

use super::fixtures::{full, member, ranked_numbers, ring, weighted};
use super::*;
use crate::backend::{Seat, Weight};

/// Over the numbers of each slot's ranked seats.
fn digest(map: &SlotMap) -> u64 {
    let mut hasher = SipHasher13::new();
    for number in ranked_numbers(map).into_iter().flatten() {
        hasher.write(&number.to_le_bytes());
    }
    hasher.finish()
}

/// Eleven replicas (more than ranks) of three weights, and one backend of somebody else's.
fn weighted_members() -> Vec<Member> {
    let replicas = (1..=11).map(|number| weighted(number, 1000 + number % 3 * 500));
    let external = Member { seat: Seat::named("external", 12), weight: Weight::ONE };
    replicas.chain([external]).collect()
}

fn digest_of(config: RingConfig, members: Vec<Member>) -> String {
    format!("{:016x}", digest(&ring(config, members).slot_map()))
}

#[test]
fn rendezvous_tables_stay_as_they_are() {
    assert_eq!(digest_of(full(Rule::Rendezvous), weighted_members()), "3364c5b069666896");
    let seeded = RingConfig::new(Rule::Rendezvous, Some(1000), 42).unwrap();
    assert_eq!(digest_of(seeded, weighted_members()), "e0873453a7989f7b");
}

#[test]
fn ring_tables_stay_as_they_are() {
    assert_eq!(digest_of(full(Rule::Ring { vnodes: VNODES_DEFAULT }), weighted_members()), "d22151b7f15f611f");
    let seeded = RingConfig::new(Rule::Ring { vnodes: 7 }, Some(1000), 42).unwrap();
    assert_eq!(digest_of(seeded, weighted_members()), "d5be3715dbd2c2b1");
}

#[test]
fn maglev_tables_stay_as_they_are() {
    assert_eq!(digest_of(full(Rule::Maglev), weighted_members()), "efea226056d18fc5");
    let seeded = RingConfig::new(Rule::Maglev, Some(997), 42).unwrap();
    assert_eq!(digest_of(seeded, weighted_members()), "cceefb95f3dc03cd");
}

#[test]
fn assignment_tables_stay_as_they_are() {
    let members = || (1..=12).map(member).collect();
    assert_eq!(digest_of(full(Rule::Assignment { probing: Probing::Linear }), members()), "a7aee1a7ffdadba4");
    assert_eq!(digest_of(full(Rule::Assignment { probing: Probing::Quadratic }), members()), "05ad90a8aa79ffda");
}

/// The same key under the same secret must fall in the same slot, or the tables' stability is worth nothing.
#[test]
fn keys_stay_in_their_slots() {
    let hasher = KeyHasher::new(*b"0123456789abcdef", false);
    let map = ring(full(Rule::Rendezvous), [member(1)]).slot_map();
    let slots = ["1", "2", "user-17", "132574"].map(|id| map.slot_of(hasher.hash(id.as_bytes())));
    assert_eq!(slots, [6595, 14478, 14054, 45281]);
}

/// A worked example to check another implementation against: eight slots of three equal replicas, all ranks.
/// These strings, and the slots of the keys above, come from a second implementation written from the definitions.
#[test]
fn eight_slots_of_three_replicas_stay_as_they_are() {
    let every_8192nd = |rule| {
        let ranked = ranked_numbers(&ring(full(rule), [1, 2, 3].map(member)).slot_map());
        let shown = ranked.iter().step_by(8192).take(8).map(|r| format!("{}{}{}", r[0], r[1], r[2]));
        shown.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(every_8192nd(Rule::Rendezvous), "132 312 231 132 132 132 132 231");
    assert_eq!(every_8192nd(Rule::Ring { vnodes: VNODES_DEFAULT }), "213 321 132 213 231 123 312 123");
    assert_eq!(every_8192nd(Rule::Maglev), "312 132 123 123 312 231 312 213");
}
