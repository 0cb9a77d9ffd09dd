//! Backends that have failed this worker a moment ago, so that no retry is wasted on them.
//!
//! A session may try only so many backends (`--retries`). Where several die at once, or the control side is late with a
//! table without them, all of its attempts could meet the dead although most backends live. So those that have just
//! refused a connect or lost a request come last among the further candidates. Never the first: a key belongs to its
//! backend until a table says otherwise, and one that closes a connection now and then must not lose its keys for it.
//! Not here: whether a backend is down. That is for health to say, which hears of the same failures.

use crate::backend::BackendId;

/// Remembered for so long: health needs milliseconds to take a dead one out, seconds on a machine that is overloaded.
const REMEMBERED_MS: u64 = 1000;
/// The oldest are forgotten beyond that: more are down than any retry could tell apart.
const LOSSES_MAX: usize = 64;

/// Who has failed, each with the last time.
#[derive(Debug, Default)]
pub(crate) struct Losses {
    recent: Vec<(BackendId, u64)>,
}

impl Losses {
    /// It has failed now.
    pub(crate) fn note(&mut self, id: BackendId, now_ms: u64) {
        self.recent.retain(|(other, at_ms)| *other != id && now_ms.saturating_sub(*at_ms) < REMEMBERED_MS);
        if self.recent.len() == LOSSES_MAX {
            self.recent.remove(0);
        }
        self.recent.push((id, now_ms));
    }

    /// Whether it has failed a moment ago.
    pub(crate) fn include(&self, id: BackendId, now_ms: u64) -> bool {
        self.recent.iter().any(|(other, at_ms)| *other == id && now_ms.saturating_sub(*at_ms) < REMEMBERED_MS)
    }
}

#[cfg(test)]
mod tests;
