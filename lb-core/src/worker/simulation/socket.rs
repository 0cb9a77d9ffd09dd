//! One TCP connection, both of its ends: the socket that the worker holds, the wire, and what the scripted peer sees.
//!
//! What Linux does is done here, kindly or not: a reset is an error once and a clean end afterwards (FAULTS fact 5), a
//! close with unread input destroys what was still to be sent (fact 6), a peer that is gone answers bytes with a reset,
//! a write takes as much as there is room for, MSG_MORE holds a segment back until a FIN. Nothing is random here: how
//! much moves, and when, is told by [`super::net`]. Whose bytes they are is the peers' business.

use std::collections::VecDeque;

use super::epoll::{Mask, Wake};
use super::pipe::{self, Pipe, SLOT_BYTES};
use crate::net::keepalive::Timing;
use crate::outcome::{Filled, Flushed};

/// How a connection ended, as its peer saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Fin,
    Reset,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Connecting,
    Established,
    /// Reset or refused; what arrived before may still be read.
    Dead,
}

/// A write that can't be: reset, refused, or after a FIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Broken;

/// How much fits where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Room {
    /// Arrived and not read by the worker.
    pub(super) receive: usize,
    /// Written by the worker and not arrived.
    pub(super) send: usize,
    /// Arrived and not read by the peer.
    pub(super) inbox: usize,
}

/// A connection.
#[derive(Debug)]
pub(super) struct Socket {
    state: State,
    room: Room,
    /// Connected to itself: what is sent comes back (fact 4).
    itself: bool,
    /// When the worker's end asks a silent peer; nobody plays that out here.
    pub(super) keepalive: Option<Timing>,

    receive: VecDeque<u8>,
    /// The lengths of the pieces in which that came.
    segments: VecDeque<usize>,
    fin_arrived: bool,
    /// SO_ERROR.
    error: bool,
    send: VecDeque<u8>,
    fin_said: bool,
    /// MSG_MORE: the last segment waits for what follows.
    corked: bool,
    /// A write or a poll has found no room: the next room is worth an edge.
    no_space: bool,
    /// The worker has closed its descriptor.
    closed: bool,

    wire: VecDeque<u8>,
    wire_fin: bool,
    wire_reset: bool,
    inbox: VecDeque<u8>,
    peer_end: Option<End>,
    peer_closed: bool,
}

impl Socket {
    pub(super) fn connecting(room: Room) -> Self {
        Self {
            state: State::Connecting,
            room,
            itself: false,
            keepalive: None,
            receive: VecDeque::new(),
            segments: VecDeque::new(),
            fin_arrived: false,
            error: false,
            send: VecDeque::new(),
            fin_said: false,
            corked: false,
            no_space: false,
            closed: false,
            wire: VecDeque::new(),
            wire_fin: false,
            wire_reset: false,
            inbox: VecDeque::new(),
            peer_end: None,
            peer_closed: false,
        }
    }

    pub(super) fn connected(room: Room) -> Self {
        Self { state: State::Established, ..Self::connecting(room) }
    }

    pub(super) fn connected_to_itself(room: Room) -> Self {
        Self { itself: true, ..Self::connected(room) }
    }

    // The worker's end.

    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Filled {
        if !self.receive.is_empty() {
            let count = take_into(&mut self.receive, buffer);
            pipe::leave(&mut self.segments, count);
            return Filled::Bytes { count, short: count < buffer.len() };
        }
        self.read_nothing()
    }

    /// splice into a pipe: piece by piece, as long as there are slots.
    pub(super) fn splice_into(&mut self, pipe: &mut Pipe, most: usize) -> Filled {
        // The kernel waits for a slot before it looks at the socket.
        if pipe.is_full() {
            return Filled::Blocked;
        }
        let mut count = 0;
        while count < most
            && !pipe.is_full()
            && let Some(&segment) = self.segments.front()
        {
            let piece = segment.min(SLOT_BYTES).min(most - count);
            pipe.put(self.receive.drain(..piece));
            pipe::leave(&mut self.segments, piece);
            count += piece;
        }
        if count > 0 { Filled::Bytes { count, short: false } } else { self.read_nothing() }
    }

