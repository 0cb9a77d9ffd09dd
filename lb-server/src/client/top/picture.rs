//! What is known of the balancer: the last look, and what is remembered of those before (rates, events). Pure.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use super::super::events::Event;
use super::documents::{Look, Summary};
use super::samples::Samples;
use super::trouble::{self, Failures, Patient};

/// As many as the balancer itself keeps.
const EVENTS_MAX: usize = 1000;
/// Starts that are so near each other are one: the clock and the rounding of the uptime.
const SAME_START: Duration = Duration::from_secs(2);

/// Of one balancer process.
#[derive(Debug)]
pub(super) struct Picture {
    pub(super) summary: Summary,
    /// Whoever is in trouble first.
    pub(super) backends: Vec<Patient>,
    /// Oldest first.
    pub(super) events: VecDeque<Event>,
    pub(super) samples: Samples,
    failures: Failures,
}

/// What became of a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    Whole,
    /// Another process has answered, and was asked after an event of the one before.
    WithoutItsEvents,
}

impl Picture {
    pub(super) fn new(look: Look) -> Self {
        let mut samples = Samples::default();
        samples.take(&look.summary, &look.backends);
        let failures = trouble::failures(&look.backends);
        let backends = trouble::sorted(look.backends, &Failures::new());
        // Those before the id that was asked after are another process's.
        let events = if look.after == 0 { look.events.into() } else { VecDeque::new() };
        Self { summary: look.summary, backends, events, samples, failures }
    }

    /// The next one. Of a balancer that was started anew nothing of before counts.
    pub(super) fn take(&mut self, look: Look) -> Taken {
        if !self.is_same_process(&look.summary) {
            let taken = if look.after == 0 { Taken::Whole } else { Taken::WithoutItsEvents };
            *self = Self::new(look);
            return taken;
        }
        self.samples.take(&look.summary, &look.backends);
        let failures = trouble::failures(&look.backends);
        self.backends = trouble::sorted(look.backends, &self.failures);
        self.failures = failures;
        self.summary = look.summary;
        let last = self.last_event();
        self.events.extend(look.events.into_iter().filter(|event| event.id > last));
        let surplus = self.events.len().saturating_sub(EVENTS_MAX);
        self.events.drain(..surplus);
        Taken::Whole
    }

    /// The id of the newest event that is known; 0: none.
    pub(super) fn last_event(&self) -> u64 {
        self.events.back().map_or(0, |event| event.id)
    }

    /// The moment that it shows, by the balancer's clock.
    pub(super) fn now(&self) -> SystemTime {
        self.summary.now
    }

    fn is_same_process(&self, next: &Summary) -> bool {
        let (before, after) = (start(&self.summary), start(next));
        let apart = before.duration_since(after).unwrap_or_else(|error| error.duration());
        apart <= SAME_START
    }
}

fn start(summary: &Summary) -> SystemTime {
    let uptime = Duration::try_from_secs_f64(summary.uptime_seconds).unwrap_or_default();
    summary.now.checked_sub(uptime).unwrap_or(SystemTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests;
