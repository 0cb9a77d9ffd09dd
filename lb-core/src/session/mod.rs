//! What is decided about a session: a client connection joined with a backend connection. Pure: no socket, no clock, no
//! randomness; times and random numbers are handed in, so a simulation can drive it as a worker does.
//!
//! [`Session::next`] says what to do; whoever does it (`worker`, with `net`) tells how it went, and asks again until the
//! answer is [`Action::Wait`] or [`Action::Close`]. The way of a session:
//! ([`proxy_header`] →) [`first_line`] → [`key`] → [`request`] (the decision) → [`route`] (which backend) → [`relay`] (both directions, with
//! [`body`] where the request's end matters) → [`close`]; [`answer`] where the front speaks itself; [`deadline`] always.
//! A backend that is lost before the first byte of a response leads back from the relay to the route ([`replay`], within
//! the [`retry_budget`]).

pub mod answer;
pub mod balance;
pub mod body;
pub mod bulk;
pub mod close;
pub mod deadline;
pub mod first_line;
pub mod flow;
pub mod key;
pub mod moved;
pub mod proxy_header;
pub mod relay;
pub mod replay;
pub mod request;
pub mod retry_budget;
pub mod route;

use answer::Status;
use body::RequestEnd;
use close::CloseReason;
use first_line::HeadScan;
use flow::{Direction, Readiness, Side};
use key::KeyedBy;
use moved::Routed;
use relay::{Relay, Step};
use request::Decision;
use route::{Failure, Route};

use crate::outcome::Filled;

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// `--accept-proxy`: the header that says who the client is has not arrived yet.
    Announcement,
    /// The head is read until the decision can be made.
    Head(HeadScan),
    /// A backend is to be chosen and connected to.
    Routing,
    /// It waits for a place at its backend.
    Queued,
    /// A connect is under way.
    Connecting,
    /// Bytes go both ways.
    Relaying,
    /// The last word is said; the client may finish sending.
    Lingering(CloseReason),
    /// The backend reset; so shall the client be, once it has what was read before.
    ResettingClient { look_at_ms: u64 },
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing, until a socket or a deadline says more.
    Wait,
    /// Read from the client until it has said who it is ([`proxy_header::read`]).
    ReadAnnouncement,
    /// Read from the client and decide ([`request::decide`]) by all it has sent.
    ReadHead,
    /// Choose a backend and begin to connect.
    Connect,
    /// The connect may be complete: find out, by the first write where there is something to write.
    Open,
    /// Hand on what is held; if nothing is, read and hand on.
    Transfer(Direction),
    /// Say FIN to the direction's sink.
    Shut(Direction),
    /// Send the front's own answer, let the backend go, say FIN, then [`Session::linger`].
    Answer(Status),
    /// Let the backend go and say FIN, then [`Session::linger`].
    Linger(CloseReason),
    /// Read from the client and throw away.
    Discard,
    /// The backend is lost before the first byte of a response: [`Session::replay`] where that may be, else answer.
    Unanswered(Failure),
    /// Close with [`CloseReason::BackendReset`] if the client has received everything, else look again soon
    /// ([`Session::look_again`]).
    ResetClient,
    /// Close both sockets.
    Close(CloseReason),
}

/// One session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    phase: Phase,
    /// The attempts so far; from the decision on, and kept for as long as another may follow.
    route: Option<Route>,
    /// The two directions.
    pub relay: Relay,
    /// When the phase began.
    since_ms: u64,
    /// When the last byte was moved.
    touched_ms: u64,
    /// Whether the client speaks HTTP.
    http: bool,
}

impl Session {
    /// A client was accepted. It may have sent something already, so reading is tried before the kernel says so.
    pub fn accepted(now_ms: u64) -> Self {
        let mut relay = Relay::default();
        relay.ready(Side::Client, Readiness { readable: true, writable: true, ..Readiness::default() });
        let phase = Phase::Head(HeadScan::default());
        Self { phase, route: None, relay, since_ms: now_ms, touched_ms: now_ms, http: false }
    }

    /// The same, where its first bytes must say on whose behalf it comes.
    pub fn accepted_from_proxy(now_ms: u64) -> Self {
        Self { phase: Phase::Announcement, ..Self::accepted(now_ms) }
    }

    /// The PROXY header has been read; the head follows it, under the same deadline.
    pub fn announced(&mut self) {
        debug_assert_eq!(self.phase, Phase::Announcement, "a client is announced once, first of all");
        self.phase = Phase::Head(HeadScan::default());
    }