    /// Nothing has arrived, or all of it was read.
    fn read_nothing(&mut self) -> Filled {
        // Once a FIN has come a read says so for ever, whatever came behind it.
        if self.fin_arrived {
            return Filled::End;
        }
        match (std::mem::take(&mut self.error), self.state) {
            (true, _) => Filled::Failed,
            (false, State::Dead) => Filled::End,
            (false, State::Connecting | State::Established) => Filled::Blocked,
        }
    }

    pub(super) fn write(&mut self, bytes: &[u8], more: bool) -> Result<Flushed, Broken> {
        match self.state {
            State::Connecting => return Ok(Flushed::Blocked),
            State::Dead => {
                self.error = false;
                return Err(Broken);
            }
            State::Established if self.fin_said => return Err(Broken),
            State::Established => {}
        }
        let count = bytes.len().min(self.room.send - self.send.len());
        self.no_space |= count < bytes.len();
        if count == 0 {
            return Ok(Flushed::Blocked);
        }
        // A write that is cut short is pushed whatever its flags say.
        self.corked = more && count == bytes.len();
        self.send.extend(&bytes[..count]);
        Ok(Flushed::Bytes(count))
    }

    /// SO_ERROR and whether there is a peer.
    pub(super) fn is_connected(&mut self) -> Result<bool, Broken> {
        match (std::mem::take(&mut self.error), self.state) {
            (true, _) | (false, State::Dead) => Err(Broken),
            (false, State::Established) => Ok(true),
            (false, State::Connecting) => Ok(false),
        }
    }

    pub(super) fn is_self_connected(&self) -> bool {
        self.itself
    }

    pub(super) fn unacknowledged(&self) -> usize {
        self.send.len()
    }

    /// Bytes that the worker could read.
    pub(super) fn unread(&self) -> usize {
        self.receive.len()
    }

    /// Whether the peer's FIN is there to be read.
    pub(super) fn has_ended(&self) -> bool {
        self.fin_arrived
    }

    /// Whether poll says that the worker could write.
    pub(super) fn has_room(&self) -> bool {
        self.state == State::Established && self.free_enough()
    }

    pub(super) fn shut_write(&mut self) -> Option<Wake> {
        if self.state != State::Established || self.fin_said {
            return None;
        }
        self.fin_said = true;
        Some(Wake::State)
    }

    /// `abort`: with SO_LINGER 0.
    pub(super) fn close(&mut self, abort: bool) {
        self.closed = true;
        if abort || !self.receive.is_empty() {
            self.abort();
        } else {
            self.fin_said = true;
        }
    }

    /// RST to the peer; what was still to be sent is gone.
    fn abort(&mut self) {
        if self.state == State::Established && !self.peer_closed {
            self.peer_end = Some(End::Reset);
        }
        self.die();
    }

    fn die(&mut self) {
        self.state = State::Dead;
        self.send.clear();
        self.wire.clear();
    }

    /// What poll would say now.
    pub(super) fn poll(&mut self) -> Mask {
        if self.state == State::Connecting {
            return Mask::default();
        }
        let dead = self.state == State::Dead;
        let writable = dead || self.fin_said || self.free_enough();
        self.no_space |= !writable;
        let read_closed = dead || self.fin_arrived;
        Mask {
            readable: read_closed || !self.receive.is_empty(),
            writable,
            read_closed,
            hangup: dead || (self.fin_arrived && self.fin_said),
            error: self.error,
        }
    }

    /// Linux calls a socket writable when a third of its buffer is free.
    fn free_enough(&self) -> bool {
        (self.room.send - self.send.len()) * 3 >= self.room.send
    }

    // The wire.

    /// The handshake is over.
    pub(super) fn establish(&mut self) -> Option<Wake> {
        debug_assert_eq!(self.state, State::Connecting);
        self.state = State::Established;
        Some(Wake::State)
    }

    /// The handshake was answered with a reset.
    pub(super) fn refuse(&mut self) -> Option<Wake> {
        // There never was a peer.
        self.peer_closed = true;
        self.break_off()
    }

    fn break_off(&mut self) -> Option<Wake> {
        self.error = true;
        self.die();
        Some(Wake::State)
    }

    pub(super) fn is_connecting(&self) -> bool {
        self.state == State::Connecting
    }

    /// Whether a reset is on its way to the worker.
    pub(super) fn is_breaking(&self) -> bool {
        self.wire_reset && self.state == State::Established
    }

