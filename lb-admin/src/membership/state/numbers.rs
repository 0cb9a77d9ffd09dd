//! Seat numbers: the lowest free one, or for the `assignment` hash the lowest that was never used. Pure.
//!
//! A number is *freed* when its seat is removed and *given back* when the call it was given for is taken back; only the
//! second makes it "never used" again. Numbers count from 1.

use std::collections::BTreeSet;

use crate::membership::saved::SavedSeats;

/// Gives numbers and takes them back.
#[derive(Clone, Debug)]
pub(super) struct SeatNumbers {
    /// Whether a freed number is given again (not for `assignment`).
    reuse: bool,
    next: u32,
    /// Below `next` and free.
    free: BTreeSet<u32>,
}

impl SeatNumbers {
    pub(super) fn new(reuse: bool) -> Self {
        Self { reuse, next: 1, free: BTreeSet::new() }
    }

    /// As an earlier run left them; `taken` are those in use now.
    pub(super) fn restored(reuse: bool, saved: &SavedSeats, taken: &BTreeSet<u32>) -> Self {
        let above = taken.last().map_or(1, |last| last + 1);
        let next = if reuse { above } else { above.max(saved.next) };
        let unused = |number: &u32| !taken.contains(number) && (reuse || saved.free.contains(number));
        Self { reuse, next, free: (1..next).filter(unused).collect() }
    }

    /// To be written down; `pending` were given for calls that a restart takes back.
    pub(super) fn saved(&self, pending: impl Iterator<Item = u32>) -> SavedSeats {
        SavedSeats { next: self.next, free: self.free.iter().copied().chain(pending).collect() }
    }

    pub(super) fn give(&mut self) -> u32 {
        self.free.pop_first().unwrap_or_else(|| {
            self.next += 1;
            self.next - 1
        })
    }

    /// A seat of before comes back, with its number; nobody has that now.
    pub(super) fn take_again(&mut self, number: u32) {
        debug_assert!(number < self.next, "{number} was given before");
        self.free.remove(&number);
    }

    /// The call was taken back: as if the number had never been given.
    pub(super) fn give_back(&mut self, number: u32) {
        debug_assert!(number < self.next && !self.free.contains(&number), "{number} was given");
        self.free.insert(number);
    }

    /// The seat was removed.
    pub(super) fn free(&mut self, number: u32) {
        if self.reuse {
            self.give_back(number);
        }
    }
}
