//! The workers' and the membership's histograms as Prometheus shows them: cumulative counts up to fixed bounds in seconds, a sum and a count.
//!
//! The workers' own buckets are finer ([`lb_core::histogram`]); every bound here is one of theirs, so each count is exact.
//! The sums over all workers are made at the scrape.

use std::fmt;

use lb_core::control::Control;
use lb_core::histogram::{Histogram, Reading};
use lb_core::worker::stats::WorkerStats;
use prometheus_client::encoding::{EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;

/// What one histogram is called, and where it ends.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pick: fn(&WorkerStats) -> &Histogram,
    bounds_us: &'static [u64],
}

const MS: u64 = 1000;
const S: u64 = 1000 * MS;

/// Bounds that a network and a backend make: from a tenth of a millisecond to the longest default deadline.
const WAITS_US: &[u64] = &[
    100,
    250,
    500,
    MS,
    5 * MS / 2,
    5 * MS,
    10 * MS,
    25 * MS,
    50 * MS,
    100 * MS,
    250 * MS,
    500 * MS,
    S,
    5 * S / 2,
    5 * S,
    10 * S,
    30 * S,
];
/// From a request that is answered at once to a connection that is kept for hours.
const SESSIONS_US: &[u64] = &[
    500,
    MS,
    5 * MS / 2,
    5 * MS,
    10 * MS,
    25 * MS,
    50 * MS,
    100 * MS,
    250 * MS,
    500 * MS,
    S,
    5 * S,
    10 * S,
    60 * S,
    600 * S,
    3600 * S,
    36_000 * S,
];
/// A turn should stay below 2 ms, and must below 10.
const TURNS_US: &[u64] = &[10, 25, 50, 100, 250, 500, MS, 2 * MS, 5 * MS, 10 * MS, 20 * MS, 50 * MS, 100 * MS, S];

/// All there are. Names get `lb_` in front.
pub(super) const HISTOGRAMS: &[Shown] = &[
    Shown {
        name: "connect_seconds",
        help: "From the begin of a connect to a backend to its success (failed ones are counted elsewhere); \
               0 where that was within one turn of the loop, and off by a turn at most",
        pick: |stats| &stats.connect,
        bounds_us: WAITS_US,
    },
    Shown {
        name: "first_byte_seconds",
        help: "From a session's connect to the first byte of its backend's first response; off by a turn at most",
        pick: |stats| &stats.first_byte,
        bounds_us: WAITS_US,
    },
    Shown {
        name: "session_seconds",
        help: "From accept to the end of a client's connection, however it ended; off by a turn at most",
        pick: |stats| &stats.session,
        bounds_us: SESSIONS_US,
    },
    Shown {
        name: "turn_seconds",
        help: "Turns of the workers' loops, without the time asleep",
        pick: |stats| &stats.turn,
        bounds_us: TURNS_US,
    },
];

/// One histogram as read at a scrape.
#[derive(Debug)]
pub(super) struct Timed {
    reading: Reading,
    bounds_us: &'static [u64],
}

impl Timed {
    /// What the owner of the membership has recorded.
    pub(super) fn of_ejections(ejection: &Histogram) -> Self {
        Self { reading: Reading::of([ejection]), bounds_us: WAITS_US }
    }

    /// Adds up what all workers have recorded.
    pub(super) fn read(shown: &Shown, control: &Control) -> Self {
        Self { reading: Reading::of(control.stats().map(shown.pick)), bounds_us: shown.bounds_us }
    }

    /// (upper bound in seconds, how many lie below it and above the one before).
    fn buckets(&self) -> Vec<(f64, u64)> {
        let bounded = self.bounds_us.iter().map(|&bound_us| (seconds(bound_us), self.reading.below(bound_us)));
        let cumulative = bounded.chain([(f64::INFINITY, self.reading.count())]);
        let mut before = 0;
        cumulative.map(|(bound, up_to)| (bound, up_to - std::mem::replace(&mut before, up_to))).collect()
    }
}

impl EncodeMetric for Timed {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        let sum = seconds(self.reading.sum_us());
        encoder.encode_histogram::<NoLabelSet>(sum, self.reading.count(), &self.buckets(), None)
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Histogram
    }
}

fn seconds(time_us: u64) -> f64 {
    time_us as f64 / 1e6
}

#[cfg(test)]
mod tests;
