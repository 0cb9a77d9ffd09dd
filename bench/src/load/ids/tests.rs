//! The orders of ids: complete, repeatable, and skewed as they should be.

use std::collections::HashSet;

use super::super::plan::{IdOrder, Plan};
use super::IdSource;

fn ids(order: IdOrder, seed: u64, requests: u64) -> Vec<u64> {
    let front = "127.0.0.1:1".parse().expect("an address");
    let source = IdSource::of(&Plan { ids: 1..=1000, order, seed, ..Plan::each_once(front, 1) });
    (0..requests).map(|index| source.id_at(index)).collect()
}

#[test]
fn sequential_ids_come_in_order_and_from_the_start_again() {
    let ids = ids(IdOrder::Sequential, 0, 1002);
    assert_eq!((ids[0], ids[999], ids[1000], ids[1001]), (1, 1000, 1, 2));
}

#[test]
fn random_ids_have_six_digits_and_depend_on_the_seed_alone() {
    let first = ids(IdOrder::SixDigits, 7, 10_000);
    assert!(first.iter().all(|id| (100_000..=999_999).contains(id)));
    assert_eq!(first, ids(IdOrder::SixDigits, 7, 10_000));
    assert_ne!(first, ids(IdOrder::SixDigits, 8, 10_000));
    // 10,000 draws of 900,000: about 55 repeat an earlier one.
    assert!(first.iter().collect::<HashSet<_>>().len() > 9_850);
}

#[test]
fn zipf_asks_for_the_nth_id_in_proportion_to_one_over_n() {
    let ids = ids(IdOrder::Zipf { exponent: 1.0 }, 7, 100_000);
    assert!(ids.iter().all(|id| (1..=1000).contains(id)));
    let share = |wanted: u64| ids.iter().filter(|&&id| id == wanted).count() as f64 / 100_000.0;
    // The sum of 1/n up to 1000 is 7.485.
    for (id, expected) in [(1, 1.0 / 7.485), (2, 0.5 / 7.485), (10, 0.1 / 7.485)] {
        assert!((share(id) / expected - 1.0).abs() < 0.1, "id {id}: {} instead of {expected}", share(id));
    }
}
