//! Waiting: for a fact, with a deadline, here and nowhere else.

use std::thread;
use std::time::{Duration, Instant};

/// How long anything may take. Generous: it only decides how long a failing test hangs.
pub(crate) const WITHIN: Duration = Duration::from_secs(20);
/// Between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// Looks until `fact` is there; panics with `what` when it isn't in time.
pub(crate) fn eventually<T>(what: &str, fact: impl FnMut() -> Option<T>) -> T {
    in_time(fact).unwrap_or_else(|| panic!("waited {WITHIN:?} in vain: {what}"))
}

/// Looks until `fact` is there; `None` when it isn't in time.
pub(crate) fn in_time<T>(mut fact: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + WITHIN;
    loop {
        if let Some(found) = fact() {
            return Some(found);
        }
        if Instant::now() > deadline {
            return None;
        }
        // Nobody unparks us: this gives the other threads their turn between two looks.
        thread::park_timeout(LOOK_AGAIN);
    }
}
