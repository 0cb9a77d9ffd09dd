//! How many changes a second are taken: a token bucket, so that a script that runs wild leaves the owner of the membership
//! time for everybody else.
//!
//! Only a change that would reach the owner takes from it; what is malformed or not allowed is refused before, and can't
//! use up what others need. Reads are never counted. [`Bucket`] is pure, [`ChangeRate`] is the one that handlers share.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// So many seconds' worth may come at once: a thousand concurrent calls of `/add` and of `/rm` fit.
const BURST_SECONDS: u32 = 4;

/// What all handlers take from. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ChangeRate(Arc<Mutex<Limit>>);

#[derive(Debug)]
struct Limit {
    per_second: u32,
    bucket: Option<Bucket>,
}

impl ChangeRate {
    /// `per_second` changes a second, four times as many at once; 0: as many as come.
    pub fn new(per_second: u32) -> Self {
        Self(Arc::new(Mutex::new(Limit::new(per_second))))
    }

    /// From now on so many; where that is as before, nobody gets more by it.
    pub(crate) fn set(&self, per_second: u32) {
        let mut limit = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if limit.per_second != per_second {
            *limit = Limit::new(per_second);
        }
    }

    /// Takes one, or says after which time there is one again.
    pub(super) fn take(&self) -> Result<(), Duration> {
        let mut limit = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        limit.bucket.as_mut().map_or(Ok(()), |bucket| bucket.take(Instant::now()))
    }
}

impl Limit {
    fn new(per_second: u32) -> Self {
        let full = || Bucket::full(per_second, per_second * BURST_SECONDS, Instant::now());
        Self { per_second, bucket: (per_second > 0).then(full) }
    }
}

/// A bucket that fills by time and is emptied by one a call.
#[derive(Debug)]
pub(super) struct Bucket {
    /// To the next whole one.
    interval: Duration,
    /// How long it takes from empty to full.
    depth: Duration,
    /// It is full from then on; every one taken moves that.
    full_at: Instant,
}

impl Bucket {
    /// Holds `most` (at least one), and gets `per_second` (at least one) again; full at `now`.
    pub(super) fn full(per_second: u32, most: u32, now: Instant) -> Self {
        let interval = Duration::from_secs(1) / per_second;
        Self { interval, depth: interval * most, full_at: now }
    }

    /// Takes one, or says how long there will be none.
    pub(super) fn take(&mut self, now: Instant) -> Result<(), Duration> {
        let full_at = self.full_at.max(now) + self.interval;
        let missing = full_at - now;
        if missing > self.depth {
            return Err(missing - self.depth);
        }
        self.full_at = full_at;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
