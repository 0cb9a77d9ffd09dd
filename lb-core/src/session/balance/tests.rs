//! The bound is kept, somebody is always below it, and without end it is no bound at all.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::backend::places::PlaceLimits;
use crate::backend::{Backend, BackendId, Seat, Weight};
use crate::ring::{KeyHash, Member, Ring, RingConfig, Rule};
use crate::session::route::Route;

const COUNTED: PlaceLimits = PlaceLimits { places: 0, waiting: 0 };

fn table(weights: &[u32], limits: PlaceLimits) -> RingTable {
    let mut ring = Ring::new(RingConfig::new(Rule::Rendezvous, Some(256), 0).unwrap());
    let backends: Vec<Arc<Backend>> = (1..)
        .zip(weights)
        .map(|(number, weight)| {
            let seat = Seat::numbered(number);
            ring.add(Member { seat, weight: Weight::from_thousandths(*weight).unwrap() }).unwrap();
            let (id, addr) = (BackendId(u64::from(number)), "127.0.0.1:1".parse().unwrap());
            Arc::new(Backend::new(id, format!("S{number}").into(), seat, addr, 1).with_places(Some(limits)))
        })
        .collect();
    RingTable::new(1, ring.slot_map(), backends)
}

fn places(table: &RingTable, index: u16) -> &crate::backend::places::Places {
    table.backend(index).unwrap().places().unwrap()
}

fn choose(table: &RingTable, factor: BalanceFactor, key: u64) -> crate::session::route::Choice {
    let bounds = Bounds::new(table, factor);
    Route::new(KeyHash(key)).next(table, 0, |index| bounds.admit(index)).unwrap()
}

proptest! {
    #[test]
    fn whatever_comes_and_goes_nobody_is_given_more_than_its_bound(
        weights in proptest::collection::vec(1_u32..5000, 1..12),
        thousandths in 1001_u32..4000,
        keys in proptest::collection::vec((any::<u64>(), 0_u8..4), 1..300),
    ) {
        let factor = BalanceFactor(thousandths);
        let table = table(&weights, COUNTED);
        let all_weights: u64 = weights.iter().map(|weight| u64::from(*weight)).sum();
        let mut open: Vec<u16> = Vec::new();
        for (key, leaves) in keys {
            if leaves == 0 && !open.is_empty() {
                let gone = open.swap_remove(key as usize % open.len());
                prop_assert_eq!(places(&table, gone).give_back(), None);
            }
            let index = choose(&table, factor, key).index;
            let weight = u64::from(table.slots().members()[usize::from(index)].weight.thousandths());
            let bound = factor.bound(open.len() as u64, weight, all_weights);
            prop_assert!(places(&table, index).take());
            open.push(index);
            prop_assert!(u64::from(places(&table, index).open()) <= bound, "above {bound}");
        }
    }

    #[test]
    fn with_no_end_of_load_allowed_it_is_plain_hashing(count in 1_usize..12, keys in proptest::collection::vec(any::<u64>(), 1..100)) {
        let table = table(&vec![1000; count], COUNTED);
        for key in keys {
            let choice = choose(&table, BalanceFactor::MAX, key);
            let plain = Route::new(KeyHash(key)).next(&table, 0, |_| true).unwrap();
            prop_assert_eq!(choice, plain);
            prop_assert!(places(&table, choice.index).take());
        }
    }
}

#[test]
fn one_hot_key_fills_the_slots_backends_one_after_the_other() {
    let table = table(&[1000; 4], COUNTED);
    let factor = BalanceFactor::parse("1.25").unwrap();
    for _ in 0..100 {
        assert!(places(&table, choose(&table, factor, 1).index).take());
    }
    let mut loads: Vec<u32> = (0..4).map(|index| places(&table, index).open()).collect();
    loads.sort_unstable();
    assert_eq!(loads.iter().sum::<u32>(), 100);
    assert_eq!(loads[3], 32, "ceil(1.25 * 100 / 4)");
}

/// FAULTS B11: it ends also where everybody is full.
#[test]
fn where_all_places_are_taken_it_is_the_owner() {
    let table = table(&[1000; 3], PlaceLimits { places: 1, waiting: 0 });
    (0..3).for_each(|index| assert!(places(&table, index).take()));
    let plain = Route::new(KeyHash(5)).next(&table, 0, |_| true).unwrap();
    assert_eq!(choose(&table, BalanceFactor::parse("2").unwrap(), 5), plain);
}

#[test]
fn a_factor_is_above_one() {
    for text in ["1", "1.0004", "0", "-3", "", "x", "nan", "inf", "1000.1"] {
        assert!(BalanceFactor::parse(text).is_err(), "{text}");
    }
    assert_eq!(BalanceFactor::parse("1.25").unwrap().to_string(), "1.25");
    assert_eq!(BalanceFactor::parse("1000"), Ok(BalanceFactor::MAX));
}
