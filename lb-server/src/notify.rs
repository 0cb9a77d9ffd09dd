//! Tells systemd where we are: the few lines of sd_notify(3), a datagram to the socket named by `NOTIFY_SOCKET`.
//!
//! `READY=1` after the start, `RELOADING=1` and `READY=1` around a reload (also one that comes to nothing), `STOPPING=1` at the
//! end. A reload before the first or after the last of them says nothing: its `READY=1` would be a lie.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::time::{ClockId, clock_gettime};

/// Whoever started us, where it wants to know. One that doesn't listen is its own trouble: it will time out by itself and
/// say so better than we could.
#[derive(Debug)]
pub(crate) struct Manager {
    socket: Option<OsString>,
    /// Held while something is sent, so that it arrives in this order.
    phase: Mutex<Phase>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Starting,
    Ready,
    Stopping,
}

impl Manager {
    /// The one that the environment names.
    pub(crate) fn of_environment() -> Arc<Self> {
        Self::at(std::env::var_os("NOTIFY_SOCKET"))
    }

    fn at(socket: Option<OsString>) -> Arc<Self> {
        Arc::new(Self { socket, phase: Mutex::new(Phase::Starting) })
    }

    /// The start is over.
    pub(crate) fn ready(&self) {
        let mut phase = self.phase();
        *phase = Phase::Ready;
        self.tell("READY=1");
    }

    /// A reload is under way, as long as what is returned lives.
    pub(crate) fn reloading(self: &Arc<Self>) -> Reloading {
        let phase = self.phase();
        let is_told = *phase == Phase::Ready;
        if is_told {
            self.tell(&format!("RELOADING=1\nMONOTONIC_USEC={}", monotonic_usec()));
        }
        drop(phase);
        Reloading { manager: Arc::clone(self), is_told }
    }

    /// The end begins.
    pub(crate) fn stopping(&self) {
        let mut phase = self.phase();
        *phase = Phase::Stopping;
        self.tell("STOPPING=1");
    }

    fn phase(&self) -> MutexGuard<'_, Phase> {
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, state: &str) {
        if let Some(socket) = &self.socket {
            let _sent = send(socket, state);
        }
    }
}

/// A reload that is under way; dropped, it is over.
#[derive(Debug)]
pub(crate) struct Reloading {
    manager: Arc<Manager>,
    is_told: bool,
}

impl Drop for Reloading {
    fn drop(&mut self) {
        let phase = self.manager.phase();
        if self.is_told && *phase == Phase::Ready {
            self.manager.tell("READY=1");
        }
    }
}

/// The clock by which systemd tells this reload from an earlier one.
fn monotonic_usec() -> i64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec * 1_000_000 + now.tv_nsec / 1000
}

/// A path, or a name in the abstract namespace, written with `@` for the leading NUL.
fn send(socket: &OsStr, state: &str) -> io::Result<()> {
    let addr = match socket.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(socket)?,
    };
    UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &addr).map(drop)
}

#[cfg(test)]
mod tests;
