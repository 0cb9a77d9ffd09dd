//! Histograms as Prometheus shows them: cumulative counts up to fixed bounds in seconds, a sum and a count.
//!
//! The buckets that are written are finer ([`lb_core::histogram`]); every bound here is one of theirs, so each count is exact.
//! The sums over all workers are made at the scrape.

use lb_core::backend::Backend;
use lb_core::control::Control;
use lb_core::histogram::scale::Scale;
use lb_core::histogram::{Histogram, Reading};
use lb_core::worker::stats::WorkerStats;

use super::page::Counted;

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
/// From a process, which is back in tens of milliseconds, to a replica that is given up on after ten seconds, and further.
const RECOVERIES_US: &[u64] =
    &[25 * MS, 50 * MS, 100 * MS, 250 * MS, 500 * MS, S, 2 * S, 3 * S, 5 * S, 10 * S, 15 * S, 30 * S, 60 * S, 600 * S];
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
        name: "queue_wait_seconds",
        help: "From a session's begin to wait for a place at its backend to its being let in; off by a turn at most",
        pick: |stats| &stats.queue_wait,
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

/// A power of four of microseconds each: bounds of the backends' wider buckets, from a quarter of a millisecond to 17 s.
const BACKEND_WAITS_US: &[u64] = &[1 << 8, 1 << 10, 1 << 12, 1 << 14, 1 << 16, 1 << 18, 1 << 20, 1 << 22, 1 << 24];

/// What all workers have recorded.
pub(super) fn counted(shown: &Shown, control: &Control) -> Counted {
    up_to(&Reading::of(control.stats().map(shown.pick)), shown.bounds_us)
}

/// What the owner of the membership has recorded.
pub(super) fn waited(histogram: &Histogram) -> Counted {
    up_to(&Reading::of([histogram]), WAITS_US)
}

/// The same, of what takes longer.
pub(super) fn healed(histogram: &Histogram) -> Counted {
    up_to(&Reading::of([histogram]), RECOVERIES_US)
}

/// How long this backend took to its first bytes.
pub(super) fn counted_by_backend(backend: &Backend) -> Counted {
    up_to(&backend.counters.first_byte(), BACKEND_WAITS_US)
}

pub(super) fn up_to<S: Scale>(reading: &Reading<S>, bounds_us: &[u64]) -> Counted {
    let up_to = bounds_us.iter().map(|&bound_us| (seconds(bound_us), reading.below(bound_us))).collect();
    Counted { up_to, count: reading.count(), sum_seconds: seconds(reading.sum_us()) }
}

fn seconds(time_us: u64) -> f64 {
    time_us as f64 / 1e6
}

#[cfg(test)]
mod tests;
