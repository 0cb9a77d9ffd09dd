//! [`Kernel`] as it is: each method one syscall of the files beside this one, events through mio's epoll.

use std::fs::File;
use std::io;
use std::net::SocketAddr;

use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Registry, Token};
use socket2::SockRef;

use super::accept::{self, Accepted};
use super::connect::{self, ConnectFailure};
use super::keepalive::Timing;
use super::kernel::{Kernel, Watch};
use super::pipe::{self, Pipe};
use super::{copy, keepalive, listen, shutdown, splice};
use crate::config::Source;
use crate::outcome::{CannotSplice, Filled, Flushed};

/// The kernel that this machine runs, and the epoll instance of one worker.
#[derive(Debug)]
pub(crate) struct Linux {
    registry: Registry,
    source: Option<Source>,
}

impl Linux {
    pub(crate) fn new(registry: Registry) -> Self {
        Self { registry, source: None }
    }

    /// The same, its connects coming from there.
    pub(crate) fn connecting_from(self, source: Option<Source>) -> Self {
        Self { source, ..self }
    }
}

impl Kernel for Linux {
    type Stream = TcpStream;
    type Listener = TcpListener;
    type Pipe = Pipe;
    type Reserve = File;

    fn accept(&self, listener: &TcpListener) -> Accepted<TcpStream> {
        accept::accept(listener)
    }

    fn refuse_new_handshakes(&self, listener: &TcpListener) -> io::Result<()> {
        listen::refuse_new_handshakes(listener)
    }

    fn reserve(&self) -> Option<File> {
        File::open("/dev/null").ok()
    }

    fn connect(&self, addr: SocketAddr, bytes_follow: bool) -> Result<TcpStream, ConnectFailure> {
        connect::begin(addr, self.source.as_ref(), bytes_follow)
    }

    fn connected(&self, stream: &TcpStream) -> Result<bool, ConnectFailure> {
        connect::completed(stream)
    }

    fn is_self_connected(&self, stream: &TcpStream, addr: SocketAddr) -> bool {
        connect::is_self_connected(stream, addr)
    }

    fn endpoints(&self, stream: &TcpStream) -> Option<(SocketAddr, SocketAddr)> {
        Some((stream.peer_addr().ok()?, stream.local_addr().ok()?))
    }

    fn read(&self, stream: &TcpStream, buffer: &mut [u8]) -> Filled {
        copy::read(stream, buffer)
    }

    fn write(&self, stream: &TcpStream, bytes: &[u8], more: bool) -> Flushed {
        copy::write(stream, bytes, more)
    }

    fn write_first(&self, stream: &TcpStream, bytes: &[u8]) -> Result<Flushed, ConnectFailure> {
        copy::write_first(stream, bytes).map_err(|error| connect::failure(&error))
    }

    fn no_delay(&self, stream: &TcpStream) {
        // Without it the session is slower, not wrong.
        let _slower = SockRef::from(stream).set_tcp_nodelay(true);
    }

    fn keep_alive(&self, stream: &TcpStream, timing: Timing) {
        // Without it a silent end is noticed by the idle timeout.
        let _later = keepalive::set(&SockRef::from(stream), timing);
    }

    fn pipe(&self, bytes: usize) -> Option<Pipe> {
        pipe::open(bytes)
    }

    fn fill_pipe(&self, stream: &TcpStream, pipe: &Pipe, most: usize) -> Result<Filled, CannotSplice> {
        splice::fill(stream, pipe, most)
    }

    fn flush_pipe(&self, pipe: &Pipe, stream: &TcpStream, count: usize) -> Result<Flushed, CannotSplice> {
        splice::flush(pipe, stream, count)
    }

    fn take_out(&self, pipe: &Pipe, buffer: &mut [u8]) -> usize {
        splice::take_out(pipe, buffer)
    }

    fn shut_write(&self, stream: &TcpStream) {
        shutdown::shut_write(stream);
    }

    fn reset(&self, stream: TcpStream) {
        shutdown::reset(stream);
    }

    fn unacknowledged(&self, stream: &TcpStream) -> usize {
        shutdown::unacknowledged(stream)
    }

    fn watch(&self, stream: &mut TcpStream, token: Token, watch: Watch) -> io::Result<()> {
        let both = Interest::READABLE | Interest::WRITABLE;
        match watch {
            Watch::Readable => self.registry.register(stream, token, Interest::READABLE),
            Watch::Both => self.registry.register(stream, token, both),
            // There is no empty interest; of urgent bytes nobody takes notice.
            Watch::Reset => self.registry.reregister(stream, token, Interest::PRIORITY),
            Watch::ReadableAgain => self.registry.reregister(stream, token, Interest::READABLE),
            Watch::AlsoWritable => self.registry.reregister(stream, token, both),
        }
    }

    fn release(&self, mut stream: TcpStream) -> Option<(std::net::TcpStream, SocketAddr)> {
        let client = stream.peer_addr().ok()?;
        // The descriptor lives on, so unlike one that is closed it must be taken out of epoll. One that was never
        // registered says ENOENT, which is what is wanted.
        let _not_registered = self.registry.deregister(&mut stream);
        Some((std::net::TcpStream::from(std::os::fd::OwnedFd::from(stream)), client))
    }
}
