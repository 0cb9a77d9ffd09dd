//! A session with its sockets and memory, and the slab that holds all of a worker's.

use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;

use slab::Slab;

use super::buffers::Held;
use super::heads::Head;
use super::journal::Notes;
use super::pipes::Loan;
use super::queue::Standing;
use super::token::{End, SessionKey};
use crate::backend::Backend;
use crate::net::kernel::Kernel;
use crate::session::Session;
use crate::session::flow::{Direction, Side};
use crate::session::proxy_header::Endpoints;

/// A backend as sessions of one worker hold it: counted without atomics, freed with its last session.
pub(crate) type BackendHandle = Rc<Arc<Backend>>;

/// A socket with what epoll has been asked about it.
#[derive(Debug)]
pub(crate) struct Socket<S> {
    pub(crate) stream: S,
    pub(crate) registered: Registered,
}

/// What epoll reports of a socket. Writability is asked for at the first EAGAIN, and stays asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Registered {
    Nothing,
    /// Bytes and ends.
    Readable,
    /// Room too.
    Both,
    /// A reset only: what waits there is known, and every segment that joins it would wake the worker for nothing.
    Reset,
}

impl<S> Socket<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, registered: Registered::Nothing }
    }
}

/// One session of this worker.
#[derive(Debug)]
pub(crate) struct Live<K: Kernel> {
    pub(crate) session: Session,
    pub(crate) client: Socket<K::Stream>,
    pub(crate) client_ip: IpAddr,
    /// Of the connection itself, whoever was announced on it.
    pub(crate) client_port: u16,
    /// Whom a PROXY header named. Boxed: most fronts are asked directly, and every session would pay for the place.
    pub(crate) announced: Option<Box<Endpoints>>,
    /// Counts for its client's address, until it closes.
    pub(crate) source_counted: bool,
    pub(crate) backend: Option<Socket<K::Stream>>,
    /// Whom it was routed to; counted in the backend's counters from the connect on.
    pub(crate) routed_to: Option<BackendHandle>,
    pub(crate) counted: bool,
    /// Its place at that backend, or in the queue for one.
    pub(crate) standing: Standing,
    pub(crate) to_backend: Held,
    pub(crate) to_client: Held,
    /// The pipes that the two directions go through, where they do.
    pub(crate) pipe_to_backend: Option<Loan<K::Pipe>>,
    pub(crate) pipe_to_client: Option<Loan<K::Pipe>>,
    /// All that was read of the request, for as long as it may have to be sent once more.
    pub(crate) sent: Option<Box<Head>>,
    /// The id to record when the first byte of the response comes. Boxed twice, since only some runs record at all and
    /// every session pays for the width of this field.
    pub(crate) recorded: Option<Box<Box<[u8]>>>,
    /// What its line in the access log will say, where there is one.
    pub(crate) notes: Option<Box<Notes>>,
    /// The deadline for which an entry in the timers exists; 0 = none.
    pub(crate) armed_ms: u64,
    /// Waits in the run queue.
    pub(crate) in_run_queue: bool,
    /// NODELAY is set on the backend's socket (before its second write).
    pub(crate) backend_nodelay: bool,
    /// SO_KEEPALIVE is set on the client's socket (once the session has lived for a while).
    pub(crate) client_keepalive: bool,
    /// The same of the backend's.
    pub(crate) backend_keepalive: bool,
    /// Its key has moved, and it is to be ended for that (`--on-move`).
    pub(crate) leaving: bool,
    /// The client has got bytes since its last request bytes, so what it sends next is another request.
    pub(crate) answered_since: bool,
    /// When it was accepted, in microseconds on the worker's clock.
    pub(crate) accepted_us: u64,
    /// When the lap that is under way began, in microseconds since the accept; [`NO_LAP`]: none is.
    pub(crate) lap_us: u32,
    /// Tells it from the former sessions in its place of the slab, which gives it.
    pub(crate) generation: u32,
}

/// Nothing is being timed.
pub(crate) const NO_LAP: u32 = u32::MAX;

