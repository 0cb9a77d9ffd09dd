//! The statistics against values that are known exactly or tabled.

use super::{chi_square, max_over_mean, noise, standard_deviation, upper_gamma};

fn close(value: f64, expected: f64) -> bool {
    (value - expected).abs() < 1e-6 * expected.abs().max(1e-3)
}

#[test]
fn p_values_are_those_of_the_tables() {
    // With two degrees of freedom p is exp(-x/2) exactly, on both sides of the change of method.
    for x in [0.1, 1.0, 3.9, 4.1, 13.8, 60.0] {
        assert!(close(upper_gamma(1.0, x / 2.0), (-x / 2.0_f64).exp()), "{x}");
    }
    for (degrees, x, p) in [(1.0, 3.841_458_82, 0.05), (10.0, 18.307_038_05, 0.05), (63.0, 103.442_42, 0.001)] {
        assert!((upper_gamma(degrees / 2.0, x / 2.0) - p).abs() < 1e-6, "{degrees}");
    }
}

#[test]
fn counts_that_follow_their_shares_pass_and_others_fail() {
    let fair = chi_square(&[3300, 3400, 3300], &[1.0, 1.0, 1.0]).unwrap();
    assert_eq!(fair.degrees, 2);
    assert!(close(fair.statistic, 2.0) && close(fair.p, (-1.0_f64).exp()), "{fair:?}");
    assert!(chi_square(&[8435, 470, 1095], &[1.0, 1.0, 1.0]).unwrap().p < 1e-9);
    assert!(chi_square(&[600, 300, 100], &[6.0, 3.0, 1.0]).unwrap().p > 0.999);
}

#[test]
fn what_came_to_somebody_without_a_share_fails_the_test() {
    let stranger = chi_square(&[50, 50, 1], &[1.0, 1.0, 0.0]).unwrap();
    assert_eq!((stranger.degrees, stranger.p), (1, 0.0));
    assert!(chi_square(&[50, 50, 0], &[1.0, 1.0, 0.0]).unwrap().p > 0.999);
}

#[test]
fn nothing_to_compare_is_no_test() {
    assert_eq!(chi_square(&[], &[]), None);
    assert_eq!(chi_square(&[7], &[1.0]), None);
    assert_eq!(chi_square(&[0, 0], &[1.0, 1.0]), None);
}

#[test]
fn evenness_is_one_and_noise_shrinks_with_the_root_of_the_requests() {
    assert!(close(max_over_mean(&[5, 5, 5]), 1.0) && close(max_over_mean(&[8, 1, 0]), 8.0 / 3.0));
    assert!(close(standard_deviation(&[2, 4, 4, 4, 5, 5, 7, 9]), 2.0));
    assert!(close(noise(0.5, 10_000), 0.015) && close(noise(0.5, 1_000_000), 0.0015));
    assert_eq!((max_over_mean(&[]), standard_deviation(&[])), (0.0, 0.0));
}
