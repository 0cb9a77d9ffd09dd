//! How long a seat waits between two starts. Pure.
//!
//! The first loss is made good at once. After that two starts in one seat are apart by an interval that doubles with
//! every failure; the time that the replica has lived counts towards it. A replica that had become ready proves that the
//! program works, so its seat waits half a second at the most; one that never became ready goes on to ten seconds.
//! Ten healthy seconds forget all of it.

use std::time::Duration;

/// The interval after the second failure in a row.
const FIRST_INTERVAL: Duration = Duration::from_millis(100);
/// The longest after a start that never became ready: a crash loop then costs next to nothing.
const INTERVAL_MAX: Duration = Duration::from_secs(10);
/// The longest after the loss of a replica that had been ready: capacity is missing, and nothing says it won't start.
const LOST_INTERVAL_MAX: Duration = Duration::from_millis(500);
/// So long ready, and earlier failures say nothing about the next start.
pub(crate) const HEALTHY_AFTER: Duration = Duration::from_secs(10);
/// Spread to either side, so that seats that fail together don't start together.
const JITTER: f64 = 0.2;

/// The failures of one seat.
#[derive(Clone, Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// Failures in a row.
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    /// Counts a failure and gives the time until the next start. `ready_for`: how long it had been ready, if ever.
    pub(crate) fn after_failure(&mut self, ready_for: Option<Duration>, rng: &mut fastrand::Rng) -> Duration {
        if ready_for.is_some_and(|time| time >= HEALTHY_AFTER) {
            self.failures = 0;
        }
        self.failures = self.failures.saturating_add(1);
        if self.failures == 1 {
            return Duration::ZERO;
        }
        let doublings = (self.failures - 2).min(16);
        let longest = if ready_for.is_some() { LOST_INTERVAL_MAX } else { INTERVAL_MAX };
        let interval = (FIRST_INTERVAL * 2_u32.pow(doublings)).min(longest);
        let spread = 1.0 + JITTER * (2.0 * rng.f64() - 1.0);
        interval.mul_f64(spread).min(longest).saturating_sub(ready_for.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests;