    /// Up to `most` bytes, or an end, reach the worker's socket.
    pub(super) fn deliver_to_worker(&mut self, most: usize) -> Option<Wake> {
        if self.state != State::Established {
            return None;
        }
        if !self.wire.is_empty() {
            if self.closed {
                self.abort();
                return None;
            }
            let count = most.min(self.wire.len()).min(self.room.receive.saturating_sub(self.receive.len()));
            self.receive.extend(self.wire.drain(..count));
            self.segments.extend((count > 0).then_some(count));
            return (count > 0).then_some(Wake::In);
        }
        if self.wire_fin && !self.fin_arrived {
            self.fin_arrived = true;
            return Some(Wake::State);
        }
        if self.wire_reset {
            return self.break_off();
        }
        None
    }

    /// Up to `most` bytes, or an end, reach the peer.
    pub(super) fn deliver_to_peer(&mut self, most: usize) -> Option<Wake> {
        let held_back = self.corked && !self.fin_said && self.send.len() < self.room.send;
        if self.state != State::Established || held_back {
            return None;
        }
        if self.itself {
            return self.deliver_to_itself(most);
        }
        if self.send.is_empty() {
            if self.fin_said && self.peer_end.is_none() {
                self.peer_end = Some(End::Fin);
            }
            return None;
        }
        if self.peer_closed {
            return self.break_off();
        }
        let count = most.min(self.send.len()).min(self.room.inbox.saturating_sub(self.inbox.len()));
        self.inbox.extend(self.send.drain(..count));
        self.room_came_free()
    }

    fn deliver_to_itself(&mut self, most: usize) -> Option<Wake> {
        if self.send.is_empty() {
            let news = self.fin_said && !self.fin_arrived;
            self.fin_arrived |= news;
            return news.then_some(Wake::State);
        }
        let count = most.min(self.send.len());
        self.receive.extend(self.send.drain(..count));
        self.segments.extend((count > 0).then_some(count));
        Some(Wake::In)
    }

    fn room_came_free(&mut self) -> Option<Wake> {
        let worth_an_edge = self.no_space && self.free_enough();
        self.no_space &= !worth_an_edge;
        worth_an_edge.then_some(Wake::Out)
    }

    // The peer's end.

    /// Gives how much the peer's own kernel took.
    pub(super) fn peer_send(&mut self, bytes: &[u8]) -> usize {
        if self.wire_fin || self.wire_reset || self.state != State::Established {
            return 0;
        }
        let count = bytes.len().min(WIRE_BYTES_MAX.saturating_sub(self.wire.len()));
        self.wire.extend(&bytes[..count]);
        count
    }

    pub(super) fn peer_fin(&mut self) {
        self.wire_fin = true;
    }

    /// What was sent and didn't fit the worker's receive buffer never comes.
    pub(super) fn peer_reset(&mut self) {
        let fits = self.room.receive.saturating_sub(self.receive.len());
        // A FIN behind lost bytes is lost too.
        self.wire_fin &= self.fin_arrived || self.wire.len() <= fits;
        self.wire.truncate(fits);
        self.wire_reset = true;
        self.peer_closed = true;
        self.inbox.clear();
    }

    /// With unread input that is a reset (fact 6); says which it was.
    pub(super) fn peer_close(&mut self) -> End {
        if !self.inbox.is_empty() {
            self.peer_reset();
            return End::Reset;
        }
        self.wire_fin = true;
        self.peer_closed = true;
        End::Fin
    }

    /// Appends up to `most` bytes to `got`; what came behind the last of them.
    pub(super) fn peer_read(&mut self, most: usize, got: &mut Vec<u8>) -> Option<End> {
        let count = most.min(self.inbox.len());
        got.extend(self.inbox.drain(..count));
        self.peer_end.filter(|_| self.inbox.is_empty())
    }

    /// Whether both ends are let go.
    pub(super) fn is_forgotten(&self) -> bool {
        self.closed && self.peer_closed
    }
}

/// What a peer's kernel takes before the worker's window opens.
pub(super) const WIRE_BYTES_MAX: usize = 512 * 1024;

fn take_into(queue: &mut VecDeque<u8>, buffer: &mut [u8]) -> usize {
    let count = queue.len().min(buffer.len());
    let (front, back) = queue.as_slices();
    let split = front.len().min(count);
    buffer[..split].copy_from_slice(&front[..split]);
    buffer[split..count].copy_from_slice(&back[..count - split]);
    queue.drain(..count);
    count
}
