//! Every number of `tests/vectors/assignment.json`: places, owners and how many of three sets of ids each server gets.
//! The variants differ in where i and j begin and in the probing; A (i from 1, j from 0, linear) is what `lb` does.

use serde_json::Value;

use super::*;
use crate::ring::fixtures::{full, map, member, owner_numbers, ring, table};
use crate::ring::{KeyHash, KeyHasher, Ring, Rule};

mod mersenne_twister;
use mersenne_twister::MersenneTwister;

const VECTORS: &str = include_str!("../../../tests/vectors/assignment.json");
const SLOTS: u32 = 512;
const LINEAR: Rule = Rule::Assignment { probing: Probing::Linear };

/// How a reader of the assignment may count.
struct Variant {
    name: &'static str,
    first_i: u32,
    virtual_servers: Range<u64>,
    probing: Probing,
}

const VARIANTS: [Variant; 4] = [
    Variant { name: "A_i1_j0_linear", first_i: 1, virtual_servers: 0..9, probing: Probing::Linear },
    Variant { name: "B_i1_j1_linear", first_i: 1, virtual_servers: 1..10, probing: Probing::Linear },
    Variant { name: "C_i1_j0_quadratic", first_i: 1, virtual_servers: 0..9, probing: Probing::Quadratic },
    Variant { name: "D_i0_j0_linear", first_i: 0, virtual_servers: 0..9, probing: Probing::Linear },
];

/// A variant's circle with n servers on it.
struct Servers {
    seats: Vec<Seat>,
    places: Vec<Vec<u32>>,
    /// By slot, the server's number.
    owners: Vec<u32>,
}

impl Servers {
    fn new(variant: &Variant, n: u32) -> Self {
        let seats: Vec<Seat> = (variant.first_i..variant.first_i + n).map(Seat::numbered).collect();
        let mut circle = Circle::new(SLOTS, variant.probing);
        let mut place = |seat| circle.place_virtual(seat, variant.virtual_servers.clone()).expect("there is room");
        let places = seats.iter().map(&mut place).collect();
        let mut members: Vec<Member> = seats.iter().map(|seat| member(seat.number())).collect();
        members.sort_by_key(|member| member.seat.identity());
        let width = members.len();
        let ranks = circle.ranks(&members);
        let owners = ranks.chunks(width).map(|ranked| members[usize::from(ranked[0])].seat.number()).collect();
        Self { seats, places, owners }
    }

    fn owner(&self, request: u64) -> u32 {
        self.owners[slot_of_request(request, SLOTS) as usize]
    }

    /// As the vectors hold it: `{"1": 8435, …}` for how often each server is hit.
    fn counts(&self, hits: impl IntoIterator<Item = u32>) -> Value {
        let mut counts = vec![0; self.seats.len()];
        hits.into_iter().for_each(|number| counts[(number - self.seats[0].number()) as usize] += 1);
        self.by_number(counts.into_iter().map(Value::from))
    }

    fn by_number(&self, values: impl IntoIterator<Item = Value>) -> Value {
        let numbers = self.seats.iter().map(|seat| seat.number().to_string());
        Value::Object(numbers.zip(values).collect())
    }

    /// What the vectors call `key`.
    fn figure(&self, key: &str, expected: &Value) -> Value {
        let owners_of = |ids: &mut dyn Iterator<Item = u64>| self.counts(ids.map(|id| self.owner(id)));
        match key {
            "slots" => self.by_number(self.places.iter().map(|places| Value::from(places.clone()))),
            // H(i) mod 512 depends on i mod 512 only, so these are the shares of all ids, whatever their number.
            "share_of_512" => owners_of(&mut (0..512)),
            "seq_1_10000" => owners_of(&mut (1..=10_000)),
            // 10,000 six-digit ids in strides of a prime: 100000, 107919, 115838, … around the 900,000 that there are.
            "strided_100000_7919" => owners_of(&mut (0..10_000).map(|k| 100_000 + k * 7919 % 900_000)),
            "python_Random42_randint_100000_999999" => {
                let mut random = MersenneTwister::seeded(42);
                owners_of(&mut (0..10_000).map(|_| u64::from(random.randint(100_000, 999_999))))
            }
            "lookup" => {
                let ids = expected.as_object().expect("by id").keys();
                Value::Object(ids.map(|id| (id.clone(), self.owner(id.parse().unwrap()).into())).collect())
            }
            unknown => panic!("the vectors hold '{unknown}', which no test reproduces"),
        }
    }
}

