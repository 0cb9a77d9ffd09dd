//! Deadlines of sessions, as a heap that is only touched when one comes into being or is due.
//!
//! A session has at most one entry that counts: the earliest that was asked for. When it is due, whoever owns the
//! session looks whether its deadline has moved on meanwhile (traffic moves it without touching the heap) and arms it
//! again. Entries that count no more (the session is gone, or was armed earlier) are dropped when they come up, or all
//! at once when they outnumber those that do: a session of a millisecond leaves one that would stay for an hour.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::token::SessionKey;

/// Below this many entries nothing is swept.
const SWEPT_FROM: usize = 1024;

/// Deadlines in milliseconds on the worker's clock.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    heap: BinaryHeap<Reverse<(u64, SessionKey)>>,
}

impl Timers {
    /// Wakes the session at `at_ms`.
    pub(crate) fn arm(&mut self, at_ms: u64, key: SessionKey) {
        self.heap.push(Reverse((at_ms, key)));
    }

    /// When the next entry is due.
    pub(crate) fn next_ms(&self) -> Option<u64> {
        self.heap.peek().map(|Reverse((at_ms, _))| *at_ms)
    }

    /// Takes one entry that is due.
    pub(crate) fn due(&mut self, now_ms: u64) -> Option<(u64, SessionKey)> {
        if self.next_ms()? > now_ms {
            return None;
        }
        self.heap.pop().map(|Reverse(entry)| entry)
    }

    /// Drops the entries that don't count, where they must be more than half of all because only `sessions` can have one
    /// that does. Costs nothing else, and so a constant for each entry over time.
    pub(crate) fn sweep(&mut self, sessions: usize, mut counts: impl FnMut(u64, SessionKey) -> bool) {
        if self.heap.len() > SWEPT_FROM.max(2 * sessions) {
            self.heap.retain(|Reverse((at_ms, key))| counts(*at_ms, *key));
        }
    }
}

#[cfg(test)]
mod tests;