    /// What to do next.
    pub fn next(&self) -> Action {
        if self.relay.step() == Step::ClientGone {
            return Action::Close(match self.phase {
                Phase::Lingering(reason) => reason,
                Phase::ResettingClient { .. } => CloseReason::BackendReset,
                _ => CloseReason::ClientReset,
            });
        }
        let client_readable = || self.relay.readable(Side::Client);
        match self.phase {
            Phase::Announcement if client_readable() => Action::ReadAnnouncement,
            Phase::Head(_) if client_readable() => Action::ReadHead,
            Phase::Routing => Action::Connect,
            Phase::Connecting if self.relay.writable(Side::Backend) => Action::Open,
            Phase::Relaying => self.relaying(),
            Phase::Lingering(reason) if self.relay.client_ended() => Action::Close(reason),
            Phase::Lingering(_) if client_readable() => Action::Discard,
            // What the client still says, its end too, waits in the kernel: one that only ended its half wants its answer.
            Phase::Queued => Action::Wait,
            Phase::Announcement | Phase::Head(_) | Phase::Connecting => Action::Wait,
            Phase::Lingering(_) | Phase::ResettingClient { .. } => Action::Wait,
        }
    }

    fn relaying(&self) -> Action {
        match self.relay.step() {
            Step::Wait => Action::Wait,
            Step::Transfer(direction) => Action::Transfer(direction),
            Step::Shut(direction) => Action::Shut(direction),
            Step::Complete => Action::Close(CloseReason::Complete),
            Step::ResponseComplete => Action::Linger(CloseReason::ResponseComplete),
            Step::ClientGone => Action::Close(CloseReason::ClientReset),
            Step::BackendGone => Action::ResetClient,
            Step::NoResponse if self.relay.backend_has_reset() => Action::Unanswered(Failure::Reset),
            Step::NoResponse => Action::Unanswered(Failure::Closed),
        }
    }

    /// The scan of the head, for [`request::decide`]; `None` once the decision is made.
    pub fn head(&mut self) -> Option<&mut HeadScan> {
        match &mut self.phase {
            Phase::Head(scan) => Some(scan),
            _ => None,
        }
    }

    /// The decision is made; `held` bytes wait to be sent to the backend.
    pub fn decided(&mut self, decision: &Decision, held: usize) {
        self.http = decision.http;
        self.relay.begin(held, decision.http, decision.end);
        let route = Route::new(decision.key);
        self.route = Some(if decision.keyed_by == KeyedBy::Random { route.at_random() } else { route });
        self.phase = Phase::Routing;
    }

    /// The attempts so far; `None` before the decision.
    pub fn route(&mut self) -> Option<&mut Route> {
        self.route.as_mut()
    }

    /// How many backends have been tried.
    pub fn attempts(&self) -> u32 {
        self.route.as_ref().map_or(0, Route::attempts)
    }

    /// By which key and which table it was routed last; `None` before the decision.
    pub fn routed(&self) -> Option<Routed> {
        self.route.as_ref().map(Route::routed)
    }

    /// The backend that was chosen has no place free.
    pub fn queued(&mut self, now_ms: u64) {
        if let (Phase::Routing, Some(route)) = (self.phase, &mut self.route) {
            if route.wait() {
                self.since_ms = now_ms;
            }
            self.phase = Phase::Queued;
        }
    }

    /// It has a place now: the backend that it waited for is to be connected to.
    pub fn place_given(&mut self) {
        if self.phase == Phase::Queued {
            self.phase = Phase::Routing;
        }
    }

    /// The backend that it waited for has gone: it is routed again.
    pub fn place_gone(&mut self) {
        if let (Phase::Queued, Some(route)) = (self.phase, &mut self.route) {
            route.take_back();
            self.phase = Phase::Routing;
        }
    }

    /// Whether it waits for a place.
    pub fn is_queued(&self) -> bool {
        self.phase == Phase::Queued
    }

    /// A connect has been begun; what is known of a former backend's socket is forgotten.
    pub fn connecting(&mut self, now_ms: u64) {
        if self.phase == Phase::Routing {
            *self.relay.readiness(Side::Backend) = Readiness::default();
            self.phase = Phase::Connecting;
            self.since_ms = now_ms;
        }
    }

    /// The connect succeeded.
    pub fn connected(&mut self, now_ms: u64) {
        self.phase = Phase::Relaying;
        self.since_ms = now_ms;
        self.touched_ms = now_ms;
        self.relay.readiness(Side::Backend).writable = true;
    }

