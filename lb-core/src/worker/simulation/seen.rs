//! What happened in random runs, by the worker's own counters: each of these ways must have been taken, or the seeds
//! prove nothing about it.

use crate::worker::stats::WorkerStats;

/// A way, by the name of its counter, and how to read it.
type Way = (&'static str, fn(&WorkerStats) -> u64);

const WAYS: [Way; 20] = [
    ("retries", |stats| stats.retries.read()),
    ("replays_reset", |stats| stats.replays_reset.read()),
    ("replays_closed", |stats| stats.replays_closed.read()),
    ("replays_overdue", |stats| stats.replays_overdue.read()),
    ("heads_held", |stats| stats.heads_held.read()),
    ("queued", |stats| stats.queued.read()),
    ("queue_full", |stats| stats.queue_full.read()),
    ("queue_timeouts", |stats| stats.queue_timeouts.read()),
    ("spilled", |stats| stats.spilled.read()),
    ("evicted", |stats| stats.evicted.read()),
    ("moved_kept", |stats| stats.moved_kept.read()),
    ("moved_closed", |stats| stats.moved_closed.read()),
    ("moved_drained", |stats| stats.moved_drained.read()),
    ("refused_unannounced", |stats| stats.refused_unannounced.read()),
    ("refused_by_source", |stats| stats.refused_by_source.read()),
    ("pipes_returned", |stats| stats.pipes_returned.read()),
    ("splice_fallbacks", |stats| stats.splice_fallbacks.read()),
    ("spliced_bytes", |stats| stats.spliced_bytes.read()),
    ("turns_cut_short", |stats| stats.turns_cut_short.read()),
    ("stale_events", |stats| stats.stale_events.read()),
];

/// How often each way was taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen([u64; WAYS.len()]);

impl Seen {
    pub(super) fn of(stats: &WorkerStats) -> Self {
        Self(WAYS.map(|(_, read)| read(stats)))
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(sum, more)| *sum += more);
    }

    /// The ways that were never taken.
    pub(super) fn never(&self) -> Vec<&'static str> {
        WAYS.iter().zip(self.0).filter(|(_, count)| *count == 0).map(|((name, _), _)| *name).collect()
    }
}
