//! A number that all workers add to, and that somebody waits for.

use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::ring::Owners;

type Done = Box<dyn FnOnce(u64) + Send>;

/// A count that was asked for; given up when it is dropped.
#[derive(Debug)]
pub struct Count {
    pub(super) _tally: Arc<Tally>,
}

/// What the workers have found so far of the sessions that would move.
pub(crate) struct Tally {
    after: Arc<Owners>,
    found: AtomicU64,
    workers_left: AtomicUsize,
    /// Taken by whoever is the last; nobody else ever waits for it.
    done: Mutex<Option<Done>>,
}

impl Tally {
    pub(super) fn new(after: Arc<Owners>, workers: usize, done: Done) -> Self {
        // One more than there are, so that without workers too there is somebody who is the last.
        let tally = Self {
            after,
            found: AtomicU64::new(0),
            workers_left: AtomicUsize::new(workers + 1),
            done: Mutex::new(Some(done)),
        };
        tally.add(0);
        tally
    }

    /// The mapping that it is about.
    pub(crate) fn after(&self) -> &Arc<Owners> {
        &self.after
    }

    /// What one worker has found; once each.
    pub(crate) fn add(&self, found: u64) {
        self.found.fetch_add(found, Ordering::Relaxed);
        if self.workers_left.fetch_sub(1, Ordering::AcqRel) == 1
            && let Some(done) = self.done.lock().unwrap_or_else(PoisonError::into_inner).take()
        {
            done(self.found.load(Ordering::Relaxed));
        }
    }
}

impl fmt::Debug for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tally of {:?} with {:?} to come", self.found, self.workers_left)
    }
}
