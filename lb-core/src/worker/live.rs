//! A session with its sockets and memory, and the slab that holds all of a worker's.

use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;

use slab::Slab;

use super::buffers::Held;
use super::pipes::Loan;
use super::token::SessionKey;
use crate::backend::Backend;
use crate::net::kernel::Kernel;
use crate::session::Session;
use crate::session::flow::{Direction, Side};

/// A backend as sessions of one worker hold it: counted without atomics, freed with its last session.
pub(crate) type BackendHandle = Rc<Arc<Backend>>;

/// A socket with what epoll has been asked about it.
#[derive(Debug)]
pub(crate) struct Socket<S> {
    pub(crate) stream: S,
    pub(crate) registered: Registered,
}

/// What epoll reports of a socket. Writability is asked for at the first EAGAIN, and stays asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Registered {
    Nothing,
    Readable,
    Both,
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
    pub(crate) backend: Option<Socket<K::Stream>>,
    /// Whom it was routed to; counted in the backend's counters from the connect on.
    pub(crate) routed_to: Option<BackendHandle>,
    pub(crate) counted: bool,
    pub(crate) to_backend: Held,
    pub(crate) to_client: Held,
    /// The pipes that the two directions go through, where they do.
    pub(crate) pipe_to_backend: Option<Loan<K::Pipe>>,
    pub(crate) pipe_to_client: Option<Loan<K::Pipe>>,
    /// The id to record when the first byte of the response comes.
    pub(crate) recorded: Option<Box<[u8]>>,
    /// The deadline for which an entry in the timers exists; 0 = none.
    pub(crate) armed_ms: u64,
    /// Waits in the run queue.
    pub(crate) queued: bool,
    /// NODELAY is set on the backend's socket (before its second write).
    pub(crate) backend_nodelay: bool,
    /// The client has got bytes since its last request bytes, so what it sends next is another request.
    pub(crate) answered_since: bool,
}

impl<K: Kernel> Live<K> {
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
    slab: Slab<(u32, Live<K>)>,
    last_generation: u32,
}

impl<K: Kernel> Default for LiveSessions<K> {
    fn default() -> Self {
        Self { slab: Slab::new(), last_generation: 0 }
    }
}

impl<K: Kernel> LiveSessions<K> {
    pub(crate) fn insert(&mut self, live: Live<K>) -> SessionKey {
        self.last_generation = SessionKey::following(self.last_generation);
        let index = self.slab.insert((self.last_generation, live));
        SessionKey { index: index as u32, generation: self.last_generation }
    }

    /// `None` where the session is gone, whoever has its place now.
    pub(crate) fn get(&mut self, key: SessionKey) -> Option<&mut Live<K>> {
        let (generation, live) = self.slab.get_mut(key.index as usize)?;
        (*generation == key.generation).then_some(live)
    }

    pub(crate) fn remove(&mut self, key: SessionKey) -> Option<Live<K>> {
        self.get(key)?;
        Some(self.slab.remove(key.index as usize).1)
    }

    pub(crate) fn len(&self) -> usize {
        self.slab.len()
    }

    pub(crate) fn keys(&self) -> Vec<SessionKey> {
        let keys = self.slab.iter();
        keys.map(|(index, (generation, _))| SessionKey { index: index as u32, generation: *generation }).collect()
    }
}
