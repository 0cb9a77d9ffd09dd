//! The network and the worker's descriptor table: sockets, listeners' queues, hosts that may be connected to, the wire.
//!
//! Shared by the worker (through [`super::kernel`]), the peers and the test. What is random is drawn from one generator,
//! and every collection is ordered, so a seed gives one course of events. TCP itself is in [`super::socket`], events in
//! [`super::epoll`].

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::SocketAddr;

use mio::Token;

use super::epoll::{Descriptor, Epoll, Wake, Wanted};
use super::ledger::Ledger;
use super::pipe::{Pipe, PipeId};
use super::socket::{Room, Socket};
use crate::net::accept::Accepted;
use crate::net::connect::ConnectFailure;
use crate::outcome::{CannotSplice, Filled, Flushed};
use crate::session::flow::Readiness;

mod wire;

/// A connection, never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SocketId(u32);

/// What a connect to an address meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Host {
    /// A listener on this machine: connected when `connect` returns.
    Near,
    /// A listener elsewhere: connected when the wire has carried the answer.
    Far,
    /// `connect` itself says so.
    RefusesAtOnce,
    /// The refusal comes later, in SO_ERROR.
    RefusesLater,
    /// No answer, ever.
    BlackHole,
    /// The connect's own source port.
    Itself,
    /// EADDRNOTAVAIL: no ephemeral port is left towards it.
    NoPortLeft,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    Listener(usize),
    Stream(SocketId),
    /// One of a pipe's two ends.
    PipeEnd(PipeId),
    Reserve,
}

#[derive(Debug)]
struct Listener {
    fd: Descriptor,
    queue: VecDeque<SocketId>,
    refuses_new: bool,
}

/// Handshakes that may wait for one listener.
const BACKLOG: usize = 128;
/// Calls of one turn after which it counts as endless.
const CALLS_A_TURN_MAX: u64 = 100_000;
/// The first three are somebody else's.
const FIRST_DESCRIPTOR: Descriptor = 3;

/// Everything outside of the worker.
#[derive(Debug)]
pub(super) struct Net {
    pub(super) random: fastrand::Rng,
    /// RLIMIT_NOFILE.
    pub(super) descriptors_max: usize,
    /// How much new connections hold.
    pub(super) room: Room,
    /// Of 256 calls, those behind which the wire moves.
    pub(super) jostle_chance: u8,
    /// All that is on its way to the worker here comes behind the next call.
    pub(super) behind_next_call: Option<SocketId>,
    /// Now and then accept finds a client gone.
    pub(super) accepts_lost: bool,
    /// epoll_ctl fails as often as this counts down.
    pub(super) watches_refused: u32,
    /// pipe2 fails, or the pipe can't be made as large as it should be.
    pub(super) pipes_refused: bool,
    /// Of 65,536 splices, those that say that they aren't offered.
    pub(super) splices_refused: u16,
    /// Sockets may leave the worker's hands.
    pub(super) hands_over: bool,
    /// Clients come from so many addresses.
    pub(super) sources: u32,
    pub(super) ledger: Ledger,
    pub(super) hosts: BTreeMap<SocketAddr, Host>,
    /// Connections that have come to a host and that its peer hasn't looked at.
    pub(super) arrived: VecDeque<(SocketAddr, SocketId)>,
    /// Calls of the worker so far.
    pub(super) syscalls: u64,
    /// Their number when the turn began.
    pub(super) turn_began_at: u64,
    sockets: BTreeMap<SocketId, Socket>,
    pipes: BTreeMap<PipeId, Pipe>,
    last_id: u32,
    open: BTreeMap<Descriptor, Open>,
    descriptor_of: BTreeMap<SocketId, Descriptor>,
    connecting_to: BTreeMap<SocketId, SocketAddr>,
    listeners: Vec<Listener>,
    epoll: Epoll,
    /// What the worker has read of each socket since the turn began.
    read_this_turn: BTreeMap<SocketId, usize>,
}

impl Net {
    pub(super) fn new(seed: u64, descriptors_max: usize, room: Room) -> Self {
        Self {
            random: fastrand::Rng::with_seed(seed),
            descriptors_max,
            room,
            jostle_chance: 0,
            behind_next_call: None,
            accepts_lost: false,
            watches_refused: 0,
            pipes_refused: false,
            splices_refused: 0,
            hands_over: false,
            sources: u32::MAX,
            ledger: Ledger::default(),
            hosts: BTreeMap::new(),
            arrived: VecDeque::new(),
            syscalls: 0,
            turn_began_at: 0,
            sockets: BTreeMap::new(),
            pipes: BTreeMap::new(),
            last_id: 0,
            open: BTreeMap::new(),
            descriptor_of: BTreeMap::new(),
            connecting_to: BTreeMap::new(),
            listeners: Vec::new(),
            epoll: Epoll::default(),
            read_this_turn: BTreeMap::new(),
        }
    }

