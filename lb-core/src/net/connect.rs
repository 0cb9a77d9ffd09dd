//! Non-blocking connect, and the ways in which it fails.

use std::io;
use std::net::SocketAddr;

use mio::net::TcpStream;
use rustix::io::Errno;

use super::source::begin_from;
use crate::config::Source;

/// Why a connect could not be begun or did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectFailure {
    /// The backend's fault, or the way to it: refused, reset, unreachable, no port left towards it. Try the next one.
    Backend,
    /// Ours: no descriptor or memory left. Another backend would fail the same way.
    OutOfDescriptors,
}

/// Begins to connect. On loopback the handshake is done when this returns; elsewhere EINPROGRESS is the rule.
pub fn begin(addr: SocketAddr, source: Option<&Source>) -> Result<TcpStream, ConnectFailure> {
    let stream = match source.filter(|source| source.addr.is_ipv4() == addr.is_ipv4()) {
        Some(source) => begin_from(source, addr),
        None => TcpStream::connect(addr),
    };
    stream.map_err(|error| failure(&error))
}

/// What a connect error means. EADDRNOTAVAIL (no ephemeral port left towards this address) is counted as the backend's:
/// another address has its own ports.
pub fn failure(error: &io::Error) -> ConnectFailure {
    match Errno::from_io_error(error) {
        Some(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM) => ConnectFailure::OutOfDescriptors,
        _ => ConnectFailure::Backend,
    }
}

/// Whether the connect has completed. To be asked once the socket is writable and there is nothing to send.
pub fn completed(stream: &TcpStream) -> Result<bool, ConnectFailure> {
    if let Ok(Some(error)) | Err(error) = stream.take_error() {
        return Err(failure(&error));
    }
    match stream.peer_addr() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(false),
        Err(error) => Err(failure(&error)),
    }
}

/// Whether the socket is connected to itself: a connect to a dead loopback port in the ephemeral range can meet its own
/// source port (FAULTS fact 4).
pub fn is_self_connected(stream: &TcpStream) -> bool {
    matches!((stream.local_addr(), stream.peer_addr()), (Ok(local), Ok(peer)) if local == peer)
}

/// Whether [`is_self_connected`] can be true at all: only for ports that the kernel gives out itself.
pub fn may_self_connect(addr: SocketAddr, ephemeral_from: u16) -> bool {
    addr.port() >= ephemeral_from
}

/// The first and the last port that the kernel gives out by itself (`net.ipv4.ip_local_port_range`).
pub fn ephemeral_ports() -> (u16, u16) {
    const LINUX_DEFAULT: (u16, u16) = (32_768, 60_999);
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let mut ports = range.split_whitespace().map(|port| port.parse().ok());
    ports.next().flatten().zip(ports.next().flatten()).unwrap_or(LINUX_DEFAULT)
}

#[cfg(test)]
mod tests;
