//! The front's listeners: one per worker and address, in one SO_REUSEPORT group.
//!
//! SO_REUSEPORT would let a second process join the group in silence, so each address is first bound and listened on
//! plainly: that fails where anybody listens already. Two processes that start within the same moment are told apart
//! by an abstract socket that only one of them can hold for a port.

use std::io;
use std::net::SocketAddr;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr as UnixAddr, UnixListener};

use mio::net::TcpListener;
use socket2::{Domain, Protocol, SockFilter, SockRef, Socket, Type};

/// Connections that the kernel keeps for us while every worker is busy (it caps this at `net.core.somaxconn`).
const BACKLOG: i32 = 4096;

/// Bound listeners: for every front address one per worker, all in one SO_REUSEPORT group.
#[derive(Debug)]
pub struct Fronts {
    addrs: Vec<SocketAddr>,
    /// A row per worker, in the order of `addrs`.
    per_worker: Vec<Vec<TcpListener>>,
    /// Held as long as the fronts are: see the module's head.
    _claims: Vec<UnixListener>,
}

/// Why a front could not be bound.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Somebody (we ourselves, perhaps) listens there already.
    #[error("{0} is in use: another program (or another lb) listens there; stop it or choose another --front")]
    InUse(SocketAddr),
    /// Anything else the kernel said.
    #[error("{addr}: {source}")]
    Failed {
        /// The address asked for.
        addr: SocketAddr,
        /// What the kernel said.
        source: io::Error,
    },
}

impl Fronts {
    /// Binds every address for `workers` workers. Port 0 takes a free one, the same for all workers.
    pub fn bind(addrs: &[SocketAddr], workers: usize) -> Result<Self, BindError> {
        let mut bound = Self {
            addrs: Vec::with_capacity(addrs.len()),
            per_worker: (0..workers.max(1)).map(|_| Vec::new()).collect(),
            _claims: Vec::new(),
        };
        for &asked in addrs {
            let failed = |source: io::Error| match source.kind() {
                io::ErrorKind::AddrInUse => BindError::InUse(asked),
                _ => BindError::Failed { addr: asked, source },
            };
            let addr = probe(asked).map_err(failed)?;
            bound._claims.push(claim(addr).map_err(failed)?);
            for listeners in &mut bound.per_worker {
                listeners.push(shared_listener(addr).map_err(failed)?);
            }
            bound.addrs.push(addr);
        }
        Ok(bound)
    }

    /// The bound addresses (with the real port where 0 was asked for).
    pub fn addrs(&self) -> &[SocketAddr] {
        &self.addrs
    }

    /// How many workers these are for.
    pub fn workers(&self) -> usize {
        self.per_worker.len()
    }

    /// The listeners, a row per worker, and what must be kept until the process no longer listens.
    pub(crate) fn into_parts(self) -> (Vec<Vec<TcpListener>>, Vec<UnixListener>) {
        (self.per_worker, self._claims)
    }
}

/// Binds and listens without SO_REUSEPORT: fails if anybody listens on the address. Gives the address with its port.
fn probe(addr: SocketAddr) -> io::Result<SocketAddr> {
    let socket = socket_for(addr)?;
    socket.bind(&addr.into())?;
    socket.listen(1)?;
    socket.local_addr()?.as_socket().ok_or_else(|| io::Error::other("no socket address"))
}

/// Takes the abstract name of a port in this network namespace; the kernel frees it when the process ends.
fn claim(addr: SocketAddr) -> io::Result<UnixListener> {
    UnixListener::bind_addr(&UnixAddr::from_abstract_name(format!("lb/front/{addr}"))?)
}

fn shared_listener(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = socket_for(addr)?;
    socket.set_reuse_port(true)?;
    socket.bind(&addr.into())?;
    socket.listen(BACKLOG)?;
    // Inherited by what is accepted, so that it costs no syscall a connection.
    socket.set_tcp_nodelay(true)?;
    Ok(TcpListener::from_std(socket.into()))
}

fn socket_for(addr: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM.nonblocking(), Some(Protocol::TCP))?;
    // Connections of a former run in TIME_WAIT must not keep us from the port; listeners still do.
    socket.set_reuse_address(true)?;
    if addr.is_ipv6() {
        // `[::]` beside `0.0.0.0` is two fronts; which of them has IPv4 must not depend on a sysctl.
        socket.set_only_v6(true)?;
    }
    Ok(socket)
}

/// Lets no new handshake begin on a listener, while those under way may still complete: a SYN is dropped by a socket
/// filter. What is in the queue can then be accepted to the last before the listener is closed (FAULTS fact 3).
pub fn refuse_new_handshakes(listener: &TcpListener) -> io::Result<()> {
    const TCP_FLAGS_BYTE: u32 = 13;
    const SYN: u32 = 0x02;
    let load_flags = instruction(libc::BPF_LD | libc::BPF_B | libc::BPF_ABS, 0, 0, TCP_FLAGS_BYTE);
    let skip_if_syn = instruction(libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K, 1, 0, SYN);
    let accept = instruction(libc::BPF_RET | libc::BPF_K, 0, 0, u32::MAX);
    let drop = instruction(libc::BPF_RET | libc::BPF_K, 0, 0, 0);
    SockRef::from(listener).attach_filter(&[load_flags, skip_if_syn, accept, drop])
}

fn instruction(code: u32, jt: u8, jf: u8, k: u32) -> SockFilter {
    SockFilter::new(code as u16, jt, jf, k)
}

#[cfg(test)]
mod tests;
