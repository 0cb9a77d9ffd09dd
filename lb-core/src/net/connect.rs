//! Non-blocking connect, and the ways in which it fails.

use std::io;
use std::net::SocketAddr;

use mio::net::TcpStream;
use rustix::io::Errno;
use socket2::{Domain, Socket, Type};

use super::source::bound;
use crate::config::Source;

/// Why a connect could not be begun or did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectFailure {
    /// The backend's fault, or the way to it: refused, reset, unreachable, no port left towards it. Try the next one.
    Backend,
    /// Ours: no descriptor or memory left. Another backend would fail the same way.
    OutOfDescriptors,
}

/// Begins to connect. On loopback the handshake is done when this returns; elsewhere it goes on.
/// `bytes_follow`: something is sent at once, so the handshake's last ACK may wait for it.
/// `source`: where from, for addresses of its family; `None` leaves that to the kernel.
pub fn begin(addr: SocketAddr, source: Option<&Source>, bytes_follow: bool) -> Result<TcpStream, ConnectFailure> {
    connect(addr, source, bytes_follow).map_err(|error| failure(&error))
}

pub(super) fn connect(addr: SocketAddr, source: Option<&Source>, bytes_follow: bool) -> io::Result<TcpStream> {
    let socket = match source.filter(|source| source.addr.is_ipv4() == addr.is_ipv4()) {
        Some(source) => bound(source)?,
        None => Socket::new(Domain::for_address(addr), Type::STREAM.nonblocking(), None)?,
    };
    if bytes_follow {
        acknowledge_with_data(&socket);
    }
    match socket.connect(&addr.into()) {
        // The handshake isn't known to be complete; the first write will tell.
        Err(error) if error.raw_os_error() == Some(Errno::INPROGRESS.raw_os_error()) => {}
        outcome => outcome?,
    }
    Ok(TcpStream::from_std(socket.into()))
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
pub fn is_self_connected(stream: &TcpStream, addr: SocketAddr) -> bool {
    stream.local_addr().is_ok_and(|local| local == addr)
}

/// Lets the handshake's last ACK wait for the first bytes and go out in their segment (the kernel's "pingpong mode"):
/// a segment less, and the backend wakes once. Where no bytes came the ACK would be late by a fifth of a second.
fn acknowledge_with_data(socket: &Socket) {
    // Without it the connect costs a segment more.
    let _slower = socket.set_tcp_quickack(false);
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
