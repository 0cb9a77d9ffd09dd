//! Which deadline a session stands under. Milliseconds on the worker's monotonic clock; 0 in the settings = none.

use std::time::Duration;

use super::{Phase, Session};
use crate::config::WorkerConfig;

/// How long a client may go on sending after the front has said its last word. Closing earlier would reset the
/// connection and destroy what the client hasn't read yet (FAULTS fact 6).
pub const LINGER: Duration = Duration::from_secs(2);
/// How long a client that shall be reset may take to receive what the kernel still holds for it.
pub const RESET_AFTER: Duration = Duration::from_secs(2);
/// How long a session may stay without a byte once its backend has ended and the client was told so. Clients that keep
/// connections for later often don't look at them, and each would hold a backend's socket in CLOSE_WAIT for the idle
/// timeout. The kernel's own limit for such halves (`tcp_fin_timeout`).
pub const HALF_CLOSED: Duration = Duration::from_secs(60);
/// How often it is looked whether it has received that; the kernel doesn't tell.
pub const RESET_LOOK_MS: u64 = 5;

impl Session {
    /// When something must happen although no socket says so; `None`: never. `draining`: the process is stopping.
    pub fn deadline_ms(&self, config: &WorkerConfig, draining: bool) -> Option<u64> {
        match self.phase {
            Phase::Announcement | Phase::Head(_) => after(self.since_ms, config.head_timeout),
            Phase::Routing => None,
            Phase::Queued => after(self.since_ms, config.queue_timeout),
            Phase::Connecting => after(self.since_ms, config.connect_timeout),
            Phase::Relaying => {
                let idle = after(self.touched_ms, config.idle_timeout);
                let awaits_response = self.relay.answerable() || self.relay.awaits_in_vain();
                let first_byte = after(self.touched_ms, config.first_byte_timeout).filter(|_| awaits_response);
                let half_closed = after(self.touched_ms, if draining { LINGER } else { HALF_CLOSED });
                let half_closed = half_closed.filter(|_| self.relay.waits_for_client_end());
                idle.into_iter().chain(first_byte).chain(half_closed).min()
            }
            Phase::Lingering(_) => after(self.since_ms, LINGER),
            Phase::ResettingClient { look_at_ms } => Some(look_at_ms),
        }
    }

    /// A turn of the worker that began at `from_ms` was over at `to_ms` only. What happened in it bears the time of its
    /// beginning and may have happened at its end: from there the others get their time.
    pub fn held_up(&mut self, from_ms: u64, to_ms: u64) {
        for stamp_ms in [&mut self.since_ms, &mut self.touched_ms] {
            if *stamp_ms == from_ms {
                *stamp_ms = to_ms;
            }
        }
    }
}

fn after(start_ms: u64, timeout: Duration) -> Option<u64> {
    let timeout_ms = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
    (timeout_ms > 0).then(|| start_ms.saturating_add(timeout_ms))
}
