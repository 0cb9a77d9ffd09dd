//! Connecting from an address of our choice, and from a range of ports (`--source`).
//!
//! Bound without a port: the kernel then chooses it at connect, when it knows the other end, so that one port serves as
//! many connections as there are backends (IP_BIND_ADDRESS_NO_PORT). Bound plainly, a port would be used up for all.
//! Costs a connection two syscalls, or three with a range; nobody pays who doesn't ask for it.

use std::io;
use std::mem::size_of_val;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;

use socket2::{Domain, Protocol, Socket, Type};

use super::connect;
use crate::config::Source;

/// `IP_LOCAL_PORT_RANGE` of linux/in.h: since Linux 6.3, and not yet in the libc crate.
const IP_LOCAL_PORT_RANGE: libc::c_int = 51;

/// Why connections can't come from there.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// No interface has the address.
    #[error("--source {0}: no interface of this machine has that address")]
    NotOurs(std::net::IpAddr),
    /// The kernel doesn't know the option.
    #[error("--source with a range of ports needs Linux 6.3 or newer: leave the range out")]
    NoPortRange,
    /// The kernel would ignore the range without a word.
    #[error(
        "--source: ports {asked} are not all within net.ipv4.ip_local_port_range ({allowed}): change one of the two"
    )]
    OutsideRange {
        /// The range asked for.
        asked: String,
        /// What the system gives out.
        allowed: String,
    },
    /// Anything else the kernel said.
    #[error("--source {addr}: {source}")]
    Failed {
        /// The address asked for.
        addr: std::net::IpAddr,
        /// What the kernel said.
        source: io::Error,
    },
}

/// Finds out on a socket that goes nowhere whether connections can come from there, so that the start fails and not
/// every session.
pub fn check_source(source: &Source) -> Result<(), SourceError> {
    let addr = source.addr;
    let (least, most) = connect::ephemeral_ports();
    if let Some((first, last)) = source.ports.filter(|&(first, last)| first < least || last > most) {
        let (asked, allowed) = (format!("{first}-{last}"), format!("{least}-{most}"));
        return Err(SourceError::OutsideRange { asked, allowed });
    }
    let failed = |source: io::Error| match source.raw_os_error() {
        Some(libc::EADDRNOTAVAIL) => SourceError::NotOurs(addr),
        Some(libc::ENOPROTOOPT) => SourceError::NoPortRange,
        _ => SourceError::Failed { addr, source },
    };
    bound(source).map(drop).map_err(failed)
}

/// A socket bound to the address, its port not yet chosen.
pub(super) fn bound(source: &Source) -> io::Result<Socket> {
    let any_port = SocketAddr::new(source.addr, 0);
    let socket = Socket::new(Domain::for_address(any_port), Type::STREAM.nonblocking(), Some(Protocol::TCP))?;
    if let Some((first, last)) = source.ports {
        set_ip_option(&socket, IP_LOCAL_PORT_RANGE, u32::from(last) << 16 | u32::from(first))?;
    }
    if !source.addr.is_unspecified() {
        set_ip_option(&socket, libc::IP_BIND_ADDRESS_NO_PORT, 1)?;
        socket.bind(&any_port.into())?;
    }
    Ok(socket)
}

/// Sets an option of the IP level, which IPv6 sockets have as well.
fn set_ip_option(socket: &Socket, option: libc::c_int, value: u32) -> io::Result<()> {
    let size = size_of_val(&value) as libc::socklen_t;
    // SAFETY: the kernel reads `size` bytes from the pointer, which are those of `value`; the descriptor is open.
    #[expect(unsafe_code, reason = "neither rustix nor socket2 wraps these two options")]
    let outcome =
        unsafe { libc::setsockopt(socket.as_raw_fd(), libc::SOL_IP, option, (&raw const value).cast(), size) };
    if outcome == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests;
