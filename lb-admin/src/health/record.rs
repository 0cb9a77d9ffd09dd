//! What the checks of one backend have found so far: how often what, and the last time. Written by its patrol, read by
//! whoever shows it, so that a check that changes nothing needs no new snapshot.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use super::rise_fall::Outcome;

/// What a check can come to, as `/metrics` calls it.
pub(crate) const CHECK_RESULTS: [&str; 4] = ["good", "refused", "bad", "unknown"];

/// The checks of one incarnation of a backend.
#[derive(Debug, Default)]
pub struct CheckRecord(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    counts: [u64; CHECK_RESULTS.len()],
    last: Option<LastCheck>,
}

/// The last check of a backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastCheck {
    /// When it was over, by the wall clock.
    pub at: SystemTime,
    /// How long it took.
    pub took: Duration,
    /// The answer was good.
    pub ok: bool,
    /// What it was, in words.
    pub detail: String,
}

impl CheckRecord {
    /// The last one, if there was any.
    pub fn last(&self) -> Option<LastCheck> {
        self.seen().last.clone()
    }

    /// How many came to each of [`CHECK_RESULTS`].
    pub(crate) fn counts(&self) -> [u64; CHECK_RESULTS.len()] {
        self.seen().counts
    }

    pub(crate) fn note(&self, outcome: &Outcome, took: Duration, at: SystemTime) {
        let (result, detail) = match outcome {
            Outcome::Good => (0, "ok"),
            Outcome::Refused => (1, "connect refused"),
            Outcome::Bad(why) => (2, why.as_str()),
            Outcome::Unknown => (3, "nothing is known: the checker was late or had no port left"),
        };
        let mut seen = self.seen();
        seen.counts[result] += 1;
        seen.last = Some(LastCheck { at, took, ok: *outcome == Outcome::Good, detail: detail.to_owned() });
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        // A panic can't leave it half changed in a way that matters: it is only shown.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
