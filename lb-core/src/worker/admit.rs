//! Takes clients from the listeners' queues, as many as may be open, and remembers when accepting is owed.
//!
//! Edge-triggered listeners say a thing once. Whenever accepting stops before the queue is empty (batch full, limit
//! reached, no descriptor left) it is **owed**, and made up for: in the next turn, when a session closes, or a few
//! milliseconds later, whichever the reason allows (FAULTS fact 2).

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use super::live::{Live, LiveSessions, NO_LAP, Socket};
use super::source_limit::SourceLimit;
use super::token::SessionKey;
use crate::net::accept::Accepted;
use crate::net::kernel::Kernel;
use crate::session::Session;

/// Clients taken from one listener in one turn; the rest waits for the next, so that those being served aren't held up.
const ACCEPT_BATCH_MAX: usize = 16;
/// How soon accepting is tried again after the process ran out of descriptors.
const RETRY_MS: u64 = 5;
/// How long clients wait while no descriptor comes free before the reserve is spent to refuse them cleanly.
const REFUSE_AFTER_MS: u64 = 1000;
/// How long handshakes that had begun before a drain may take to complete.
const DRAIN_SETTLE_MS: u64 = 20;

/// Why accepting stopped with clients still in a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owed {
    Nothing,
    /// The batch was full: go on in the next turn.
    NextTurn,
    /// As many are open as may be: go on when one closes.
    Close,
    /// No descriptor: go on when one closes, and look every few milliseconds, since others may free one.
    Descriptor {
        since_ms: u64,
        retry_ms: u64,
    },
}

/// What a client must have before it becomes a session.
#[derive(Debug, Default)]
pub(crate) struct Door {
    /// A PROXY header comes first; who the client is, and how many it has, is known only then.
    pub(crate) accept_proxy: bool,
    /// Connections by client address, where that is limited.
    pub(crate) sources: Option<Arc<SourceLimit>>,
}

/// The listeners of one worker.
pub(crate) struct Admission<K: Kernel> {
    kernel: Rc<K>,
    listeners: Vec<K::Listener>,
    /// Listeners that may have clients waiting.
    ready: Vec<bool>,
    /// The listener after the one that gave the last client: each in its turn, or a busy front would starve the others.
    turn_of: usize,
    owed: Owed,
    sessions_max: usize,
    door: Door,
    /// Given up for a moment to refuse a client when no other descriptor is left.
    reserve: Option<K::Reserve>,
    closing_at_ms: Option<u64>,
}

/// What came of taking one client.
pub(crate) enum Admitted {
    /// It is in the slab and to be driven.
    Session(SessionKey),
    /// One that was gone again before it could be taken.
    Lost,
    /// One whose address has as many connections as it may.
    RefusedBySource,
    /// No descriptor left; seen once per turn. Whether a client was refused with the reserve.
    Deferred { refused: bool },
    /// Nobody is waiting, or nobody may be let in now.
    Nobody,
}

impl<K: Kernel> Admission<K> {
    pub(crate) fn new(kernel: Rc<K>, listeners: Vec<K::Listener>, sessions_max: usize) -> Self {
        let ready = vec![false; listeners.len()];
        let reserve = kernel.reserve();
        let (owed, door) = (Owed::Nothing, Door::default());
        Self { kernel, listeners, ready, turn_of: 0, owed, sessions_max, door, reserve, closing_at_ms: None }
    }

    /// The same, letting in only whom the door lets in.
    pub(crate) fn behind(self, door: Door) -> Self {
        Self { door, ..self }
    }

    /// epoll says that clients wait on a listener.
    pub(crate) fn ready(&mut self, listener: usize) {
        if let Some(ready) = self.ready.get_mut(listener) {
            *ready = true;
        }
        if self.owed == Owed::Nothing {
            self.owed = Owed::NextTurn;
        }
    }

