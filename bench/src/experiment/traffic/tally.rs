//! What both sides have seen so far, counted from two threads.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Complaints that are kept in words; all are counted.
const SHOWN_MAX: usize = 20;

/// Sums over both ends.
#[derive(Debug, Default)]
pub(super) struct Tally {
    bytes: AtomicU64,
    aborts: AtomicU64,
    resets: AtomicU64,
    answered_by_front: AtomicU64,
    clean_ends: AtomicU64,
    wrong: AtomicU64,
    complaints: Mutex<Vec<String>>,
}

/// They at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sums {
    /// Received and checked, by both ends.
    pub(super) bytes: u64,
    /// Connections that an end reset.
    pub(super) aborts: u64,
    /// Ends that saw a reset.
    pub(super) resets: u64,
    /// HTTP clients whose backend reset before its first byte, and to whom the front said so.
    pub(super) answered_by_front: u64,
    /// Resets that became clean ends.
    pub(super) clean_ends: u64,
    /// Ends of connections with anything wrong.
    pub(super) wrong: u64,
    /// The first of them.
    pub(super) complaints: Vec<String>,
}

impl Tally {
    /// One end is done with reading.
    pub(super) fn received(&self, bytes: u64, reset: bool) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.resets.fetch_add(reset.into(), Ordering::Relaxed);
    }

    /// An end resets.
    pub(super) fn aborted(&self) {
        self.aborts.fetch_add(1, Ordering::Relaxed);
    }

    /// The front has answered a client for a backend that was gone.
    pub(super) fn answered_by_front(&self) {
        self.answered_by_front.fetch_add(1, Ordering::Relaxed);
    }

    /// A reset became a clean end.
    pub(super) fn clean_end_of_a_reset(&self, complaint: String) {
        self.clean_ends.fetch_add(1, Ordering::Relaxed);
        self.keep(complaint);
    }

    /// Something was wrong.
    pub(super) fn complain(&self, complaint: String) {
        self.wrong.fetch_add(1, Ordering::Relaxed);
        self.keep(complaint);
    }

    fn keep(&self, complaint: String) {
        let mut complaints = self.complaints.lock().unwrap_or_else(PoisonError::into_inner);
        if complaints.len() < SHOWN_MAX {
            complaints.push(complaint);
        }
    }

    /// All of it.
    pub(super) fn sums(&self) -> Sums {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Sums {
            bytes: read(&self.bytes),
            aborts: read(&self.aborts),
            resets: read(&self.resets),
            answered_by_front: read(&self.answered_by_front),
            clean_ends: read(&self.clean_ends),
            wrong: read(&self.wrong),
            complaints: self.complaints.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }
}
