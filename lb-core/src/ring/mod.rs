//! The ring: from a key to a backend through a table of slots. Pure: no socket, no clock, no randomness.
//!
//! key (bytes) → [`KeyHasher`] → [`KeyHash`] → [`SlotMap::slot_of`] → slot → owner and ordered fallbacks.
//! A [`Ring`] holds the members and builds the immutable [`SlotMap`]; a [`RingTable`] is that map together with the
//! backends that are ready now, under a version: it is what the workers look keys up in.
//! One file a rule: [`rendezvous`], `vnodes` (`--hash ring`), `maglev`, `assignment`.

pub mod hash;
pub mod rendezvous;
pub mod rule;
pub mod slot_map;
pub mod table;

pub use hash::{KeyHash, KeyHasher};
pub use rule::{Member, Ring, RingConfig, RingConfigError, RingError, Rule};
pub use slot_map::SlotMap;
pub use table::{Candidates, RingTable};

/// How many backends are ordered per slot at the most: the owner and 8 fallbacks.
pub const RANKS_MAX: usize = 9;
