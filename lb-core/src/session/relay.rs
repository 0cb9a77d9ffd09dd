//! The two directions of a session, by counts and flags only: what has been read, handed on, ended, broken.
//!
//! [`Relay::step`] says what to do next; the `filled`, `flushed`, … methods tell it how that went. Readiness is
//! edge-triggered: a flag stays set until the kernel has said EAGAIN or a short read has shown the socket empty.
//! Half-close: each direction ends by itself (eof seen → held bytes handed on → shut done). Reset: latched at first
//! sight, since a second look would show a clean end (FAULTS fact 5), and passed on after what was read before it.
//!
//! | seen | done |
//! |---|---|
//! | client FIN | held bytes to the backend, then FIN to it; the response goes on |
//! | backend FIN | held bytes to the client, then FIN to it; the upload goes on |
//! | both FINs, everything handed on | both sockets are closed, which says the last FIN |
//! | client RST | RST to the backend at once |
//! | backend RST (read, write or late) | what was read goes to the client, then RST |
//! | backend ended before any response byte, HTTP | the session decides: once more, or the front answers |

use super::body::RequestEnd;
use super::bulk::Bulk;
use super::flow::{Direction, Flow, Readiness, Side};
use crate::config::Splice;
use crate::outcome::{Filled, Flushed};

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Hand on what is held; if nothing is, read and hand on.
    Transfer(Direction),
    /// Say FIN to the direction's sink.
    Shut(Direction),
    /// Nothing until the kernel says more.
    Wait,
    /// Both directions have ended cleanly.
    Complete,
    /// The request was the only one of its session and its response has been handed on.
    ResponseComplete,
    /// The client is gone.
    ClientGone,
    /// The backend is gone; all that was read from it has been handed on.
    BackendGone,
    /// The backend ended before any byte of a response.
    NoResponse,
}

/// Both directions and what is known of both sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relay {
    client: Readiness,
    backend: Readiness,
    request: Flow,
    response: Flow,
    client_reset: bool,
    backend_reset: bool,
    /// Whether the front may answer for a backend that never did.
    answerable: bool,
    moved_last: Direction,
    /// The client has sent more than its one request.
    pub surplus: bool,
    /// Where the request ends.
    pub end: RequestEnd,
}

impl Default for Relay {
    fn default() -> Self {
        Self {
            client: Readiness::default(),
            backend: Readiness::default(),
            request: Flow::default(),
            response: Flow::default(),
            client_reset: false,
            backend_reset: false,
            answerable: false,
            moved_last: Direction::ClientToBackend,
            surplus: false,
            end: RequestEnd::Never,
        }
    }
}

impl Relay {
    /// The first `held` bytes of the request are with us; `answerable`: the client speaks HTTP.
    pub fn begin(&mut self, held: usize, answerable: bool, end: RequestEnd) {
        debug_assert_eq!(self.request.filled, 0, "a session begins once");
        self.request.held = held as u32;
        self.request.filled = held as u64;
        self.answerable = answerable;
        self.end = end;
    }

    /// All of the request, `held` bytes, is to go to another backend; what was known of the former is forgotten. That
    /// the client has ended stays true, so the next backend is told so too.
    pub fn begin_again(&mut self, held: usize) {
        self.request = Flow { held: held as u32, filled: held as u64, flushed: 0, shut: false, ..self.request };
        self.response = Flow { bulk: self.response.bulk, ..Flow::default() };
        self.backend = Readiness::default();
        self.backend_reset = false;
        self.moved_last = Direction::ClientToBackend;
    }

    /// Whether the backend's end was a reset.
    pub fn backend_has_reset(&self) -> bool {
        self.backend_reset
    }

    /// Which directions may go through a pipe, once the request's end is known: bytes that are counted to find it have
    /// to be looked at.
    pub fn splice(&mut self, when: Splice) {
        self.response.bulk = Bulk::new(when);
        self.request.bulk = Bulk::new(if self.end == RequestEnd::Never { when } else { Splice::Never });
    }

    /// Whether what comes next in this direction is to go through a pipe. What is held goes on as it was read.
    pub fn wants_pipe(&self, direction: Direction) -> bool {
        self.flow(direction).bulk.wants_pipe()
    }

    /// There is no pipe for it. Whether that is news.
    pub fn no_pipe(&mut self, direction: Direction) -> bool {
        self.flow_mut(direction).bulk.denied()
    }

    /// The kernel won't splice these sockets: both directions are copied from here on.
    pub fn cannot_splice(&mut self) {
        self.splice(Splice::Never);
    }

    /// Whether there may be more to read in this direction.
    pub fn may_fill(&self, direction: Direction) -> bool {
        !self.has_ended(direction) && self.readable(direction.source())
    }

