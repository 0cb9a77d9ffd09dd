//! How far a run is, and the way to end it early: shared between the clients of a run and whoever watches it.

use std::cell::Cell;
use std::rc::Rc;

/// How far a run is, and the way to end it early. Clones share one state.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gauge(Rc<GaugeState>);

#[derive(Debug, Default)]
struct GaugeState {
    begun: Cell<u64>,
    done: Cell<u64>,
    stopped: Cell<bool>,
}

impl Gauge {
    /// Requests that have ended, answered or failed.
    pub(crate) fn done(&self) -> u64 {
        self.0.done.get()
    }

    /// No request is begun after this; those in flight are waited for.
    pub(crate) fn stop(&self) {
        self.0.stopped.set(true);
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.0.stopped.get()
    }

    pub(super) fn begun(&self) -> u64 {
        self.0.begun.get()
    }

    /// The next request's index (from 0), unless that many have begun or the gauge is stopped.
    pub(super) fn begin(&self, requests_max: u64) -> Option<u64> {
        let index = self.0.begun.get();
        if self.0.stopped.get() || index >= requests_max {
            return None;
        }
        self.0.begun.set(index + 1);
        Some(index)
    }

    pub(super) fn end(&self) {
        self.0.done.set(self.0.done.get() + 1);
    }
}
