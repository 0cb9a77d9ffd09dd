//! Which ids each backend has answered, for `GET /requests/NAME`.
//!
//! The workers send every answered id over a bounded channel ([`Control::answered`]); [`RequestLog::drain`] moves them
//! into one ring a backend, where the oldest make room and are counted as dropped. Memory is bounded: at most
//! `per_backend` ids of at most 64 bytes and a length byte each, and a backend that has left the membership is
//! forgotten. Ids are kept by [`BackendId`], not by name: a name may be used again while its last holder drains.
//! Not here: whether a worker records at all (`WorkerConfig::record_answered`) and the HTTP answer
//! ([`crate::http`]).

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lb_core::backend::BackendId;
use lb_core::control::{Answered, Control};
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use crate::membership::command::Membership;
use crate::membership::snapshot::Snapshot;

/// How often the channel is emptied. It holds 65,536 ids, so it overflows only beyond 650,000 answers a second.
const DRAIN_INTERVAL: Duration = Duration::from_millis(100);

/// The ids answered, by backend. Cheap to clone; the admin side only, so a lock is fine.
#[derive(Clone, Debug)]
pub struct RequestLog {
    per_backend: usize,
    rings: Arc<Mutex<HashMap<BackendId, Ring>>>,
}

/// What is known of one backend.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// The ids kept, oldest first; bytes that are not UTF-8 are replaced.
    pub ids: Vec<String>,
    /// How many older ones were overwritten.
    pub dropped: u64,
}

impl RequestLog {
    /// Keeps the last `per_backend` ids of each backend; `None` or 0 keeps nothing.
    pub fn new(per_backend: Option<usize>) -> Self {
        Self { per_backend: per_backend.unwrap_or(0), rings: Arc::default() }
    }

    /// Whether anything is recorded.
    pub fn enabled(&self) -> bool {
        self.per_backend > 0
    }

    /// Takes in what the workers have answered since the last call and forgets backends that are gone for good.
    pub fn drain(&self, control: &Control, snapshot: &Snapshot) {
        if self.enabled() {
            self.record(control.answered());
            self.forget_gone(snapshot);
        }
    }

    /// What is kept of one backend, as of the last [`RequestLog::drain`].
    pub fn of(&self, backend: BackendId) -> Recorded {
        let rings = self.rings();
        rings.get(&backend).map_or_else(Recorded::default, |ring| Recorded { ids: ring.ids(), dropped: ring.dropped })
    }

    /// Drains every 100 ms until `stop` is true (or its sender gone), so that the workers' channel doesn't overflow.
    /// Returns at once where nothing is recorded.
    pub async fn keep_drained(self, control: Control, membership: Membership, mut stop: watch::Receiver<bool>) {
        if !self.enabled() {
            return;
        }
        let mut ticks = tokio::time::interval(DRAIN_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                _ = ticks.tick() => self.drain(&control, &membership.snapshot()),
            }
        }
    }

    pub(crate) fn record(&self, answered: impl IntoIterator<Item = Answered>) {
        let mut rings = self.rings();
        for one in answered {
            rings.entry(one.backend).or_default().push(one.id(), self.per_backend);
        }
    }

    /// A worker may route by a table whose snapshot isn't out yet, so an id newer than all in the snapshot is kept.
    fn forget_gone(&self, snapshot: &Snapshot) {
        let present: Vec<BackendId> =
            snapshot.backends.iter().filter_map(|view| view.backend.as_ref()).map(|backend| backend.id).collect();
        let newest = present.iter().max().copied();
        self.rings().retain(|id, _| present.contains(id) || Some(*id) > newest);
    }

    fn rings(&self) -> MutexGuard<'_, HashMap<BackendId, Ring>> {
        // Every change leaves the map whole, so what a panicking holder left behind is still good.
        self.rings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The last ids of one backend, each as a length byte and its bytes: 65 bytes at most instead of a heap string.
#[derive(Debug, Default)]
struct Ring {
    bytes: VecDeque<u8>,
    kept: usize,
    dropped: u64,
}

impl Ring {
    fn push(&mut self, id: &[u8], max: usize) {
        while self.kept >= max {
            self.drop_oldest();
        }
        let len = u8::try_from(id.len()).expect("Answered cuts ids at 64 bytes");
        self.bytes.push_back(len);
        self.bytes.extend(id);
        self.kept += 1;
    }

    fn drop_oldest(&mut self) {
        let len = self.bytes.pop_front().expect("a kept id has a length byte");
        self.bytes.drain(..usize::from(len));
        self.kept -= 1;
        self.dropped += 1;
    }

    fn ids(&self) -> Vec<String> {
        let mut bytes = self.bytes.iter().copied();
        let mut ids = Vec::with_capacity(self.kept);
        while let Some(len) = bytes.next() {
            let id: Vec<u8> = bytes.by_ref().take(usize::from(len)).collect();
            ids.push(String::from_utf8_lossy(&id).into_owned());
        }
        ids
    }
}

#[cfg(test)]
mod tests;