    /// What is known of one socket.
    pub fn readiness(&mut self, side: Side) -> &mut Readiness {
        match side {
            Side::Client => &mut self.client,
            Side::Backend => &mut self.backend,
        }
    }

    /// Whether there may be something to read from a side.
    pub fn readable(&self, side: Side) -> bool {
        match side {
            Side::Client => self.client.readable,
            Side::Backend => self.backend.readable,
        }
    }

    /// Whether there may be room to write to a side.
    pub fn writable(&self, side: Side) -> bool {
        match side {
            Side::Client => self.client.writable,
            Side::Backend => self.backend.writable,
        }
    }

    /// Whether much waits at a side that the sink has no room for: that still more has come there is no news.
    pub fn is_backed_up(&self, side: Side) -> bool {
        let direction = side.source_of();
        let flow = self.flow(direction);
        flow.bulk.wants_pipe() && !flow.eof && self.readable(side) && !self.writable(direction.sink())
    }

    /// The kernel has said something about a socket.
    pub fn ready(&mut self, side: Side, news: Readiness) {
        let eof = match side {
            Side::Client => self.request.eof,
            Side::Backend => self.response.eof,
        };
        let known = self.readiness(side);
        known.readable |= news.readable || news.hangup || news.error;
        // A write to a broken socket fails at once, which is how the failure is learned.
        known.writable |= news.writable || news.error;
        known.hangup |= news.hangup;
        known.error |= news.error;
        match side {
            // The client is gone: nobody waits for what could still be read or written.
            Side::Client if news.error => self.client_reset = true,
            // Bytes may stand before the error, so reading finds it; only where reading has ended it must be noted here.
            Side::Backend if news.error && eof => self.backend_reset = true,
            Side::Client | Side::Backend => {}
        }
    }

    /// What to do next. `Transfer` and `Shut` are given only where they can make progress.
    pub fn step(&self) -> Step {
        if self.client_reset {
            return Step::ClientGone;
        }
        let response = flow_step(&self.response, self.backend, self.client, Direction::BackendToClient);
        if response == Some(Step::Shut(Direction::BackendToClient)) && self.answerable() {
            return Step::NoResponse;
        }
        if self.request.is_over() && self.response.is_over() && !self.backend_reset {
            // Whatever FIN hasn't been said yet is said by closing: one syscall less than saying it first.
            return Step::Complete;
        }
        let ends_with_response = self.end != RequestEnd::Never && self.response.shut;
        let request = match self.backend_reset || ends_with_response {
            true => None,
            false => flow_step(&self.request, self.client, self.backend, Direction::ClientToBackend),
        };
        if let Some(step) = self.fairer(response, request) {
            return step;
        }
        if self.backend_reset {
            return match (self.response.held, self.response.eof) {
                (0, true) if self.answerable() => Step::NoResponse,
                (0, true) => Step::BackendGone,
                _ => Step::Wait,
            };
        }
        if ends_with_response {
            return Step::ResponseComplete;
        }
        Step::Wait
    }

    /// Where both directions could go on it is the turn of the one that did not move last: an endless response must not
    /// keep what the client says from the backend, nor the other way round. A broken backend has no use for more.
    fn fairer(&self, response: Option<Step>, request: Option<Step>) -> Option<Step> {
        match self.moved_last {
            Direction::BackendToClient if !self.backend.error => request.or(response),
            Direction::ClientToBackend | Direction::BackendToClient => response.or(request),
        }
    }

    /// Bytes that were read in this direction and wait for the sink.
    pub fn held(&self, direction: Direction) -> usize {
        self.flow(direction).held as usize
    }

    /// Whether a FIN is all that follows the bytes that are held.
    pub fn ends_here(&self, direction: Direction) -> bool {
        let flow = self.flow(direction);
        flow.eof && !flow.shut
    }

    /// Whether the client could still be answered by the front.
    pub fn answerable(&self) -> bool {
        self.answerable && self.response.filled == 0
    }

    /// How many of the bytes just read from the client belong to its request.
    pub fn admit(&mut self, bytes: &[u8]) -> usize {
        let admitted = self.end.admit(bytes);
        self.surplus |= admitted < bytes.len();
        admitted
    }

    /// Whether the client, having had (some of) its response, has asked for more than the one request of its session: a
    /// backend that ignores `Connection: close` leaves it waiting for a response that nobody will send.
    pub fn awaits_in_vain(&self) -> bool {
        self.surplus && self.response.filled > 0
    }

    /// Whether the backend has ended cleanly, the client knows, and all that is missing is the client's own end.
    pub fn waits_for_client_end(&self) -> bool {
        self.response.shut && !self.backend_reset && !self.request.eof && self.request.held == 0
    }

    /// Whether the client half has ended: its FIN was seen.
    pub fn client_ended(&self) -> bool {
        self.request.eof
    }

