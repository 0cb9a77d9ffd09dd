//! recv and send, with their errnos as typed outcomes.

use std::io;

use mio::net::TcpStream;
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send};

use crate::outcome::{Filled, Flushed};

/// Reads once into `buffer`.
pub fn read(stream: &TcpStream, buffer: &mut [u8]) -> Filled {
    loop {
        return match recv(stream, &mut *buffer, RecvFlags::empty()) {
            Ok((0, _)) => Filled::End,
            Ok((count, _)) => Filled::Bytes { count, short: count < buffer.len() },
            Err(Errno::AGAIN) => Filled::Blocked,
            Err(Errno::INTR) => continue,
            Err(_) => Filled::Failed,
        };
    }
}

/// Writes once. `more`: a FIN follows at once, so the kernel may let both share a segment (MSG_MORE).
pub fn write(stream: &TcpStream, bytes: &[u8], more: bool) -> Flushed {
    match send_once(stream, bytes, more) {
        Ok(count) => Flushed::Bytes(count),
        Err(Errno::AGAIN) => Flushed::Blocked,
        Err(_) => Flushed::Failed,
    }
}

/// The first write on a socket whose connect may still be under way: the errno tells how that went.
pub fn write_first(stream: &TcpStream, bytes: &[u8]) -> io::Result<Flushed> {
    match send_once(stream, bytes, false) {
        Ok(count) => Ok(Flushed::Bytes(count)),
        // Off-host the handshake takes a round trip; until then send says EAGAIN.
        Err(Errno::AGAIN) => Ok(Flushed::Blocked),
        Err(errno) => Err(errno.into()),
    }
}

fn send_once(stream: &TcpStream, bytes: &[u8], more: bool) -> rustix::io::Result<usize> {
    // NOSIGNAL: a write to a socket that the peer has closed must be an error, never a signal.
    let flags = if more { SendFlags::NOSIGNAL | SendFlags::MORE } else { SendFlags::NOSIGNAL };
    loop {
        match send(stream, bytes, flags) {
            Err(Errno::INTR) => {}
            outcome => return outcome,
        }
    }
}