    pub(super) fn socket(&mut self, id: SocketId) -> &mut Socket {
        self.sockets.get_mut(&id).expect("a socket is kept until both ends have let it go")
    }

    /// Descriptors that the worker has open.
    pub(super) fn descriptors(&self) -> usize {
        self.open.len()
    }

    /// Clients in the listeners' queues.
    pub(super) fn waiting(&self) -> usize {
        self.listeners.iter().map(|listener| listener.queue.len()).sum()
    }

    /// What is left of all connections.
    pub(super) fn sockets(&self) -> &BTreeMap<SocketId, Socket> {
        &self.sockets
    }

    // What the worker asks for.

    /// A turn that never ends is told here: nobody would come to look at it afterwards.
    pub(super) fn note_call(&mut self) {
        self.syscalls += 1;
        let endless = self.syscalls >= self.turn_began_at + CALLS_A_TURN_MAX;
        // What a failure unwinds closes its descriptors too.
        assert!(!endless || std::thread::panicking(), "a turn that never ends");
    }

    fn open(&mut self, what: Open) -> Option<Descriptor> {
        if self.open.len() >= self.descriptors_max {
            return None;
        }
        let fd = (FIRST_DESCRIPTOR..).find(|fd| !self.open.contains_key(fd)).expect("there are 2^32 numbers");
        self.open.insert(fd, what);
        if let Open::Stream(id) = what {
            self.descriptor_of.insert(id, fd);
        }
        Some(fd)
    }

    pub(super) fn close(&mut self, fd: Descriptor, abort: bool) {
        self.note_call();
        self.epoll.forget(fd);
        match self.open.remove(&fd).expect("a descriptor is closed once") {
            Open::Reserve => {}
            // Both ends are closed together; what is in the pipe goes with the first.
            Open::PipeEnd(id) => drop(self.pipes.remove(&id)),
            Open::Listener(number) => {
                // Whoever waits in the queue is reset (fact 3).
                for id in std::mem::take(&mut self.listeners[number].queue) {
                    self.close_socket(id, true);
                }
                self.listeners[number].refuses_new = true;
            }
            Open::Stream(id) => self.close_socket(id, abort),
        }
    }

    fn close_socket(&mut self, id: SocketId, abort: bool) {
        self.ledger.note_close(id);
        self.descriptor_of.remove(&id);
        let was_connecting = self.connecting_to.remove(&id).is_some();
        let socket = self.socket(id);
        let nobody_else = was_connecting || socket.is_self_connected();
        socket.close(abort);
        if nobody_else || socket.is_forgotten() {
            self.sockets.remove(&id);
        }
    }

    pub(super) fn listen(&mut self, token: Token) -> (Descriptor, usize) {
        let number = self.listeners.len();
        let fd = self.open(Open::Listener(number)).expect("a listener is opened first");
        self.listeners.push(Listener { fd, queue: VecDeque::new(), refuses_new: false });
        self.epoll.watch(fd, token, Wanted::Bytes);
        (fd, number)
    }

    pub(super) fn refuse_new_handshakes(&mut self, listener: usize) {
        self.listeners[listener].refuses_new = true;
    }

    pub(super) fn reserve(&mut self) -> Option<Descriptor> {
        self.open(Open::Reserve)
    }

    pub(super) fn accept(&mut self, listener: usize) -> Accepted<(Descriptor, SocketId)> {
        self.note_call();
        // The kernel finds a descriptor before it looks into the queue.
        if self.open.len() >= self.descriptors_max {
            return Accepted::OutOfDescriptors;
        }
        let Some(id) = self.listeners[listener].queue.pop_front() else { return Accepted::Empty };
        if self.accepts_lost && self.random.u8(..50) == 0 {
            // ECONNABORTED, or whatever a firewall says.
            self.close_socket(id, true);
            return Accepted::Lost;
        }
        let fd = self.open(Open::Stream(id)).expect("there was a free one");
        Accepted::Client((fd, id), self.client_addr(id))
    }

    /// Where a client comes from.
    pub(super) fn client_addr(&self, id: SocketId) -> SocketAddr {
        let [_, high, middle, low] = (id.0 % self.sources).to_be_bytes();
        SocketAddr::from(([10, high, middle, low], 40_000))
    }