    /// Whether the backend has reset: what is sent to it has nowhere to go.
    pub fn backend_is_gone(&self) -> bool {
        self.backend_reset
    }

    /// Whether nothing more will be read in this direction.
    pub fn has_ended(&self, direction: Direction) -> bool {
        self.flow(direction).eof
    }

    /// A read from the direction's source went so. Surplus behind a request's end must not be counted.
    pub fn filled(&mut self, direction: Direction, outcome: Filled) {
        let side = direction.source();
        match outcome {
            Filled::Bytes { count, short } => {
                self.moved_last = direction;
                let flow = self.flow_mut(direction);
                flow.held += count as u32;
                flow.filled += count as u64;
                match short {
                    true => self.drained(side),
                    false => flow.bulk.filled_whole_read(),
                }
            }
            Filled::End => self.source_ended(direction),
            Filled::Blocked => self.readiness(side).readable = false,
            Filled::Failed => self.source_failed(direction),
        }
    }

    /// A splice from the direction's source into a pipe that has [`Relay::held`] bytes in it went so.
    pub fn spliced(&mut self, direction: Direction, outcome: Filled) {
        let flow = self.flow_mut(direction);
        match outcome {
            // The pipe is full, by slots where not by bytes; of the socket that says nothing (sozu #1323).
            Filled::Blocked if flow.held > 0 => return,
            Filled::Blocked => flow.bulk.emptied(),
            Filled::Bytes { count, .. } => flow.bulk.moved(count),
            Filled::End | Filled::Failed => {}
        }
        self.filled(direction, outcome);
    }

    /// A write to the direction's sink went so.
    pub fn flushed(&mut self, direction: Direction, outcome: Flushed) {
        let sink = direction.sink();
        let flow = self.flow_mut(direction);
        match outcome {
            Flushed::Bytes(count) => {
                debug_assert!(count <= flow.held as usize, "no more is flushed than was held");
                flow.held -= count as u32;
                flow.flushed += count as u64;
                let full = flow.held > 0;
                debug_assert_eq!(flow.filled, flow.flushed + u64::from(flow.held), "filled = flushed + held");
                if full {
                    self.readiness(sink).writable = false;
                }
            }
            Flushed::Blocked => self.readiness(sink).writable = false,
            Flushed::Failed => self.sink_failed(direction),
        }
    }

    /// FIN was said to the direction's sink (or it was gone already, which the other direction will find out).
    pub fn shut(&mut self, direction: Direction) {
        self.flow_mut(direction).shut = true;
    }

    /// A short read: the socket is empty, unless its end or an error still waits to be read.
    fn drained(&mut self, side: Side) {
        let readiness = self.readiness(side);
        if readiness.error {
            return;
        }
        readiness.readable = false;
        if readiness.hangup {
            // The FIN stood behind the bytes when they were read; a read that says so would be one syscall more.
            self.source_ended(side.source_of());
        }
    }

    fn source_ended(&mut self, direction: Direction) {
        let reset_before = direction == Direction::BackendToClient && self.backend_reset;
        let flow = self.flow_mut(direction);
        flow.eof = true;
        if reset_before {
            // The reset was seen by a write; that this read shows a clean end is its second face.
            flow.shut = true;
        }
    }

    fn source_failed(&mut self, direction: Direction) {
        match direction {
            Direction::ClientToBackend => self.client_reset = true,
            Direction::BackendToClient => {
                self.backend_reset = true;
                self.response.eof = true;
                // No FIN may be said for it.
                self.response.shut = true;
            }
        }
    }

    fn sink_failed(&mut self, direction: Direction) {
        match direction {
            Direction::BackendToClient => self.client_reset = true,
            Direction::ClientToBackend => {
                self.backend_reset = true;
                // What is left of the request has nowhere to go; what the backend said before it left still counts.
                self.request.filled -= u64::from(self.request.held);
                self.request.held = 0;
                self.backend.readable = true;
            }
        }
    }

    fn flow(&self, direction: Direction) -> &Flow {
        match direction {
            Direction::ClientToBackend => &self.request,
            Direction::BackendToClient => &self.response,
        }
    }

    fn flow_mut(&mut self, direction: Direction) -> &mut Flow {
        match direction {
            Direction::ClientToBackend => &mut self.request,
            Direction::BackendToClient => &mut self.response,
        }
    }
}

fn flow_step(flow: &Flow, source: Readiness, sink: Readiness, direction: Direction) -> Option<Step> {
    if flow.held > 0 {
        return sink.writable.then_some(Step::Transfer(direction));
    }
    if flow.eof {
        return (!flow.shut).then_some(Step::Shut(direction));
    }
    (source.readable && sink.writable).then_some(Step::Transfer(direction))
}

#[cfg(test)]
mod tests;
