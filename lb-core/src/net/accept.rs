//! accept4, and what its errors mean for an edge-triggered listener.

use std::io;
use std::net::SocketAddr;

use mio::net::{TcpListener, TcpStream};

/// How an accept went.
#[derive(Debug)]
pub enum Accepted<S = TcpStream> {
    /// A client, its socket non-blocking and close-on-exec.
    Client(S, SocketAddr),
    /// The queue is empty: the next connection raises a new event.
    Empty,
    /// This one connection is gone again or was refused by the kernel; the next may be fine.
    Lost,
    /// No descriptor or memory left. The kernel raises **no** new event for what waits (FAULTS fact 2): accept is owed.
    OutOfDescriptors,
}

/// Takes one connection from the queue.
pub fn accept(listener: &TcpListener) -> Accepted {
    match listener.accept() {
        Ok((stream, client)) => Accepted::Client(stream, client),
        Err(error) => match error.kind() {
            io::ErrorKind::WouldBlock => Accepted::Empty,
            _ => match rustix::io::Errno::from_io_error(&error) {
                Some(
                    rustix::io::Errno::MFILE
                    | rustix::io::Errno::NFILE
                    | rustix::io::Errno::NOBUFS
                    | rustix::io::Errno::NOMEM,
                ) => Accepted::OutOfDescriptors,
                // accept(2): pending network errors (ECONNABORTED, EPERM of a firewall, ENETDOWN, …) belong to that
                // one connection.
                _ => Accepted::Lost,
            },
        },
    }
}
