//! How fast losses are noticed, for the metrics: written by the owner alone, read by anybody.
//!
//! What exactly is timed is decided in [`super::state`], whose effects the owner carries out; nothing is decided here.

use std::time::Duration;

use lb_core::histogram::Histogram;

/// The times so far.
#[derive(Debug, Default)]
pub struct Healing {
    ejection: Histogram,
}

impl Healing {
    /// From the first sign that a backend is lost to the moment from which no worker routes to it.
    pub fn ejection(&self) -> &Histogram {
        &self.ejection
    }

    pub(super) fn note_ejection(&self, took: Duration) {
        self.ejection.record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }
}
