//! Ports for replicas: between 20000 and 32767, at random, not in use.
//!
//! Below 32768 because a connect to a dead port in the kernel's ephemeral range can succeed against itself. A port that
//! another program takes between our look and the replica's bind only means that the replica dies and is started anew.

use std::collections::HashSet;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const PORTS: Range<u16> = 20_000..32_768;
/// Looks before giving up; with half of the ports in use a thousand looks all fail once in 10^300.
const LOOKS_MAX: usize = 1000;

/// The ports that were handed out.
#[derive(Clone, Debug, Default)]
pub(super) struct Ports {
    handed_out: Arc<Mutex<HashSet<u16>>>,
}

/// A port for as long as its replica lives.
#[derive(Debug)]
pub(super) struct PortLease {
    port: u16,
    ports: Ports,
}

impl Ports {
    /// A free port, or `AddrInUse` where none was found.
    pub(super) fn lease(&self) -> io::Result<PortLease> {
        for _ in 0..LOOKS_MAX {
            let port = fastrand::u16(PORTS);
            if self.lock().insert(port) {
                let lease = PortLease { port, ports: self.clone() };
                if is_free(port) {
                    return Ok(lease);
                }
            }
        }
        Err(io::Error::new(io::ErrorKind::AddrInUse, "no free port between 20000 and 32767"))
    }

    /// The port that a replica has had since before we were started.
    pub(super) fn take(&self, port: u16) -> PortLease {
        self.lock().insert(port);
        PortLease { port, ports: self.clone() }
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<u16>> {
        self.handed_out.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PortLease {
    pub(super) fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for PortLease {
    fn drop(&mut self) {
        self.ports.lock().remove(&self.port);
    }
}

/// Whether nobody listens there on any address. std sets SO_REUSEADDR, so sockets in TIME_WAIT don't count.
pub(super) fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok()
}