fn vectors() -> Value {
    serde_json::from_str(VECTORS).unwrap()
}

#[test]
fn every_figure_of_every_variant_is_reproduced() {
    let vectors = vectors();
    assert_eq!(vectors["variants"].as_object().unwrap().len(), VARIANTS.len());
    for variant in VARIANTS {
        let by_n = vectors["variants"][variant.name].as_object().unwrap();
        assert_eq!(by_n.len(), 5, "2 to 6 servers");
        for (n, figures) in by_n {
            let servers = Servers::new(&variant, n.parse().unwrap());
            for (key, expected) in figures.as_object().unwrap() {
                assert_eq!(&servers.figure(key, expected), expected, "{} with {n} servers: {key}", variant.name);
            }
        }
    }
}

#[test]
fn requests_fall_in_the_slots_of_the_vectors() {
    let vectors = vectors();
    assert_eq!((&vectors["M"], &vectors["K"]), (&SLOTS.into(), &PLACES.into()));
    for (request, slot) in vectors["request_slot"].as_object().unwrap() {
        assert_eq!(Value::from(slot_of_request(request.parse().unwrap(), SLOTS)), *slot, "request {request}");
    }
}

#[test]
fn a_ring_of_the_public_types_looks_up_what_the_vectors_say() {
    let hasher = KeyHasher::new([9; 16], full(LINEAR).digits_are_numbers());
    let lookups = &vectors()["variants"]["A_i1_j0_linear"]["3"]["lookup"];
    let table = table(map(full(LINEAR), (1..=3).map(member)), 1..=3);
    for (id, number) in lookups.as_object().unwrap() {
        let found = table.lookup(hasher.hash(id.as_bytes())).unwrap();
        assert_eq!(Value::from(found.seat.number()), *number, "id {id}");
    }
}

#[test]
fn only_87_of_512_slots_can_be_hit() {
    let hit: std::collections::BTreeSet<u32> = (0..1_000_000).map(|id| slot_of_request(id, SLOTS)).collect();
    assert_eq!(hit.len(), 87);
}

#[test]
fn wrapping_arithmetic_is_exact() {
    let largest = u64::MAX;
    let wide = u128::from(largest);
    let exact = (wide * wide % 512 + 2 * wide % 512 + 17) % 512;
    assert_eq!(u128::from(slot_of_request(largest, SLOTS)), exact);
    assert!(full(LINEAR).slots() == SLOTS && map(full(LINEAR), [member(1)]).slot_of(KeyHash(largest)) < SLOTS);
}

#[test]
fn a_removed_seat_frees_its_places_and_the_others_keep_theirs() {
    // 4 and 1 want places that the ones before them have taken, so what is free when they come matters.
    let mut ring = ring(full(LINEAR), (1..=6).map(member));
    let six = owner_numbers(&ring.slot_map());
    ring.remove(&Seat::numbered(1)).unwrap();
    let five = owner_numbers(&ring.slot_map());
    let moved = |(before, after): (&u32, &u32)| (before != after).then_some(*before);
    assert!(six.iter().zip(&five).filter_map(moved).all(|before| before == 1));
    // From scratch without 1, server 2 would have got its places as well, but 3 to 6 others than they keep.
    let from_scratch = owner_numbers(&map(full(LINEAR), (2..=6).map(member)));
    assert_ne!(five, from_scratch);
}

#[test]
fn the_number_is_what_a_named_seat_is_placed_by() {
    let mut circle = Circle::new(SLOTS, Probing::Linear);
    let places = circle.place(&Seat::named("external", 1)).unwrap();
    assert_eq!(places, Circle::new(SLOTS, Probing::Linear).place(&Seat::numbered(1)).unwrap());
}

#[test]
fn the_largest_seat_number_does_not_overflow() {
    let mut ring = Ring::new(full(LINEAR));
    assert_eq!(ring.add(member(u32::MAX)), Ok(()));
    assert!(Circle::new(SLOTS, Probing::Quadratic).place(&Seat::numbered(u32::MAX)).is_some());
}

#[test]
fn places_that_do_not_fit_are_chosen_anew() {
    let config = full(LINEAR);
    let original = ring(config, [member(1)]);
    let places = original.places(&member(1).seat);
    assert_eq!(places.len(), PLACES);
    for wrong in [vec![], vec![512; PLACES], vec![places[0]; PLACES], places[1..].to_vec()] {
        let mut restored = Ring::new(config);
        restored.restore(member(1), &wrong).unwrap();
        assert_eq!(restored.places(&member(1).seat), places, "{wrong:?}");
    }
}