    /// A session has closed: a descriptor and a place are free.
    pub(crate) fn session_closed(&mut self) {
        if matches!(self.owed, Owed::Close | Owed::Descriptor { .. }) {
            self.owed = Owed::NextTurn;
        }
        if self.reserve.is_none() {
            // Another thread took the descriptor while a client was being refused with it.
            self.reserve = self.kernel.reserve();
        }
    }

    /// When accepting is to be tried again although nothing happens; `Some(now)` = at once.
    pub(crate) fn next_ms(&self, now_ms: u64) -> Option<u64> {
        let owed = match self.owed {
            Owed::Nothing | Owed::Close => None,
            Owed::NextTurn => Some(now_ms),
            Owed::Descriptor { retry_ms, .. } => Some(retry_ms),
        };
        // While accepting is owed the listeners can't be closed, however long ago that was due.
        let closing = self.closing_at_ms.filter(|_| self.owed == Owed::Nothing);
        owed.into_iter().chain(closing).min()
    }

    /// Takes clients up to a batch, giving each to `drive` as soon as it is in the slab.
    pub(crate) fn turn(
        &mut self,
        sessions: &mut LiveSessions<K>,
        now_ms: u64,
        mut drive: impl FnMut(&mut LiveSessions<K>, SessionKey),
    ) -> Turned {
        let mut turned = Turned::default();
        if self.next_ms(now_ms).is_none_or(|due| due > now_ms) {
            return turned;
        }
        for _ in 0..ACCEPT_BATCH_MAX {
            match self.admit(sessions, now_ms) {
                Admitted::Session(key) => {
                    turned.accepted += 1;
                    drive(sessions, key);
                }
                Admitted::Lost => {}
                Admitted::RefusedBySource => turned.refused_by_source += 1,
                Admitted::Deferred { refused } => {
                    turned.deferred += 1;
                    turned.refused_without_descriptor += u64::from(refused);
                    break;
                }
                Admitted::Nobody => break,
            }
        }
        self.close_when_settled(now_ms);
        turned
    }

    fn admit(&mut self, sessions: &mut LiveSessions<K>, now_ms: u64) -> Admitted {
        if sessions.len() >= self.sessions_max && !self.is_closing() {
            self.owed = Owed::Close;
            return Admitted::Nobody;
        }
        while let Some(number) = self.next_ready() {
            match self.kernel.accept(&self.listeners[number]) {
                Accepted::Client(stream, client) => {
                    self.turn_of = number + 1;
                    if self.owed != Owed::Nothing {
                        self.owed = Owed::NextTurn;
                    }
                    return self.let_in(sessions, stream, client, now_ms);
                }
                Accepted::Empty => self.ready[number] = false,
                Accepted::Lost => return Admitted::Lost,
                Accepted::OutOfDescriptors => return self.out_of_descriptors(number, now_ms),
            }
        }
        self.owed = Owed::Nothing;
        Admitted::Nobody
    }

    /// Over the limit a client is reset at once, as a connection limit of a layer-4 proxy does: it costs nothing to keep,
    /// and says what a 503 would say to some.
    fn let_in(&self, sessions: &mut LiveSessions<K>, stream: K::Stream, client: SocketAddr, now_ms: u64) -> Admitted {
        let by_address = self.door.sources.as_ref().filter(|_| !self.door.accept_proxy);
        if by_address.is_some_and(|sources| !sources.enter(client.ip())) {
            self.kernel.reset(stream);
            return Admitted::RefusedBySource;
        }
        let session = match self.door.accept_proxy {
            true => Session::accepted_from_proxy(now_ms),
            false => Session::accepted(now_ms),
        };
        let live =
            Live { source_counted: by_address.is_some(), ..Live::accepted(session, Socket::new(stream), client) };
        Admitted::Session(sessions.insert(live))
    }

    fn next_ready(&self) -> Option<usize> {
        let count = self.ready.len();
        (self.turn_of..self.turn_of + count).map(|number| number % count).find(|&number| self.ready[number])
    }

