//! splice(2) between a socket and a pipe, each way, with its errnos as typed outcomes.
//!
//! Two of them want care. EAGAIN on the way in has two meanings, an empty socket or a pipe that is full *by slots* (with
//! segments of one byte, 64 bytes fill a pipe of 256 KiB): it is told as it is, and [`crate::session::relay`] knows which
//! (sozu #1323). And a splice into a socket that the peer has closed raises SIGPIPE, for which there is no flag as send
//! has one: the process must ignore it. Every Rust program does, the test harness too, before `main` begins.
//! Never SPLICE_F_MORE: the end isn't known yet when the last bytes leave.

use mio::net::TcpStream;
use rustix::io::Errno;
use rustix::pipe::{SpliceFlags, splice};

use super::pipe::Pipe;
use crate::outcome::{CannotSplice, Filled, Flushed};

/// Moves what has arrived into the pipe, at most `most` bytes. Fewer than that says nothing about what is left: the pipe
/// may have run out of slots.
pub fn fill(stream: &TcpStream, pipe: &Pipe, most: usize) -> Result<Filled, CannotSplice> {
    match restarted(|| splice(stream, None, &pipe.write_end, None, most, flags())) {
        Ok(0) => Ok(Filled::End),
        Ok(count) => Ok(Filled::Bytes { count, short: false }),
        Err(Errno::AGAIN) => Ok(Filled::Blocked),
        Err(errno) if is_not_offered(errno) => Err(CannotSplice),
        Err(_) => Ok(Filled::Failed),
    }
}

/// Moves `count` bytes from the pipe, which holds as many, to the socket. Fewer were taken only where the socket is full:
/// the kernel goes on until it says EAGAIN, and will report the room that comes.
pub fn flush(pipe: &Pipe, stream: &TcpStream, count: usize) -> Result<Flushed, CannotSplice> {
    match restarted(|| splice(&pipe.read_end, None, stream, None, count, flags())) {
        Ok(count) => Ok(Flushed::Bytes(count)),
        Err(Errno::AGAIN) => Ok(Flushed::Blocked),
        Err(errno) if is_not_offered(errno) => Err(CannotSplice),
        Err(_) => Ok(Flushed::Failed),
    }
}

/// Takes bytes out of the pipe into memory, for whoever has to copy them after all. 0: nothing is in it.
pub fn take_out(pipe: &Pipe, buffer: &mut [u8]) -> usize {
    restarted(|| rustix::io::read(&pipe.read_end, &mut *buffer)).unwrap_or(0)
}

fn flags() -> SpliceFlags {
    SpliceFlags::MOVE | SpliceFlags::NONBLOCK
}

/// The call itself is refused (by the kernel, a sandbox or this kind of socket), and nothing is wrong with the
/// connection. Any other errno ends it: asked again, a socket that was reset would say that it ended well (FAULTS fact 5).
fn is_not_offered(errno: Errno) -> bool {
    matches!(errno, Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP | Errno::PERM | Errno::NOMEM)
}

fn restarted(mut call: impl FnMut() -> rustix::io::Result<usize>) -> rustix::io::Result<usize> {
    loop {
        match call() {
            Err(Errno::INTR) => {}
            outcome => return outcome,
        }
    }
}

#[cfg(test)]
mod tests;
