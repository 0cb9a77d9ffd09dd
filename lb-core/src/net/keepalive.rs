//! SO_KEEPALIVE: how a peer that went away without a word (power, cable, a firewall that forgot) is noticed, two to three
//! minutes after its last segment.
//!
//! Set on both sockets of a session that turns out to live long, on each with a [`Timing`] of its own. With the same
//! timing for all, sockets that were opened within seconds would ask within the same tick: the kernel rounds timers of a
//! minute up to its next 2 s (250 Hz; 4 s at 1,000 Hz). On loopback and between containers it drops what goes beyond
//! `net.core.netdev_max_backlog`, 1,000 packets by default, and so the same sockets lose all of their probes in step.
//!
//! TCP_USER_TIMEOUT is deliberately not set: it would also end a session whose peer is there and merely doesn't read for
//! a while. What is sent to a peer that is gone ends by the kernel's own retransmission limit.

use std::io;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};

/// No peer is asked before it has been silent for so long.
pub const IDLE_MIN: Duration = Duration::from_secs(60);
/// So many different times of silence, a second apart: the latest socket asks before 131 s, from where on timers are
/// rounded to 16 s, and well below the 4 minutes after which routers begin to forget a connection.
const IDLE_TIMES: u32 = 60;
/// Asked again after this at the least, while it doesn't answer.
const INTERVAL_MIN: Duration = Duration::from_secs(8);
/// So many different intervals, a second apart, around 10 s: sockets that did lose a probe together part before the next.
const INTERVALS: u32 = 5;
/// So many times; then the connection is broken.
const PROBES: u32 = 6;

/// When a socket asks its peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Timing {
    /// Silence before the first probe. Whole seconds, as the kernel takes them.
    pub(crate) idle: Duration,
    /// Between two probes. Whole seconds too.
    pub(crate) interval: Duration,
}

impl Timing {
    /// That of the socket with this number. Numbers that follow one another are as far apart as numbers of any count can
    /// be (multiples of the golden ratio, modulo one), so a crowd is spread evenly, not just at random.
    pub(crate) fn of(number: u32) -> Self {
        const GOLDEN: u32 = 0x9E37_79B9;
        let place = u64::from(number.wrapping_mul(GOLDEN)) * u64::from(IDLE_TIMES);
        let (later, rest) = (place >> 32, place & u64::from(u32::MAX));
        Self {
            idle: IDLE_MIN + Duration::from_secs(later),
            interval: INTERVAL_MIN + Duration::from_secs((rest * u64::from(INTERVALS)) >> 32),
        }
    }
}

/// Sets it.
pub(super) fn set(socket: &SockRef<'_>, timing: Timing) -> io::Result<()> {
    let Timing { idle, interval } = timing;
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(idle).with_interval(interval).with_retries(PROBES))
}

#[cfg(test)]
mod tests;
