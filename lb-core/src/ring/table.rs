//! The published snapshot: a [`SlotMap`] with the backends that are ready now, under a version.
//!
//! Immutable once made. The control plane publishes one on every change ([`crate::control`]); a worker looks keys up in
//! the newest it has applied. A seat without a ready backend keeps its slots; they fall to their next rank.
//! A look-up is `slot_of`, [`Candidates::next`], [`RingTable::backend`]: a few nanoseconds, no allocation, no lock.

use std::sync::Arc;

use super::{KeyHash, Owners, SlotMap};
use crate::backend::{Backend, Seat};

/// What a worker routes by.
#[derive(Debug)]
pub struct RingTable {
    version: u64,
    slots: Arc<SlotMap>,
    /// Parallel to `slots.members()`.
    ready: Box<[Option<Arc<Backend>>]>,
    owners: Option<Arc<Owners>>,
    epoch: u64,
}

impl RingTable {
    /// `backends` are the ready ones; one whose seat is no member of `slots` is left out.
    pub fn new(version: u64, slots: Arc<SlotMap>, backends: impl IntoIterator<Item = Arc<Backend>>) -> Self {
        let mut ready: Box<[Option<Arc<Backend>>]> = vec![None; slots.members().len()].into();
        for backend in backends {
            if let Some(index) = index_of(&slots, &backend.seat) {
                ready[index] = Some(backend);
            }
        }
        Self { version, slots, ready, owners: None, epoch: 0 }
    }

    /// The same with the mapping that it is of, and its number. Tables of one mapping are to share it: who meets another one
    /// looks through all sessions for those that have moved.
    pub fn with_owners(self, owners: Arc<Owners>, epoch: u64) -> Self {
        Self { owners: Some(owners), epoch, ..self }
    }

    /// The number of that mapping; 0 where it wasn't told.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The mapping that it is of, where that was told.
    pub fn owners(&self) -> Option<&Arc<Owners>> {
        self.owners.as_ref()
    }

    /// Counts up with every table that is published.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The slots behind it.
    pub fn slots(&self) -> &Arc<SlotMap> {
        &self.slots
    }

    /// The ready backend of a member index, if any.
    #[inline]
    pub fn backend(&self, index: u16) -> Option<&Arc<Backend>> {
        self.ready[usize::from(index)].as_ref()
    }

    /// All ready backends, in order of identity.
    pub fn backends(&self) -> impl Iterator<Item = &Arc<Backend>> {
        self.ready.iter().flatten()
    }

    /// The first choice for a key, `None` where no backend is ready.
    #[inline]
    pub fn lookup(&self, key: KeyHash) -> Option<&Arc<Backend>> {
        let mut candidates = Candidates::new(self.slots.slot_of(key));
        candidates.next(self).and_then(|index| self.backend(index))
    }
}

fn index_of(slots: &SlotMap, seat: &Seat) -> Option<usize> {
    slots.members().binary_search_by_key(&seat.identity(), |member| member.seat.identity()).ok()
}

/// Walks the ready backends of a slot: owner, fallbacks in order, then every other one once in order of identity.
///
/// Holds no borrow of the table, so that a session can keep it between two attempts; "each once" holds as long as it is
/// asked with the same table. With a newer one of the same ring it still ends, but may repeat or leave out.
#[derive(Clone, Copy, Debug)]
pub struct Candidates {
    slot: u32,
    step: u32,
}

impl Candidates {
    /// At the slot's owner.
    pub fn new(slot: u32) -> Self {
        Self { slot, step: 0 }
    }

    /// The member index of the next ready backend. Ends after at most `RANKS_MAX + members` steps.
    #[inline]
    pub fn next(&mut self, table: &RingTable) -> Option<u16> {
        let ranked = table.slots.ranked(self.slot);
        while (self.step as usize) < ranked.len() + table.ready.len() {
            let step = self.step as usize;
            self.step += 1;
            let index = match ranked.get(step) {
                Some(&index) => index,
                None => {
                    // Past the ranks: all members in order of identity, but for those that had their turn.
                    let index = (step - ranked.len()) as u16;
                    if ranked.contains(&index) {
                        continue;
                    }
                    index
                }
            };
            if table.backend(index).is_some() {
                return Some(index);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests;
