//! SO_KEEPALIVE: how a peer that went away without a word (power, cable, a firewall that forgot) is noticed.
//!
//! Set once on the listener and inherited by every client's socket; a backend's socket gets it when its session turns out
//! to live long. TCP_USER_TIMEOUT is deliberately not set: it would also end a session whose peer is there and merely
//! doesn't read for a while. What is sent to a peer that is gone ends by the kernel's own retransmission limit.

use std::io;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};

/// A peer that has been silent for so long is asked; below the 5 minutes after which routers forget a connection.
pub const IDLE: Duration = Duration::from_secs(60);
/// And again after this, while it doesn't answer.
const INTERVAL: Duration = Duration::from_secs(10);
/// So many times; then the connection is broken. Two minutes in all.
const PROBES: u32 = 6;

/// Sets it.
pub(super) fn set(socket: &SockRef<'_>) -> io::Result<()> {
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(IDLE).with_interval(INTERVAL).with_retries(PROBES))
}