impl<K: Kernel> Live<K> {
    /// Times from now on, whatever was timed before.
    pub(crate) fn begin_lap(&mut self, now_us: u64) {
        let since_accept = u32::try_from(now_us - self.accepted_us).unwrap_or(u32::MAX);
        // After more than an hour the lap seems to begin earlier than it does; NO_LAP it must not be.
        self.lap_us = since_accept.min(NO_LAP - 1);
    }

    /// Ends what is timed, and says how long it took; `None` where nothing is.
    pub(crate) fn end_lap(&mut self, now_us: u64) -> Option<u64> {
        let began_us = std::mem::replace(&mut self.lap_us, NO_LAP);
        (began_us != NO_LAP).then(|| now_us - self.accepted_us - u64::from(began_us))
    }

    pub(crate) fn held(&self, direction: Direction) -> &Held {
        match direction {
            Direction::ClientToBackend => &self.to_backend,
            Direction::BackendToClient => &self.to_client,
        }
    }

    pub(crate) fn held_mut(&mut self, direction: Direction) -> &mut Held {
        match direction {
            Direction::ClientToBackend => &mut self.to_backend,
            Direction::BackendToClient => &mut self.to_client,
        }
    }

    pub(crate) fn pipe_mut(&mut self, direction: Direction) -> &mut Option<Loan<K::Pipe>> {
        match direction {
            Direction::ClientToBackend => &mut self.pipe_to_backend,
            Direction::BackendToClient => &mut self.pipe_to_client,
        }
    }

    pub(crate) fn socket(&mut self, side: Side) -> Option<&mut Socket<K::Stream>> {
        match side {
            Side::Client => Some(&mut self.client),
            Side::Backend => self.backend.as_mut(),
        }
    }

    /// The socket that a side has now, as events name it.
    pub(crate) fn end(&self, side: Side) -> End {
        match side {
            Side::Client => End::Client,
            Side::Backend => End::backend(self.session.attempts()),
        }
    }

    pub(crate) fn stream(&self, side: Side) -> Option<&K::Stream> {
        match side {
            Side::Client => Some(&self.client.stream),
            Side::Backend => self.backend.as_ref().map(|socket| &socket.stream),
        }
    }
}

/// All sessions of a worker.
#[derive(Debug)]
pub(crate) struct LiveSessions<K: Kernel> {
    slab: Slab<Live<K>>,
    last_generation: u32,
}

impl<K: Kernel> Default for LiveSessions<K> {
    fn default() -> Self {
        Self { slab: Slab::new(), last_generation: 0 }
    }
}

impl<K: Kernel> LiveSessions<K> {
    pub(crate) fn insert(&mut self, mut live: Live<K>) -> SessionKey {
        self.last_generation = SessionKey::following(self.last_generation);
        live.generation = self.last_generation;
        let index = self.slab.insert(live);
        SessionKey { index: index as u32, generation: self.last_generation }
    }

    /// `None` where the session is gone, whoever has its place now.
    pub(crate) fn get(&mut self, key: SessionKey) -> Option<&mut Live<K>> {
        self.slab.get_mut(key.index as usize).filter(|live| live.generation == key.generation)
    }

    pub(crate) fn remove(&mut self, key: SessionKey) -> Option<Live<K>> {
        self.get(key)?;
        Some(self.slab.remove(key.index as usize))
    }

    pub(crate) fn len(&self) -> usize {
        self.slab.len()
    }

    /// Places of the slab, taken or not.
    pub(crate) fn places(&self) -> usize {
        self.slab.capacity()
    }

    /// Who is in one of them.
    pub(crate) fn at(&mut self, index: usize) -> Option<(SessionKey, &mut Live<K>)> {
        let live = self.slab.get_mut(index)?;
        Some((SessionKey { index: index as u32, generation: live.generation }, live))
    }

    pub(crate) fn all(&mut self) -> impl Iterator<Item = &mut Live<K>> {
        self.slab.iter_mut().map(|(_, live)| live)
    }

    pub(crate) fn keys(&self) -> Vec<SessionKey> {
        let keys = self.slab.iter();
        keys.map(|(index, live)| SessionKey { index: index as u32, generation: live.generation }).collect()
    }
}

#[cfg(test)]
mod tests;
