//! recv and send, with their errnos as typed outcomes.

use std::io::{self, Read};

use mio::net::TcpStream;
use rustix::net::{SendFlags, send};

use crate::outcome::{Filled, Flushed};

/// Reads once into `buffer`.
pub fn read(mut stream: &TcpStream, buffer: &mut [u8]) -> Filled {
    loop {
        return match stream.read(buffer) {
            Ok(0) => Filled::End,
            Ok(count) => Filled::Bytes { count, short: count < buffer.len() },
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock => Filled::Blocked,
                io::ErrorKind::Interrupted => continue,
                _ => Filled::Failed,
            },
        };
    }
}

/// Writes once. `more`: a FIN follows at once, so the kernel may let both share a segment (MSG_MORE).
pub fn write(stream: &TcpStream, bytes: &[u8], more: bool) -> Flushed {
    match send_once(stream, bytes, more) {
        Ok(count) => Flushed::Bytes(count),
        Err(rustix::io::Errno::AGAIN) => Flushed::Blocked,
        Err(_) => Flushed::Failed,
    }
}

/// The first write on a socket whose connect may still be under way: the errno tells how that went.
pub fn write_first(stream: &TcpStream, bytes: &[u8]) -> io::Result<Flushed> {
    match send_once(stream, bytes, false) {
        Ok(count) => Ok(Flushed::Bytes(count)),
        // Off-host the handshake takes a round trip; until then send says EAGAIN.
        Err(rustix::io::Errno::AGAIN) => Ok(Flushed::Blocked),
        Err(errno) => Err(errno.into()),
    }
}

fn send_once(stream: &TcpStream, bytes: &[u8], more: bool) -> rustix::io::Result<usize> {
    // NOSIGNAL: a write to a socket that the peer has closed must be an error, never a signal.
    let flags = if more { SendFlags::NOSIGNAL | SendFlags::MORE } else { SendFlags::NOSIGNAL };
    loop {
        match send(stream, bytes, flags) {
            Err(rustix::io::Errno::INTR) => {}
            outcome => return outcome,
        }
    }
}
