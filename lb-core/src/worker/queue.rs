//! The sessions of one worker that wait for a place at their backend, and the places that its sessions hold.
//!
//! Numbers are shared ([`crate::backend::places`]); who waits, and in which order, is known here only. First come, first
//! served within a worker; between workers each that waits in its turn. A worker that frees a place which another is
//! granted wakes it; one that is granted a place itself looks again before it sleeps ([`Queue::has_granted`]), so no
//! grant is slept over. A place is held until both of the session's halves have ended, as the backend would count it. A
//! [`Place`] gives itself back when it is dropped: no way in which a session ends can forget it.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use mio::Waker;

use super::desk::Desk;
use super::live::{BackendHandle, Live};
use super::token::SessionKey;
use crate::access_log::Stage;
use crate::backend::BackendId;
use crate::backend::places::{Places, QueueFull};
use crate::net::kernel::Kernel;

/// How a session stands with the places of its backend.
#[derive(Debug, Default)]
pub(crate) enum Standing {
    /// It has none and needs none.
    #[default]
    Free,
    /// It waits, under this ticket.
    Waiting(u64),
    /// It has waited, and may connect to whom it waited for.
    Admitted(Place),
    /// It is connected, or connecting, in this place.
    Holds {
        /// Given back when it is dropped.
        _place: Place,
    },
}

/// One place at one backend, until it is dropped.
pub(crate) struct Place {
    backend: BackendHandle,
    bell: Rc<Bell>,
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Place at {}", self.backend.name)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(places) = self.backend.places() {
            self.bell.ring(places.give_back());
        }
    }
}

/// Wakes workers that were granted a place.
#[derive(Debug)]
struct Bell {
    worker: usize,
    wakers: Arc<[Arc<Waker>]>,
}

impl Bell {
    fn ring(&self, granted: Option<usize>) {
        // Ourselves we don't wake: we look before we sleep.
        if let Some(worker) = granted.filter(|&worker| worker != self.worker)
            && let Some(waker) = self.wakers.get(worker)
        {
            // The eventfd can only fail with EAGAIN at 2^64-1 unread wakes; the worker is awake then.
            let _awake = waker.wake();
        }
    }
}

/// What came of asking for a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entered {
    /// Connect: it has a place, or none is needed.
    Now,
    /// It waits.
    Later,
    /// Too many wait.
    Refused,
}

/// All that wait in one worker.
#[derive(Debug)]
pub(crate) struct Queue {
    shards: BTreeMap<BackendId, Shard>,
    last_ticket: u64,
    bell: Rc<Bell>,
}

/// Those that wait for one backend, in order of their tickets; never empty.
#[derive(Debug)]
struct Shard {
    backend: BackendHandle,
    waiting: VecDeque<(u64, SessionKey)>,
}

impl Queue {
    pub(crate) fn new(worker: usize, wakers: Arc<[Arc<Waker>]>) -> Self {
        Self { shards: BTreeMap::new(), last_ticket: 0, bell: Rc::new(Bell { worker, wakers }) }
    }

    /// Asks for a place at `backend`, or begins to wait for one.
    fn enter(&mut self, backend: &BackendHandle, places: &Places, key: SessionKey) -> Result<Standing, QueueFull> {
        // Who waits here already comes first.
        if !self.shards.contains_key(&backend.id) && places.take() {
            return Ok(Standing::Holds { _place: self.place(backend) });
        }
        self.bell.ring(places.wait(self.bell.worker)?);
        self.last_ticket += 1;
        let shard = self.shards.entry(backend.id);
        let shard = shard.or_insert_with(|| Shard { backend: Rc::clone(backend), waiting: VecDeque::new() });
        shard.waiting.push_back((self.last_ticket, key));
        Ok(Standing::Waiting(self.last_ticket))
    }

    /// Stops waiting.
    fn leave(&mut self, id: BackendId, ticket: u64) {
        let Some(shard) = self.shards.get_mut(&id) else { return };
        if let Ok(index) = shard.waiting.binary_search_by_key(&ticket, |(ticket, _)| *ticket) {
            shard.waiting.remove(index);
            if let Some(places) = shard.backend.places() {
                self.bell.ring(places.leave(self.bell.worker));
            }
        }
        if shard.waiting.is_empty() {
            self.shards.remove(&id);
        }
    }

    /// The next session that was granted a place.
    pub(crate) fn next_granted(&mut self) -> Option<(SessionKey, Place)> {
        let worker = self.bell.worker;
        let shards = self.shards.iter_mut();
        let granted = shards.filter(|(_, shard)| shard.places().is_some_and(|places| places.take_granted(worker)));
        let (id, key, backend) = { granted }.find_map(|(id, shard)| {
            let (_, key) = shard.waiting.pop_front()?;
            Some((*id, key, Rc::clone(&shard.backend)))
        })?;
        self.forget_if_empty(id);
        Some((key, self.place(&backend)))
    }

    /// Whether somebody could be let in now.
    pub(crate) fn has_granted(&self) -> bool {
        let worker = self.bell.worker;
        self.shards.values().any(|shard| shard.places().is_some_and(|places| places.has_granted(worker)))
    }

    /// The sessions that wait for backends that aren't `routable` any more.
    pub(crate) fn stranded(&self, routable: impl Fn(BackendId) -> bool) -> Vec<SessionKey> {
        let gone = self.shards.iter().filter(|(id, _)| !routable(**id));
        gone.flat_map(|(_, shard)| shard.waiting.iter().map(|(_, key)| *key)).collect()
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.shards.values().map(|shard| shard.waiting.len()).sum()
    }

    fn place(&self, backend: &BackendHandle) -> Place {
        Place { backend: Rc::clone(backend), bell: Rc::clone(&self.bell) }
    }

    fn forget_if_empty(&mut self, id: BackendId) {
        if self.shards.get(&id).is_some_and(|shard| shard.waiting.is_empty()) {
            self.shards.remove(&id);
        }
    }
}

impl Shard {
    fn places(&self) -> Option<&Places> {
        self.backend.places()
    }
}

/// Asks for a place at the backend that the session was routed to, where that has places.
pub(crate) fn enter<K: Kernel>(live: &mut Live<K>, key: SessionKey, desk: &mut Desk<K>) -> Entered {
    let Some(backend) = &live.routed_to else { return Entered::Now };
    let Some(places) = backend.places() else { return Entered::Now };
    let stats = &desk.port.shared.stats;
    match desk.queue.enter(backend, places, key) {
        Ok(standing @ Standing::Waiting(_)) => {
            stats.queued.add(1);
            live.standing = standing;
            live.session.queued(desk.now_ms);
            live.enter(Stage::Queue, desk.now_us);
            live.begin_lap(desk.now_us);
            Entered::Later
        }
        Ok(standing) => {
            live.standing = standing;
            Entered::Now
        }
        Err(QueueFull) => {
            stats.queue_full.add(1);
            live.enter(Stage::Queue, desk.now_us);
            Entered::Refused
        }
    }
}

/// Gives back what the session holds, or stops its waiting.
pub(crate) fn leave<K: Kernel>(live: &mut Live<K>, desk: &mut Desk<K>) {
    if let Standing::Waiting(ticket) = std::mem::take(&mut live.standing)
        && let Some(backend) = &live.routed_to
    {
        desk.queue.leave(backend.id, ticket);
    }
}