    pub(super) fn connect(&mut self, addr: SocketAddr) -> Result<(Descriptor, SocketId), ConnectFailure> {
        self.note_call();
        let socket = match self.hosts.get(&addr).copied().unwrap_or(Host::RefusesAtOnce) {
            _ if self.open.len() >= self.descriptors_max => return Err(ConnectFailure::OutOfDescriptors),
            Host::RefusesAtOnce | Host::NoPortLeft => return Err(ConnectFailure::Backend),
            Host::Near => Socket::connected(self.room),
            Host::Itself => Socket::connected_to_itself(self.room),
            Host::Far | Host::RefusesLater | Host::BlackHole => Socket::connecting(self.room),
        };
        let (connecting, itself) = (socket.is_connecting(), socket.is_self_connected());
        let id = self.insert(socket);
        let fd = self.open(Open::Stream(id)).expect("there was a free one");
        if connecting {
            self.connecting_to.insert(id, addr);
        } else if !itself {
            self.arrived.push_back((addr, id));
        }
        if !itself {
            self.ledger.note_connect(id, addr);
        }
        Ok((fd, id))
    }

    fn insert(&mut self, socket: Socket) -> SocketId {
        self.last_id += 1;
        let id = SocketId(self.last_id);
        self.sockets.insert(id, socket);
        id
    }

    pub(super) fn watch(&mut self, fd: Descriptor, token: Token, wanted: Wanted) -> io::Result<()> {
        self.note_call();
        if self.watches_refused > 0 {
            self.watches_refused -= 1;
            return Err(io::Error::from_raw_os_error(libc::ENOSPC));
        }
        self.epoll.watch(fd, token, wanted);
        Ok(())
    }

    pub(super) fn wake(&mut self, id: SocketId, wake: Option<Wake>) {
        if let (Some(wake), Some(&fd)) = (wake, self.descriptor_of.get(&id)) {
            self.epoll.wake(fd, wake);
        }
    }

    /// Both ends of a new pipe.
    pub(super) fn pipe(&mut self, bytes: usize) -> Option<([Descriptor; 2], PipeId)> {
        self.note_call();
        if self.pipes_refused || self.open.len() + 2 > self.descriptors_max {
            return None;
        }
        self.last_id += 1;
        let id = PipeId(self.last_id);
        self.pipes.insert(id, Pipe::new(bytes));
        let ends = [(); 2].map(|()| self.open(Open::PipeEnd(id)).expect("there were two free ones"));
        Some((ends, id))
    }

    pub(super) fn pipe_mut(&mut self, id: PipeId) -> &mut Pipe {
        self.pipes.get_mut(&id).expect("a pipe is there until it is closed")
    }

    /// What is in a pipe.
    pub(super) fn held_in(&self, id: PipeId) -> usize {
        self.pipes[&id].len()
    }

    pub(super) fn splice_in(&mut self, from: SocketId, to: PipeId, most: usize) -> Result<Filled, CannotSplice> {
        self.refuse_splice()?;
        let Self { sockets, pipes, .. } = self;
        let (Some(socket), Some(pipe)) = (sockets.get_mut(&from), pipes.get_mut(&to)) else { return Err(CannotSplice) };
        let outcome = socket.splice_into(pipe, most);
        if let Filled::Bytes { count, .. } = outcome {
            self.note_read(from, count);
        }
        Ok(outcome)
    }

    pub(super) fn splice_out(&mut self, from: PipeId, to: SocketId, count: usize) -> Result<Flushed, CannotSplice> {
        self.refuse_splice()?;
        let Self { sockets, pipes, ledger, .. } = self;
        let (Some(pipe), Some(socket)) = (pipes.get_mut(&from), sockets.get_mut(&to)) else { return Err(CannotSplice) };
        let Ok(outcome) = socket.write(pipe.peek(count), false) else { return Ok(Flushed::Failed) };
        if let Flushed::Bytes(taken) = outcome {
            ledger.note_written(to, pipe.peek(taken));
            pipe.drop_front(taken);
        }
        Ok(outcome)
    }

    fn refuse_splice(&mut self) -> Result<(), CannotSplice> {
        self.note_call();
        let refused = self.splices_refused > 0 && self.random.u16(..) < self.splices_refused;
        if refused { Err(CannotSplice) } else { Ok(()) }
    }

    pub(super) fn note_read(&mut self, id: SocketId, count: usize) {
        *self.read_this_turn.entry(id).or_default() += count;
        self.ledger.note_read(id, count);
    }

    /// The most that was read of one socket since this was last asked.
    pub(super) fn most_read(&mut self) -> usize {
        std::mem::take(&mut self.read_this_turn).into_values().max().unwrap_or(0)
    }

    /// epoll_wait.
    pub(super) fn events(&mut self, most: usize) -> Vec<(Token, Readiness)> {
        let Self { epoll, open, sockets, listeners, .. } = self;
        epoll.wait(most, |fd| match open.get(&fd) {
            Some(Open::Stream(id)) => sockets.get_mut(id).map(Socket::poll).unwrap_or_default(),
            Some(Open::Listener(number)) => {
                super::epoll::Mask { readable: !listeners[*number].queue.is_empty(), ..Default::default() }
            }
            Some(Open::PipeEnd(_) | Open::Reserve) | None => Default::default(),
        })
    }
}
