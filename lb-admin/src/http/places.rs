//! Places for connections: so many at a time, and when all are taken the one that has waited longest *for its client*
//! makes room for a newcomer.
//!
//! A connection waits for its client from accept, or from its last answer, until it has a complete request; a head or a
//! body that drips is still waited for. While it is answered it is busy, and never closed for somebody else. So a crowd
//! of slow senders can only push out each other, and whoever sends a whole request at once is served. A stream waits for
//! its client, too, anew with every piece that it takes. Where all are busy the newcomer waits. [`Waiting`] is the pure part: an order, no clock.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};

/// Who waits, longest first.
#[derive(Debug)]
struct Waiting<T> {
    next: u64,
    since: BTreeMap<u64, T>,
}

impl<T> Waiting<T> {
    fn new() -> Self {
        Self { next: 0, since: BTreeMap::new() }
    }

    /// `who` waits from now on; with what is returned it leaves.
    fn enter(&mut self, who: T) -> u64 {
        self.next += 1;
        self.since.insert(self.next, who);
        self.next
    }

    /// Whoever entered with this waits no more.
    fn leave(&mut self, entered: u64) {
        self.since.remove(&entered);
    }

    /// The one that has waited longest; it waits no more.
    fn take_longest(&mut self) -> Option<T> {
        Some(self.since.pop_first()?.1)
    }
}

/// The places of one listener. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    all: u32,
    free: Arc<Semaphore>,
    crowd: Arc<Crowd>,
}

#[derive(Debug)]
struct Crowd {
    waiting: Mutex<Waiting<Arc<Notify>>>,
    /// Somebody waits for its client who didn't before.
    grew: Notify,
}

impl Crowd {
    fn waiting(&self) -> MutexGuard<'_, Waiting<Arc<Notify>>> {
        // A panic can't leave it half changed: each change is one call of a map.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Places {
    /// `all` of them, which must be more than none.
    pub(crate) fn new(all: u32) -> Self {
        let crowd = Crowd { waiting: Mutex::new(Waiting::new()), grew: Notify::new() };
        Self { all, free: Arc::new(Semaphore::new(all as usize)), crowd: Arc::new(crowd) }
    }

    /// A place for a newcomer, somebody else's where none is free. Waits only while everybody is busy.
    pub(crate) async fn take(&self) -> Place {
        let permit = loop {
            let grew = self.crowd.grew.notified();
            if let Ok(permit) = Arc::clone(&self.free).try_acquire_owned() {
                break permit;
            }
            let longest = self.crowd.waiting().take_longest();
            let freed = Arc::clone(&self.free).acquire_owned();
            if let Some(its_end) = longest {
                its_end.notify_one();
                break freed.await.expect("the semaphore is never closed");
            }
            tokio::select! {
                permit = freed => break permit.expect("the semaphore is never closed"),
                () = grew => {}
            }
        };
        let spot = Spot { crowd: Arc::clone(&self.crowd), its_end: Arc::default(), standing: Arc::default() };
        spot.waits();
        Place { spot, _permit: permit }
    }

    /// Waits until every place has been given back, at the most so long.
    pub(crate) async fn all_free(&self, grace: Duration) {
        let _in_time = timeout(grace, self.free.acquire_many(self.all)).await;
    }
}

/// A place that is taken; dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Place {
    spot: Spot,
    _permit: OwnedSemaphorePermit,
}

impl Place {
    /// For whoever knows what the connection is at.
    pub(crate) fn spot(&self) -> Spot {
        self.spot.clone()
    }

    /// Runs `life` to its end, or until the place goes to somebody else.
    pub(crate) async fn hold(self, life: impl Future<Output = ()>) {
        tokio::select! {
            // First: a life that is over must not begin a request.
            biased;
            () = self.spot.its_end.notified() => {}
            () = life => {}
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.spot.busy();
    }
}

/// Where a connection stands among those that wait. Clones stand at the same spot.
#[derive(Clone, Debug)]
pub(crate) struct Spot {
    crowd: Arc<Crowd>,
    its_end: Arc<Notify>,
    standing: Arc<Mutex<Standing>>,
}

#[derive(Debug, Default)]
struct Standing {
    /// Among those that wait.
    entered: Option<u64>,
    /// It is a stream, and its client has last taken something then.
    taken: Option<Instant>,
}

impl Spot {
    /// It has what it needs of its client.
    pub(crate) fn busy(&self) {
        if let Some(entered) = self.standing().entered.take() {
            self.crowd.waiting().leave(entered);
        }
    }

    /// It needs something of its client, from now on.
    pub(crate) fn waits(&self) {
        let mut standing = self.standing();
        let mut waiting = self.crowd.waiting();
        if let Some(before) = standing.entered {
            waiting.leave(before);
        }
        standing.entered = Some(waiting.enter(Arc::clone(&self.its_end)));
        self.crowd.grew.notify_one();
    }

    /// It is a stream, and its client has taken all that was sent so far: it waits anew, and lives on.
    pub(crate) fn takes(&self) {
        self.waits();
        self.standing().taken = Some(Instant::now());
    }

    /// How long the client of a stream has taken nothing; `None`: it is none.
    pub(crate) fn quiet(&self) -> Option<Duration> {
        self.standing().taken.map(|taken| taken.elapsed())
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
