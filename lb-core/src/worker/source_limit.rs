//! How many connections one client address may have at a time (`--connections-per-source`), exact over all workers.
//!
//! SO_REUSEPORT spreads the connections of one address over all workers, so they count together. This is the one place
//! where the data path takes a lock, and only where the limit is asked for: one of [`SHARDS`] for one look-up, chosen by
//! a hash that nobody outside can predict. Memory is bounded by the open connections: an address is known while it has
//! one. IPv6 counts by /64, which is what one customer is given: by single addresses the limit would limit nobody.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Enough that two workers seldom meet in one; each is a hash table of its own.
const SHARDS: usize = 64;

/// The counts of all addresses that have a connection.
#[derive(Debug)]
pub(crate) struct SourceLimit {
    per_source: u32,
    hasher: RandomState,
    shards: [Mutex<HashMap<Source, u32>>; SHARDS],
}

/// What counts as one source: an IPv4 address, or the upper half of an IPv6 one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Source {
    V4([u8; 4]),
    V6([u8; 8]),
}

impl SourceLimit {
    /// At most so many connections of one source at a time.
    pub(crate) fn new(per_source: u32) -> Self {
        let shards = std::array::from_fn(|_| Mutex::default());
        Self { per_source, hasher: RandomState::new(), shards }
    }

    /// Counts a connection of `client`, to be given back by [`leave`](Self::leave); false (and not counted) where it has
    /// as many as it may.
    pub(crate) fn enter(&self, client: IpAddr) -> bool {
        let source = Source::of(client);
        let mut counts = self.shard(source);
        let count = counts.entry(source).or_insert(0);
        let admitted = *count < self.per_source;
        *count += u32::from(admitted);
        admitted
    }

    /// A connection that was counted has ended.
    pub(crate) fn leave(&self, client: IpAddr) {
        let source = Source::of(client);
        let mut counts = self.shard(source);
        let Some(count) = counts.get_mut(&source) else {
            debug_assert!(false, "only who has entered leaves");
            return;
        };
        *count -= 1;
        if *count == 0 {
            counts.remove(&source);
        }
    }

    fn shard(&self, source: Source) -> MutexGuard<'_, HashMap<Source, u32>> {
        let shard = &self.shards[self.hasher.hash_one(source) as usize % SHARDS];
        // Nothing in here panics half-way; and a worker's panic ends the process anyway.
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many sources are known.
    #[cfg(test)]
    pub(crate) fn known(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().map_or(0, |counts| counts.len())).sum()
    }
}

impl Source {
    fn of(client: IpAddr) -> Self {
        match client.to_canonical() {
            IpAddr::V4(v4) => Self::V4(v4.octets()),
            IpAddr::V6(v6) => Self::V6(network_64(v6)),
        }
    }
}

fn network_64(v6: Ipv6Addr) -> [u8; 8] {
    let [a, b, c, d, e, f, g, h, ..] = v6.octets();
    [a, b, c, d, e, f, g, h]
}

#[cfg(test)]
mod tests;
