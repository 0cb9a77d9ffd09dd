//! Which sessions a new mapping concerns, and how fast they are ended where that is asked for (`--on-move`).
//!
//! A session **has moved** when the owner of its key's slot is another seat than in the mapping before, and that seat isn't
//! where the session is. Only mappings count, not health: one that was given to a fallback because its owner was down stays
//! there when the owner is back, and no backend that flaps makes anybody close anything. A session with a random key never
//! moves; one that is keyed by its client's address does. Where nobody owns the slot now there is nowhere to move to.
//! Not here: which sessions there are and how they are ended (`worker::moves`).

use crate::backend::Seat;
use crate::ring::{KeyHash, Owners};

/// A session's key, and which table it was routed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Routed {
    /// Hashed; `None`: it was random.
    pub key: Option<KeyHash>,
    /// The lower half of the table's version.
    pub version: u32,
}

impl Routed {
    /// Whether this was by the table of that version, or an earlier one. Right as long as fewer than 2^31 lie between.
    pub fn is_by(self, version: u64) -> bool {
        (version as u32).wrapping_sub(self.version) < 1 << 31
    }
}

/// Whether a session with this key that is at this seat has moved from one mapping to the next.
pub fn has_moved(before: &Owners, after: &Owners, key: KeyHash, at: Seat) -> bool {
    let slot = after.slot_of(key);
    let owner = |owners: &Owners| owners.owner(slot).map(|seat| seat.identity());
    owner(after) != owner(before) && is_elsewhere(after, key, at)
}

/// Whether the owner of a key is another seat than this.
pub fn is_elsewhere(owners: &Owners, key: KeyHash, at: Seat) -> bool {
    owners.owner(owners.slot_of(key)).is_some_and(|owner| owner.identity() != at.identity())
}

/// What wasn't used of the rate may be made up for so long: clocks are read once a turn, and turns take their time.
const CATCH_UP_US: u64 = 10_000;

/// One at a time, an interval apart.
#[derive(Debug, Default)]
pub struct Pace {
    next_us: u64,
}

impl Pace {
    /// Whether one may be ended now.
    pub fn is_due(&self, now_us: u64) -> bool {
        now_us >= self.next_us
    }

    /// One was. An interval of zero: as many may be as there are.
    pub fn passed(&mut self, now_us: u64, interval_us: u64) {
        self.next_us = self.next_us.max(now_us.saturating_sub(CATCH_UP_US)) + interval_us;
    }

    /// From when on the next one may be.
    pub fn next_ms(&self) -> u64 {
        self.next_us.div_ceil(1_000)
    }
}

#[cfg(test)]
mod tests;
