//! How fast losses are noticed and made good, for the metrics: written by the owner alone, read by anybody.
//!
//! What exactly is timed is decided in [`super::state`], whose effects the owner carries out; nothing is decided here.

use std::time::Duration;

use lb_core::histogram::Histogram;

/// The times so far.
#[derive(Debug, Default)]
pub struct Healing {
    ejection: Histogram,
    recovery: Histogram,
}

impl Healing {
    /// From the first sign that a backend is lost to the moment from which no worker routes to it.
    pub fn ejection(&self) -> &Histogram {
        &self.ejection
    }

    /// From the loss of a backend that was ready to the moment when its seat is ready again, whoever sits there then.
    pub fn recovery(&self) -> &Histogram {
        &self.recovery
    }

    pub(super) fn note_recovery(&self, took: Duration) {
        self.recovery.record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    pub(super) fn note_ejection(&self, took: Duration) {
        self.ejection.record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }
}
