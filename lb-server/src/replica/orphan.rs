//! When a replica is an orphan: whoever started it is gone, and nobody has asked for it for a minute.
//!
//! Both must hold. A parent that has gone may have left it on purpose (a balancer that is restarted, and finds it again
//! by its health check); a quiet replica with a parent is merely idle.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use rustix::process::{Pid, getppid};

/// As long as this without a check, and no balancer is coming back for it.
const QUIET_MAX: Duration = Duration::from_secs(60);
/// How often the parent is looked for.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Who started us and when somebody last asked for us.
#[derive(Debug)]
pub(super) struct Watch {
    parent: Option<Pid>,
    last_seen: Mutex<Instant>,
}

impl Watch {
    /// Begins now, with the parent that we have now.
    pub(super) fn new() -> Self {
        Self { parent: getppid(), last_seen: Mutex::new(Instant::now()) }
    }

    /// A connection or a request came; which of them are health checks only the balancer knows.
    pub(super) fn seen(&self) {
        *self.last_seen.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Returns when this process has become an orphan.
    pub(super) async fn until_orphaned(&self) {
        while !is_orphan(self.parent, getppid(), self.quiet()) {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    fn quiet(&self) -> Duration {
        self.last_seen.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }
}

/// The kernel gives the children of a dead process to another, so a parent that is gone is a parent that has changed.
/// PID 1 of a container has none (`None`) from the beginning and never becomes an orphan.
fn is_orphan(parent_at_start: Option<Pid>, parent_now: Option<Pid>, quiet: Duration) -> bool {
    parent_now != parent_at_start && quiet >= QUIET_MAX
}

#[cfg(test)]
mod tests;
