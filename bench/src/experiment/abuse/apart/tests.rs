//! What is concluded from the looks: round against round, and only what the crowds' whereabouts explain.

use super::*;

fn sample(cpu_us: f64, failed: u64) -> Sample {
    Sample { cpu_us, waited_us: 0.0, turn_us: 1.0, long_turns: 0.0, p50_ms: 1.0, p99_ms: 1.0, failed, nonsense: 0 }
}

fn apart(rounds: &[[f64; 3]]) -> Apart {
    let rounds = rounds.iter().map(|looks| looks.map(|cpu_us| sample(cpu_us, 0))).collect();
    Apart { cpus: [0, 1], seconds: 1, rounds }
}

#[test]
fn a_crowd_that_slows_down_the_machine_is_no_violation_and_one_that_slows_down_the_worker_is() {
    assert_eq!(apart(&[[20.0, 40.0, 41.0], [20.0, 60.0, 59.0]]).violations(), Vec::<String>::new());
    let slowed = apart(&[[20.0, 40.0, 48.0], [20.0, 60.0, 72.0]]);
    assert!((slowed.more_cpu().median - 0.2).abs() < 1e-9);
    assert_eq!(slowed.violations().len(), 1);
}

#[test]
fn one_round_that_was_disturbed_decides_nothing() {
    assert!(apart(&[[20.0, 40.0, 400.0], [20.0, 40.0, 40.0], [20.0, 40.0, 41.0]]).violations().is_empty());
}

#[test]
fn rounds_that_contradict_each_other_decide_nothing() {
    assert!(apart(&[[20.0, 40.0, 80.0], [20.0, 40.0, 30.0], [20.0, 40.0, 60.0]]).violations().is_empty());
}

#[test]
fn a_good_request_that_fails_is_a_violation_in_every_look() {
    let mut apart = apart(&[[20.0, 40.0, 40.0]]);
    apart.rounds[0][0].failed = 1;
    assert_eq!(apart.violations().len(), 1);
}

#[test]
fn the_median_of_an_even_number_lies_between_the_two_in_the_middle() {
    let spread = Spread::of([4.0, 1.0, 2.0, 3.0].into_iter());
    assert_eq!(spread, Spread { least: 1.0, median: 2.5, most: 4.0 });
    assert_eq!(spread.to_string(), "2.50 (1.00 to 4.00)");
}
