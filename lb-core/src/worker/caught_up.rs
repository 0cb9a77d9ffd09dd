//! Up to when a worker knows what the kernel has reported: deadlines are judged as of then, and no later.
//!
//! A worker that was kept from its CPU finds a deadline past and the answer that came in time still in the kernel: behind
//! more events than one turn fetches, or come between the events it has fetched and the look at the clock. A backend must
//! not be given up, nor a client told 504, because the worker was late. Once the kernel had no more to tell, everything is
//! known up to the moment in which it was asked. Where there is always more, a round is counted: a descriptor stands in
//! the kernel's list once, and what has become ready since is behind it, so after as many events as there are descriptors
//! whatever was ready when the round began has come up. So deadlines are late by two rounds at the most, never put off
//! for ever.

/// What one worker knows.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CaughtUp {
    until_ms: u64,
    round: Option<Round>,
}

#[derive(Clone, Copy, Debug)]
struct Round {
    began_ms: u64,
    /// Events that may still stand for what was ready then.
    left: usize,
}

impl CaughtUp {
    /// The kernel was asked at `asked_ms`, and has told `fetched` events. `more`: as many as there was room for, so that
    /// there may be others. `descriptors`: at least as many as epoll watches.
    pub(crate) fn fetched(&mut self, asked_ms: u64, fetched: usize, more: bool, descriptors: usize) {
        if !more {
            *self = Self { until_ms: asked_ms, round: None };
            return;
        }
        let Round { began_ms, left } = self.round.unwrap_or(Round { began_ms: asked_ms, left: descriptors });
        self.round = left.checked_sub(fetched).filter(|left| *left > 0).map(|left| Round { began_ms, left });
        if self.round.is_none() {
            self.until_ms = began_ms;
        }
    }

    /// All that was reported by then has been looked at. Milliseconds on the worker's clock.
    pub(crate) fn until_ms(&self) -> u64 {
        self.until_ms
    }
}

#[cfg(test)]
mod tests;
