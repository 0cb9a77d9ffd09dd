//! The fake [`Kernel`]: every call goes to the [`Net`] that worker, peers and test share.
//!
//! Behind each call that reads or writes the wire may move, so that bytes, ends and resets come in the middle of a turn
//! as well as between two. A stream that is dropped closes its descriptor.

use std::cell::{RefCell, RefMut};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;

use mio::Token;

use super::epoll::{Descriptor, Wanted};
use super::net::{Net, SocketId};
use super::pipe::PipeId;
use super::socket::{Broken, Socket};
use crate::net::accept::Accepted;
use crate::net::connect::ConnectFailure;
use crate::net::keepalive::Timing;
use crate::net::kernel::{Kernel, Watch};
use crate::outcome::{CannotSplice, Filled, Flushed};

/// Whom clients connect to, as a PROXY header says it.
pub(super) const FRONT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 80);

/// A simulated kernel.
#[derive(Clone, Debug)]
pub(super) struct FakeKernel(pub(super) Rc<RefCell<Net>>);

/// A descriptor of the worker's, closed when dropped.
#[derive(Debug)]
pub(super) struct Owned {
    net: Rc<RefCell<Net>>,
    fd: Descriptor,
    /// SO_LINGER 0.
    abort: bool,
}

impl Drop for Owned {
    fn drop(&mut self) {
        self.net.borrow_mut().close(self.fd, self.abort);
    }
}

/// A stream socket.
#[derive(Debug)]
pub(super) struct FakeStream {
    owned: Owned,
    pub(super) id: SocketId,
}

/// A pipe: both of its ends.
#[derive(Debug)]
pub(super) struct FakePipe {
    _ends: [Owned; 2],
    pub(super) id: PipeId,
}

/// A listening socket: its descriptor and its number among the listeners.
#[derive(Debug)]
pub(super) struct FakeListener {
    _owned: Owned,
    number: usize,
}

impl FakeKernel {
    pub(super) fn new(net: Net) -> Self {
        Self(Rc::new(RefCell::new(net)))
    }

    pub(super) fn net(&self) -> RefMut<'_, Net> {
        self.0.borrow_mut()
    }

    /// A listener that is watched under `token`.
    pub(super) fn listen(&self, token: Token) -> FakeListener {
        let (fd, number) = self.net().listen(token);
        FakeListener { _owned: self.owned(fd), number }
    }

    fn owned(&self, fd: Descriptor) -> Owned {
        Owned { net: Rc::clone(&self.0), fd, abort: false }
    }

    /// One syscall on a stream, and what the wire does behind it.
    fn on<T>(&self, stream: &FakeStream, call: impl FnOnce(&mut Socket) -> T) -> T {
        let mut net = self.net();
        net.note_call();
        let outcome = call(net.socket(stream.id));
        net.jostle();
        outcome
    }
}

impl FakeKernel {
    fn written(&self, stream: &FakeStream, bytes: &[u8], more: bool) -> Result<Flushed, Broken> {
        let outcome = self.on(stream, |socket| socket.write(bytes, more));
        if let Ok(Flushed::Bytes(count)) = outcome {
            self.net().ledger.note_written(stream.id, &bytes[..count]);
        }
        outcome
    }
}

impl Kernel for FakeKernel {
    type Stream = FakeStream;
    type Listener = FakeListener;
    type Pipe = FakePipe;
    type Reserve = Owned;

    fn accept(&self, listener: &FakeListener) -> Accepted<FakeStream> {
        let accepted = self.net().accept(listener.number);
        match accepted {
            Accepted::Client((fd, id), addr) => Accepted::Client(FakeStream { owned: self.owned(fd), id }, addr),
            Accepted::Empty => Accepted::Empty,
            Accepted::Lost => Accepted::Lost,
            Accepted::OutOfDescriptors => Accepted::OutOfDescriptors,
        }
    }

    fn refuse_new_handshakes(&self, listener: &FakeListener) -> io::Result<()> {
        self.net().refuse_new_handshakes(listener.number);
        Ok(())
    }

    fn reserve(&self) -> Option<Owned> {
        let fd = self.net().reserve()?;
        Some(self.owned(fd))
    }

