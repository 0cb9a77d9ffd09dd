//! The ring: from a key to a backend through a table of slots. Pure: no socket, no clock, no randomness.
//!
//! key (bytes) → [`KeyHasher`] → [`KeyHash`] → [`SlotMap::slot_of`] → slot → owner and ordered fallbacks.
//! A [`Ring`] holds the members and builds the immutable [`SlotMap`]; a [`RingTable`] is that map together with the
//! backends that are ready now, under a version: it is what the workers look keys up in.
//! [`Owners`] is who owns each slot and no more; [`diff()`] says what moves between two of those and how much had to.
//!
//! One file a rule: `rendezvous` (with `log2`), `vnodes` (`--hash ring`), `maglev`, `assignment`. They share the mixing
//! function (`mix`) and, except for `rendezvous`, the walk that orders fallbacks (`clockwise`).
//! The laws that hold for all of them are tested in `laws`, the exact tables in `golden`.

mod assignment;
mod clockwise;
mod diff;
mod hash;
mod log2;
mod maglev;
mod members;
mod mix;
mod owners;
mod rendezvous;
mod rule;
mod slot_map;
mod table;
mod vnodes;

pub use diff::{Diff, DiffError, Move, diff};
pub use hash::{KeyHash, KeyHasher};
pub use members::{MEMBERS_MAX, Member, Ring, RingError};
pub use owners::Owners;
pub use rule::{Probing, RingConfig, RingConfigError, Rule, SLOTS_MAX, VNODES_DEFAULT, VNODES_MAX};
pub use slot_map::{Share, SlotMap};
pub use table::{Candidates, RingTable};

/// How many backends are ordered per slot at the most: the owner and 8 fallbacks.
pub const RANKS_MAX: usize = 9;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod laws;
