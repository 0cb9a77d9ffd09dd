//! Which kill a failure belongs to, and distributions in a few numbers.

use super::super::kill::Kill;
use super::{Summary, at_most, failed_by_kill};

fn kill(at_ms: f64, back_ms: f64) -> Kill {
    let (victim, replacement) = ("S1".to_owned(), "S4".to_owned());
    let (ejected_ms, ready_ms, answered_ms) = (1.0, back_ms, back_ms);
    Kill {
        victim,
        seat: 1,
        replacement,
        in_flight: 60,
        at_ms,
        command_ms: 0.0,
        ejected_ms,
        sign_to_out_ms: None,
        ready_ms,
        back_ms,
        answered_ms,
    }
}

#[test]
fn a_failure_belongs_to_the_kill_before_it_until_n_is_back() {
    let kills = [kill(1000.0, 50.0), kill(2000.0, 50.0)];
    let found = failed_by_kill(&kills, [999.0, 1000.0, 1149.0, 1300.0, 2010.0].into_iter());
    assert_eq!((found.each, found.elsewhere), (vec![2, 1], 2));
}

#[test]
fn a_distribution_of_one_is_that_one_and_an_even_number_has_a_middle() {
    let one = Summary::of([7.0].into_iter());
    assert_eq!((one.min, one.median, one.p95, one.worst), (7.0, 7.0, 7.0, 7.0));
    let four = Summary::of([4.0, 1.0, 3.0, 2.0].into_iter());
    assert_eq!((four.min, four.median, four.p95, four.worst), (1.0, 2.5, 4.0, 4.0));
}

#[test]
fn none_failed_bounds_the_rate_by_three_in_n() {
    assert_eq!(at_most(0, 300_000), "0 failed of 300,000: at most 10.0 per million at 95 %");
    assert_eq!(at_most(3, 1_000), "3 failed of 1,000: 3000 per million");
}
