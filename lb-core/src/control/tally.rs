//! A number that all workers add to, and that somebody waits for.

use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::ring::Owners;

type Done = Box<dyn FnOnce(u64) + Send>;

/// From one mapping to another.
#[derive(Clone, Debug)]
pub struct MappingStep {
    /// By which sessions are routed.
    pub before: Arc<Owners>,
    /// The one that is planned, or has come since.
    pub after: Arc<Owners>,
    /// Sessions routed by a later version of the table aren't meant; `u64::MAX`: all are that are open.
    pub until_version: u64,
}

/// A count that was asked for; given up when it is dropped.
#[derive(Debug)]
pub struct Count {
    pub(super) _tally: Arc<Tally>,
}

/// What the workers have found so far of the sessions that would move.
pub(crate) struct Tally {
    step: MappingStep,
    found: AtomicU64,
    workers_left: AtomicUsize,
    /// Taken by whoever is the last; nobody else ever waits for it.
    done: Mutex<Option<Done>>,
}

impl Tally {
    pub(super) fn new(step: MappingStep, workers: usize, done: Done) -> Self {
        // One more than there are, so that without workers too there is somebody who is the last.
        let tally = Self {
            step,
            found: AtomicU64::new(0),
            workers_left: AtomicUsize::new(workers + 1),
            done: Mutex::new(Some(done)),
        };
        tally.add(0);
        tally
    }

    /// What it is about.
    pub(crate) fn step(&self) -> &MappingStep {
        &self.step
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
