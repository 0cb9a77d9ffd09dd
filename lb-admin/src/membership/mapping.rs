//! A mapping: who has which seat with what weight, hence who owns which slot. Each has a number, its epoch. Pure.
//!
//! An epoch is about what is wanted, not about health: a replica that dies and its replacement in the same seat are no
//! new one. Numbers count up by one and are never used twice, over restarts too. The newest are kept in a [`History`], so
//! that they can be compared and gone back to. Whoever drains, or whose `/add` isn't decided, owns nothing
//! ([`Owners`]). Neighbours: [`super::state`] makes them, the `/v1` API shows them.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::SystemTime;

use lb_core::backend::{Seat, Weight};
use lb_core::ring::{Diff, Owners, SlotMap, diff};

/// Mappings kept.
pub const EPOCHS_MAX: usize = 64;
/// At most so many bytes of owners are kept, two a slot; but always [`EPOCHS_MIN`] mappings.
const OWNERS_BYTES_MAX: usize = 32 << 20;
/// The one before is what a change is compared with.
const EPOCHS_MIN: usize = 8;

/// Somebody who has a seat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seated {
    /// The name; of a seat whose replica was replaced the last one.
    pub name: Arc<str>,
    /// The seat.
    pub seat: Seat,
    /// Its weight, also while it drains.
    pub weight: Weight,
    /// Gets no new sessions.
    pub drained: bool,
    /// Sessions at a time as set for it alone (0: any number); `None`: as the settings say.
    pub max_connections: Option<u32>,
    /// A replica of ours; else somebody else's.
    pub supervised: bool,
    /// Slots that the ring gave it by history (`assignment` only).
    pub(crate) places: Vec<u32>,
}

impl Seated {
    /// Whether both have the same seat in the same way.
    fn is_as(&self, other: &Self) -> bool {
        Self { name: Arc::clone(&other.name), ..self.clone() } == *other
    }
}

/// One mapping.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// Its number.
    pub epoch: u64,
    /// Since when, by the wall clock.
    pub at: SystemTime,
    /// What has led to it, in words.
    pub cause: String,
    /// In order of addition.
    pub members: Vec<Seated>,
    /// Who owns which slot.
    pub owners: Arc<Owners>,
    /// What has moved since the mapping before it; of the first, from nobody.
    pub diff: Arc<Diff>,
}

impl Mapping {
    /// Of nobody: what was before the first one.
    pub fn nothing(map: &SlotMap, epoch: u64) -> Self {
        let owners = Owners::new(map, |_| false);
        let diff = Arc::new(between(&owners, &owners));
        let (at, cause) = (SystemTime::UNIX_EPOCH, String::new());
        Self { epoch, at, cause, members: Vec::new(), owners: Arc::new(owners), diff }
    }

    /// The next one.
    pub(crate) fn next(&self, at: SystemTime, cause: String, members: Vec<Seated>, owners: Owners) -> Self {
        let diff = Arc::new(between(&self.owners, &owners));
        Self { epoch: self.epoch + 1, at, cause, members, owners: Arc::new(owners), diff }
    }

    /// Who sits there.
    pub fn member(&self, seat: &Seat) -> Option<&Seated> {
        self.members.iter().find(|member| member.seat == *seat)
    }

    /// Who owns a slot, by name.
    pub fn owner_name(&self, slot: u32) -> Option<&str> {
        let seat = self.owners.owner(slot)?;
        self.member(&seat).map(|member| &*member.name)
    }

    /// Whether it maps the same, under whatever names and in whatever order: a replacement comes last.
    pub(crate) fn is_of(&self, members: &[Seated]) -> bool {
        let stayed = |member: &Seated| self.member(&member.seat).is_some_and(|before| before.is_as(member));
        self.members.len() == members.len() && members.iter().all(stayed)
    }

    /// The seats that differ from those of the next mapping: what came, what changed, and what went, in this order.
    pub fn changed_names(&self, next: &Self) -> Vec<Arc<str>> {
        let stayed = |member: &&Seated| self.member(&member.seat).is_some_and(|before| before.is_as(member));
        let came_or_changed = next.members.iter().filter(|member| !stayed(member));
        let went = self.members.iter().filter(|member| next.member(&member.seat).is_none());
        came_or_changed.chain(went).map(|member| Arc::clone(&member.name)).collect()
    }
}

/// What moves from one mapping to another of this run.
pub fn between(before: &Owners, after: &Owners) -> Diff {
    diff(before, after).expect("the ring of a run keeps its rule and its slots")
}

/// The newest mappings; never empty. A clone costs a few pointers.
#[derive(Clone, Debug)]
pub struct History(VecDeque<Arc<Mapping>>);

impl History {
    /// Begins with this one.
    pub fn new(first: Arc<Mapping>) -> Self {
        Self(VecDeque::from([first]))
    }

    /// The one that holds now.
    pub fn newest(&self) -> &Arc<Mapping> {
        self.0.back().expect("it begins with one and keeps the newest")
    }

    /// The one of this number, where it is kept.
    pub fn get(&self, epoch: u64) -> Option<&Arc<Mapping>> {
        self.0.iter().find(|mapping| mapping.epoch == epoch)
    }

    /// Oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Arc<Mapping>> {
        self.0.iter()
    }

    pub(crate) fn push(&mut self, mapping: Mapping) {
        // What was before the first one is nothing to go back to.
        self.0.retain(|kept| !kept.cause.is_empty());
        let owners_bytes = 2 * mapping.owners.config().slots() as usize;
        self.0.push_back(Arc::new(mapping));
        let kept = (OWNERS_BYTES_MAX / owners_bytes).clamp(EPOCHS_MIN, EPOCHS_MAX);
        self.0.drain(..self.0.len().saturating_sub(kept));
    }

    /// The newest one, its seats under new names.
    pub(crate) fn rename(&mut self, members: Vec<Seated>) {
        let newest = self.0.back_mut().expect("never empty");
        *newest = Arc::new(Mapping { members, ..Mapping::clone(newest) });
    }
}

#[cfg(test)]
mod tests;
