//! The fixed-point logarithm against the exact one, and at the ends of its range.

use proptest::prelude::*;

use super::*;

fn exact(hash: u64) -> f64 {
    64.0 - (hash as f64).log2()
}

fn approximate(hash: u64) -> f64 {
    cost_of_hash(hash) as f64 / 2f64.powi(FRACTION_BITS as i32)
}

#[test]
fn powers_of_two_are_exact_but_for_the_lowest_bit() {
    for exponent in 1..64u32 {
        let exact = (64 - u64::from(exponent)) << FRACTION_BITS;
        // The lowest bit, which counts as 1, makes the hash larger by 2^-exponent of itself: log2(1 + x) < 1.5 x.
        let lowest_bit = (3 << FRACTION_BITS >> exponent >> 1) + 1;
        let cost = cost_of_hash(1 << exponent);
        assert!((exact - lowest_bit..=exact).contains(&cost), "2^{exponent}: {cost} for {exact}");
    }
}

#[test]
fn the_ends_of_the_range_do_not_overflow() {
    assert_eq!(cost_of_hash(0), 64 << FRACTION_BITS);
    assert_eq!(cost_of_hash(1), 64 << FRACTION_BITS);
    assert!(cost_of_hash(u64::MAX) < 1 << 20);
}

#[test]
fn the_relative_error_stays_below_three_in_ten_thousand_also_near_zero() {
    // Hashes whose cost is about 2^-1 … 2^-30: what the best of up to 2^30 members scores.
    for exponent in 1..30 {
        let hash = u64::MAX - (u64::MAX >> exponent);
        // log2(1 − x) in f64 keeps its digits through ln_1p.
        let below_one = (u64::MAX - hash) as f64 / 2f64.powi(64);
        let want = -(-below_one).ln_1p() / std::f64::consts::LN_2;
        let error = (approximate(hash) - want).abs() / want;
        assert!(error < 3e-4, "2^-{exponent}: {error}");
    }
}

proptest! {
    #[test]
    fn the_logarithm_is_near_the_exact_one(hash in 1u64 << 32..) {
        prop_assert!((approximate(hash) - exact(hash)).abs() < 2f64.powi(-22));
    }

    #[test]
    fn a_larger_hash_never_costs_more(hash in any::<u64>(), step in prop_oneof![0u64..1 << 12, any::<u64>()]) {
        prop_assert!(cost_of_hash(hash.saturating_add(step)) <= cost_of_hash(hash));
    }
}
