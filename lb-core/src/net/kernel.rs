//! What a worker asks of the operating system: the seam between deciding and acting.
//!
//! Workers are written against [`Kernel`], so that the same code runs on [`super::linux::Linux`] and, in tests, on a
//! simulated kernel that is seeded, single-threaded and as unkind as the real one may be. Monomorphised: the seam costs
//! no call. Deliberately not here: time (the loop reads the clock once a turn) and waiting for events.

use std::io;
use std::net::SocketAddr;

use mio::Token;

use super::accept::Accepted;
use super::connect::ConnectFailure;
use super::keepalive::Timing;
use crate::outcome::{CannotSplice, Filled, Flushed};

/// The syscalls of the data path.
pub(crate) trait Kernel {
    /// A connected (or connecting) socket; dropping it closes it.
    type Stream: std::fmt::Debug;
    /// A bound socket that clients come to; dropping it closes it.
    type Listener: std::fmt::Debug;
    /// Kernel memory between two sockets; dropping it destroys what is in it.
    type Pipe: std::fmt::Debug;
    /// A descriptor held so that it can be given up when it is the last; dropping it closes it.
    type Reserve: std::fmt::Debug;

    /// Takes one client.
    fn accept(&self, listener: &Self::Listener) -> Accepted<Self::Stream>;
    /// Lets no new handshake begin on a listener that is about to be closed.
    fn refuse_new_handshakes(&self, listener: &Self::Listener) -> io::Result<()>;
    /// Takes a descriptor for later; `None` where there is none to be had.
    fn reserve(&self) -> Option<Self::Reserve>;

    /// Begins to connect. `bytes_follow`: something is sent at once.
    fn connect(&self, addr: SocketAddr, bytes_follow: bool) -> Result<Self::Stream, ConnectFailure>;
    /// Whether the connect has completed. To be asked once the socket is writable and there is nothing to send.
    fn connected(&self, stream: &Self::Stream) -> Result<bool, ConnectFailure>;
    /// Whether the socket is connected to itself.
    fn is_self_connected(&self, stream: &Self::Stream, addr: SocketAddr) -> bool;

    /// The client's address and the one that it connected to; `None` where the kernel doesn't say any more.
    fn endpoints(&self, stream: &Self::Stream) -> Option<(SocketAddr, SocketAddr)> {
        let _unknown = stream;
        None
    }

    /// Reads once.
    fn read(&self, stream: &Self::Stream, buffer: &mut [u8]) -> Filled;
    /// Writes once. `more`: a FIN follows at once.
    fn write(&self, stream: &Self::Stream, bytes: &[u8], more: bool) -> Flushed;
    /// Writes once on a socket whose connect may still be under way: the error tells how that went.
    fn write_first(&self, stream: &Self::Stream, bytes: &[u8]) -> Result<Flushed, ConnectFailure>;
    /// Lets small writes leave at once.
    fn no_delay(&self, stream: &Self::Stream);

    /// Has the kernel notice a peer that is gone without a word, by asking it at these times.
    fn keep_alive(&self, stream: &Self::Stream, timing: Timing);
    /// A pipe for at least so many bytes, empty; `None` where there is none to be had.
    fn pipe(&self, bytes: usize) -> Option<Self::Pipe>;
    /// Moves what has arrived, at most `most` bytes, into the pipe. `Blocked`: the socket is empty, or the pipe can take
    /// no more. `Bytes` is never `short`: a pipe out of slots looks the same as an empty socket.
    fn fill_pipe(&self, stream: &Self::Stream, pipe: &Self::Pipe, most: usize) -> Result<Filled, CannotSplice>;
    /// Moves the `count` bytes that are in the pipe to the socket.
    fn flush_pipe(&self, pipe: &Self::Pipe, stream: &Self::Stream, count: usize) -> Result<Flushed, CannotSplice>;
    /// Takes bytes out of the pipe into memory; 0 where nothing is in it.
    fn take_out(&self, pipe: &Self::Pipe, buffer: &mut [u8]) -> usize;

    /// Says FIN.
    fn shut_write(&self, stream: &Self::Stream);
    /// Closes with RST.
    fn reset(&self, stream: Self::Stream);
    /// Bytes written that the peer hasn't acknowledged.
    fn unacknowledged(&self, stream: &Self::Stream) -> usize;

    /// Asks for events of a socket, edge-triggered; what is ready already is reported too.
    fn watch(&self, stream: &mut Self::Stream, token: Token, watch: Watch) -> io::Result<()>;
    /// Takes a socket out of the worker's hands; `None` where it is gone already.
    fn release(&self, stream: Self::Stream) -> Option<(std::net::TcpStream, SocketAddr)>;
}

/// What is asked of a socket, and whether something was asked before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Watch {
    /// For the first time: bytes and ends.
    Readable,
    /// For the first time: room too.
    Both,
    /// Room as well as what was asked before.
    AlsoWritable,
    /// No more than a reset, or that both directions have ended, which epoll always reports.
    Reset,
    /// After [`Watch::Reset`]: bytes and ends.
    ReadableAgain,
}