    fn out_of_descriptors(&mut self, listener: usize, now_ms: u64) -> Admitted {
        let since_ms = if let Owed::Descriptor { since_ms, .. } = self.owed { since_ms } else { now_ms };
        self.owed = Owed::Descriptor { since_ms, retry_ms: now_ms + RETRY_MS };
        let mut refused = false;
        if now_ms >= since_ms + REFUSE_AFTER_MS && self.reserve.take().is_some() {
            // A client that is told is better off than one that waits for a descriptor that may never come.
            if let Accepted::Client(stream, _) = self.kernel.accept(&self.listeners[listener]) {
                self.kernel.reset(stream);
                refused = true;
            }
            self.reserve = self.kernel.reserve();
        }
        Admitted::Deferred { refused }
    }

    /// Begins to close: no new handshake may begin; what is in the queues, or in the middle of a handshake, is still
    /// accepted before the listeners are closed, so that no client that was let in is reset (FAULTS fact 3).
    pub(crate) fn begin_close(&mut self, now_ms: u64) {
        if self.is_closing() {
            return;
        }
        for listener in &self.listeners {
            // Without the filter a client that connects in the last moment may be reset; draining goes on.
            let _best_effort = self.kernel.refuse_new_handshakes(listener);
        }
        self.closing_at_ms = Some(now_ms + DRAIN_SETTLE_MS);
        self.look_everywhere();
    }

    fn look_everywhere(&mut self) {
        self.ready.fill(true);
        self.owed = Owed::NextTurn;
    }

    fn close_when_settled(&mut self, now_ms: u64) {
        let Some(closing_at_ms) = self.closing_at_ms else { return };
        if now_ms >= closing_at_ms && self.owed == Owed::Nothing {
            self.listeners.clear();
            self.ready.clear();
            self.closing_at_ms = None;
        }
    }

    /// The settling time is over: looks into every queue once more before the listeners are closed.
    pub(crate) fn settle(&mut self, now_ms: u64) {
        if self.closing_at_ms.is_some_and(|at| now_ms >= at) && self.owed == Owed::Nothing {
            self.look_everywhere();
        }
    }

    fn is_closing(&self) -> bool {
        self.closing_at_ms.is_some()
    }

    /// How many fronts there are.
    pub(crate) fn listeners(&self) -> usize {
        self.listeners.len()
    }

    /// Descriptors that are held here: a simulation counts them all.
    #[cfg(test)]
    pub(crate) fn descriptors(&self) -> usize {
        self.listeners.len() + usize::from(self.reserve.is_some())
    }

    /// Whether the listeners are closed.
    pub(crate) fn is_closed(&self) -> bool {
        self.listeners.is_empty()
    }
}

/// What one turn of accepting came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Turned {
    /// Clients taken.
    pub(crate) accepted: u64,
    /// Times that no descriptor was left.
    pub(crate) deferred: u64,
    /// Clients refused because of their address.
    pub(crate) refused_by_source: u64,
    /// Clients refused with the reserve.
    pub(crate) refused_without_descriptor: u64,
}

impl<K: Kernel> Live<K> {
    pub(super) fn accepted(session: Session, client: Socket<K::Stream>, addr: SocketAddr) -> Self {
        Self {
            session,
            client,
            client_ip: addr.ip(),
            client_port: addr.port(),
            announced: None,
            source_counted: false,
            backend: None,
            routed_to: None,
            counted: false,
            leaving: false,
            standing: super::queue::Standing::Free,
            to_backend: super::buffers::Held::default(),
            to_client: super::buffers::Held::default(),
            sent: None,
            pipe_to_backend: None,
            pipe_to_client: None,
            recorded: None,
            notes: None,
            armed_ms: 0,
            in_run_queue: false,
            backend_nodelay: false,
            client_keepalive: false,
            backend_keepalive: false,
            answered_since: false,
            accepted_us: 0,
            lap_us: NO_LAP,
            generation: 0,
        }
    }
}

#[cfg(test)]
mod tests;