    /// The attempt failed; the next backend is to be tried.
    pub fn attempt_failed(&mut self, failure: Failure) {
        if let Phase::Connecting | Phase::Routing = self.phase
            && let Some(route) = &mut self.route
        {
            route.failed(failure);
            self.phase = Phase::Routing;
        }
    }

    /// The backend had the request and is lost; all of it, `held` bytes, waits to be sent to the next one.
    pub fn replay(&mut self, held: usize, failure: Failure) {
        debug_assert!(self.relay.answerable(), "nothing is sent twice once a byte of a response is there");
        if let (Phase::Relaying, Some(route)) = (self.phase, &mut self.route) {
            route.failed(failure);
            self.relay.begin_again(held);
            self.phase = Phase::Routing;
        }
    }

    /// What to do where no backend can be had.
    pub fn give_up(&self, status: Status) -> Action {
        if self.http { Action::Answer(status) } else { Action::Close(CloseReason::Unroutable) }
    }

    /// Bytes were moved.
    pub fn touch(&mut self, now_ms: u64) {
        self.touched_ms = now_ms;
    }

    /// The last word is said and the backend is let go.
    pub fn linger(&mut self, reason: CloseReason, now_ms: u64) {
        self.phase = Phase::Lingering(reason);
        self.since_ms = now_ms;
    }

    /// A read of what is thrown away went so.
    pub fn discarded(&mut self, outcome: Filled) -> Option<CloseReason> {
        let Phase::Lingering(reason) = self.phase else { return None };
        match outcome {
            Filled::Bytes { .. } => None,
            Filled::Blocked => {
                self.relay.readiness(Side::Client).readable = false;
                None
            }
            Filled::End | Filled::Failed => Some(reason),
        }
    }

    /// The client hasn't received everything yet: look again soon.
    pub fn look_again(&mut self, now_ms: u64) {
        if !matches!(self.phase, Phase::ResettingClient { .. }) {
            self.since_ms = now_ms;
        }
        self.phase = Phase::ResettingClient { look_at_ms: now_ms + deadline::RESET_LOOK_MS };
    }

    /// What to do now that [`Session::deadline_ms`] has passed. `received`: bytes of the head so far.
    pub fn expired(&mut self, received: usize, now_ms: u64) -> Action {
        match self.phase {
            Phase::Announcement => Action::Close(CloseReason::HeadTimeout),
            Phase::Head(_) if received == 0 => Action::Close(CloseReason::HeadTimeout),
            Phase::Head(_) => Action::Answer(Status::HeadTimeout),
            Phase::Connecting | Phase::Routing => {
                self.attempt_failed(Failure::TimedOut);
                Action::Connect
            }
            Phase::Queued => self.give_up(Status::Busy),
            Phase::Relaying if self.relay.answerable() => Action::Unanswered(Failure::Overdue),
            Phase::Relaying if self.relay.waits_for_client_end() => Action::Close(CloseReason::ClientStayed),
            Phase::Relaying => Action::Close(CloseReason::IdleTimeout),
            Phase::Lingering(reason) => Action::Close(reason),
            Phase::ResettingClient { .. } if now_ms >= self.since_ms + deadline::RESET_AFTER.as_millis() as u64 => {
                Action::Close(CloseReason::BackendReset)
            }
            Phase::ResettingClient { .. } => Action::ResetClient,
        }
    }

    /// The client has ended before its head was complete: what follows from the bytes alone.
    pub fn head_cut_short(&self, received: usize) -> HeadCut {
        match self.phase {
            Phase::Head(scan) if received > 0 && scan.line_len() == 0 => HeadCut::NotHttp,
            Phase::Head(_) if received > 0 => HeadCut::Malformed,
            _ => HeadCut::Nothing,
        }
    }

    /// Whether a connect is under way.
    pub fn is_connecting(&self) -> bool {
        self.phase == Phase::Connecting
    }

    /// Whether it is joined with a backend and bytes go both ways.
    pub fn is_relaying(&self) -> bool {
        self.phase == Phase::Relaying
    }

    /// Whether the client speaks HTTP.
    pub fn speaks_http(&self) -> bool {
        self.http
    }

    /// Whether the request is the only one of its session.
    pub fn ends_with_request(&self) -> bool {
        self.relay.end != RequestEnd::Never
    }
}

/// What a client sent that ended before its head was complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadCut {
    /// Nothing at all.
    Nothing,
    /// No line: another protocol, perhaps.
    NotHttp,
    /// A line, but no complete head.
    Malformed,
}

#[cfg(test)]
mod tests;