    fn connect(&self, addr: SocketAddr, _bytes_follow: bool) -> Result<FakeStream, ConnectFailure> {
        let (fd, id) = self.net().connect(addr)?;
        Ok(FakeStream { owned: self.owned(fd), id })
    }

    fn connected(&self, stream: &FakeStream) -> Result<bool, ConnectFailure> {
        self.on(stream, Socket::is_connected).map_err(|Broken| ConnectFailure::Backend)
    }

    fn is_self_connected(&self, stream: &FakeStream, _addr: SocketAddr) -> bool {
        self.on(stream, |socket| socket.is_self_connected())
    }

    fn read(&self, stream: &FakeStream, buffer: &mut [u8]) -> Filled {
        let outcome = self.on(stream, |socket| socket.read(buffer));
        if let Filled::Bytes { count, .. } = outcome {
            self.net().note_read(stream.id, count);
        }
        outcome
    }

    fn write(&self, stream: &FakeStream, bytes: &[u8], more: bool) -> Flushed {
        self.written(stream, bytes, more).unwrap_or(Flushed::Failed)
    }

    fn write_first(&self, stream: &FakeStream, bytes: &[u8]) -> Result<Flushed, ConnectFailure> {
        self.written(stream, bytes, false).map_err(|Broken| ConnectFailure::Backend)
    }

    fn no_delay(&self, _stream: &FakeStream) {}

    fn keep_alive(&self, stream: &FakeStream, timing: Timing) {
        self.on(stream, |socket| socket.keepalive = Some(timing));
    }

    fn endpoints(&self, stream: &FakeStream) -> Option<(SocketAddr, SocketAddr)> {
        Some((self.net().client_addr(stream.id), FRONT))
    }

    fn pipe(&self, bytes: usize) -> Option<FakePipe> {
        let (ends, id) = self.net().pipe(bytes)?;
        Some(FakePipe { _ends: ends.map(|fd| self.owned(fd)), id })
    }

    fn fill_pipe(&self, stream: &FakeStream, pipe: &FakePipe, most: usize) -> Result<Filled, CannotSplice> {
        let mut net = self.net();
        let outcome = net.splice_in(stream.id, pipe.id, most);
        net.jostle();
        outcome
    }

    fn flush_pipe(&self, pipe: &FakePipe, stream: &FakeStream, count: usize) -> Result<Flushed, CannotSplice> {
        let mut net = self.net();
        let outcome = net.splice_out(pipe.id, stream.id, count);
        net.jostle();
        outcome
    }

    fn take_out(&self, pipe: &FakePipe, buffer: &mut [u8]) -> usize {
        let mut net = self.net();
        net.note_call();
        let pipe = net.pipe_mut(pipe.id);
        let bytes = pipe.peek(buffer.len());
        let count = bytes.len();
        buffer[..count].copy_from_slice(bytes);
        pipe.drop_front(count);
        count
    }

    fn shut_write(&self, stream: &FakeStream) {
        let wake = self.on(stream, Socket::shut_write);
        self.net().wake(stream.id, wake);
    }

    fn reset(&self, mut stream: FakeStream) {
        stream.owned.abort = true;
    }

    fn unacknowledged(&self, stream: &FakeStream) -> usize {
        self.on(stream, |socket| socket.unacknowledged())
    }

    fn watch(&self, stream: &mut FakeStream, token: Token, watch: Watch) -> io::Result<()> {
        let wanted = match watch {
            Watch::Readable | Watch::ReadableAgain => Wanted::Bytes,
            Watch::Both | Watch::AlsoWritable => Wanted::BytesAndRoom,
            Watch::Reset => Wanted::Nothing,
        };
        self.net().watch(stream.owned.fd, token, wanted)
    }

    fn release(&self, stream: FakeStream) -> Option<(std::net::TcpStream, SocketAddr)> {
        // A real socket can't be made of a fake one: a stand-in, or "gone already", which the worker must live with.
        let client = self.net().client_addr(stream.id);
        if !self.net().hands_over {
            return None;
        }
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).ok()?;
        Some((std::net::TcpStream::connect(listener.local_addr().ok()?).ok()?, client))
    }
}
