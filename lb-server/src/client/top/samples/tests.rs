//! Rates are differences of counters; a gap stays a gap, and a seat keeps its rates.

use std::time::Duration;

use proptest::prelude::*;

use super::super::documents::Look;
use super::super::testing::{backend, look, of, summary};
use super::*;

const STEP: Duration = Duration::from_secs(1);

fn taken(looks: &[Look]) -> (Samples, SystemTime) {
    let mut samples = Samples::default();
    looks.iter().for_each(|look| samples.take(&look.summary, &look.backends));
    (samples, looks.last().expect("a look").summary.now)
}

#[test]
fn one_look_knows_no_rate_and_two_know_one() {
    let (samples, _) = taken(&[look(10, &[("S1", "ready", 100)])]);
    assert_eq!((samples.total(), samples.rate(&Seat::Number(1))), (None, None));
    let (samples, now) = taken(&[look(10, &[("S1", "ready", 100)]), look(12, &[("S1", "ready", 150)])]);
    assert_eq!(samples.total(), Some(25.0));
    assert_eq!(samples.rate(&Seat::Number(1)), Some(25.0));
    assert_eq!(samples.rate(&Seat::Number(2)), Some(0.0), "it had none");
    assert_eq!(samples.totals(now, STEP, 3), [None, None, Some(25.0)]);
}

#[test]
fn a_look_that_failed_leaves_a_gap() {
    let looks = [10, 11, 14, 15].map(|second| look(second, &[("S1", "ready", second * 10)]));
    let (samples, now) = taken(&looks);
    assert_eq!(samples.totals(now, STEP, 6), [None, Some(10.0), None, None, Some(10.0), Some(10.0)]);
}

#[test]
fn a_replacement_goes_on_with_the_rates_of_its_seat() {
    let (samples, now) =
        taken(&[look(10, &[("S1", "ready", 100)]), look(11, &[("S1", "ready", 110)]), look(12, &[("S9", "ready", 7)])]);
    assert_eq!(samples.rates(&Seat::Number(1), now, STEP, 2), [Some(10.0), Some(7.0)]);
}

#[test]
fn further_requests_on_a_connection_count_too() {
    let mut later = summary(11);
    later["requests"]["pinned_total"] = 40.into();
    let (samples, _) =
        taken(&[look(10, &[("S1", "ready", 100)]), of(&later, vec![backend(11, 1, ("S1", "ready", 102))], vec![])]);
    assert_eq!(samples.total(), Some(42.0));
}

proptest! {
    /// Whatever the counters and clocks do, also backwards, no rate is negative or endless, and memory is bounded.
    #[test]
    fn rates_are_finite_and_bounded(steps in prop::collection::vec((0_u64..100, 0_u64..1_000_000), 1..900), n in 0_usize..300) {
        let mut look = look(0, &[("S1", "ready", 0)]);
        let start = look.summary.now;
        let mut samples = Samples::default();
        for (second, total) in steps {
            look.summary.now = start + Duration::from_secs(second);
            look.backends[0].sessions_total = total;
            samples.take(&look.summary, &look.backends);
        }
        let now = look.summary.now;
        prop_assert!(samples.kept.len() <= SAMPLES_MAX);
        let rates = samples.rates(&Seat::Number(1), now, STEP, n);
        prop_assert_eq!(rates.len(), n);
        prop_assert!(rates.iter().flatten().all(|rate| rate.is_finite() && *rate >= 0.0));
    }
}
