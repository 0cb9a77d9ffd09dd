//! Which backend a key is given, and in which order the others follow.

use super::*;
use crate::ring::fixtures::{RULES, map, members, ring, small, table};
use crate::ring::{RANKS_MAX, Rule, mix};

fn all(table: &RingTable, slot: u32) -> Vec<u32> {
    let mut candidates = Candidates::new(slot);
    std::iter::from_fn(|| candidates.next(table)).map(|index| table.backend(index).unwrap().seat.number()).collect()
}

#[test]
fn a_key_goes_to_the_owner_of_its_slot() {
    for rule in RULES {
        let table = table(map(small(rule), members(5)), 1..=5);
        for key in (0..2000).map(|n| KeyHash(mix::nth(0, n))) {
            let slots = table.slots();
            let owner = slots.owner(slots.slot_of(key)).unwrap().seat;
            assert_eq!(table.lookup(key).unwrap().seat, owner, "{rule:?}");
        }
    }
}

#[test]
fn the_smallest_and_the_largest_hash_have_a_slot() {
    for rule in RULES {
        let map = map(small(rule), members(1));
        for key in [0, 1, u64::MAX - 1, u64::MAX] {
            assert!(map.slot_of(KeyHash(key)) < map.config().slots(), "{rule:?} {key}");
        }
    }
}

#[test]
fn without_a_ready_backend_there_is_no_candidate() {
    let table = table(map(small(Rule::Rendezvous), members(20)), []);
    assert!(all(&table, 0).is_empty());
    assert!(table.lookup(KeyHash(1)).is_none());
    let empty = RingTable::new(1, ring(small(Rule::Rendezvous), []).slot_map(), []);
    assert!(empty.lookup(KeyHash(1)).is_none());
}

#[test]
fn the_slots_of_a_seat_that_is_down_fall_to_the_next_rank() {
    let map = map(small(Rule::Rendezvous), members(20));
    let table = table(Arc::clone(&map), (1..=20).filter(|&number| number != 7));
    for slot in 0..512 {
        let up = |&&index: &&u16| map.members()[usize::from(index)].seat.number() != 7;
        assert_eq!(Candidates::new(slot).next(&table), map.ranked(slot).iter().find(up).copied());
    }
}

#[test]
fn after_the_ranks_come_the_others_in_order_of_identity() {
    let table = table(map(small(Rule::Rendezvous), members(20)), 1..=20);
    for slot in 0..512 {
        let mut candidates = Candidates::new(slot);
        let visited: Vec<u16> = std::iter::from_fn(|| candidates.next(&table)).collect();
        assert_eq!(visited[..RANKS_MAX], *table.slots().ranked(slot));
        assert!(visited[RANKS_MAX..].is_sorted(), "{visited:?}");
        assert_eq!(visited.len(), 20);
        assert_eq!(candidates.next(&table), None, "the end is final");
    }
}

#[test]
fn a_backend_without_a_seat_in_the_map_is_left_out() {
    let table = table(map(small(Rule::Maglev), members(3)), [2, 3, 4]);
    let listed: Vec<u32> = table.backends().map(|backend| backend.seat.number()).collect();
    assert!(listed.len() == 2 && !listed.contains(&4), "{listed:?}");
}
