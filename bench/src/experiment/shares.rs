//! Who should answer how much: the slots that each backend owns in the table, rebuilt here from `/v1/backends`.
//!
//! Ids are hashed under a secret, so of most rules only the shares can be known. `assignment` doesn't hash ids of digits:
//! there each id's replica is known, and [`SlotShares::counts`] are exact. Assumes lb's defaults for slots and seed.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context;
use lb_core::backend::{Seat, Weight};
use lb_core::ring::{KeyHash, Member, Ring, RingConfig, SlotMap};

use super::hash::Hash;
use crate::balancer::Backend;

/// Answers by replica.
pub(crate) type Counts = BTreeMap<String, u64>;

/// The table of a membership.
#[derive(Debug)]
pub(crate) struct SlotShares {
    hash: Hash,
    map: Arc<SlotMap>,
    name_of_seat: BTreeMap<Seat, String>,
}

impl SlotShares {
    /// The table that a balancer with `backends` and `hash` must route by.
    pub(crate) fn of(hash: Hash, backends: &[Backend]) -> anyhow::Result<Self> {
        let mut members = Vec::new();
        let mut name_of_seat = BTreeMap::new();
        for backend in backends.iter().filter(|backend| backend.is_member()) {
            let seat = match backend.supervised {
                true => Seat::numbered(backend.seat),
                false => Seat::named(&backend.name, backend.seat),
            };
            members.push(Member { seat, weight: Weight::parse(&backend.weight.to_string())? });
            name_of_seat.insert(seat, backend.name.clone());
        }
        // Under `assignment` positions depend on the order of addition, which is that of the seats' numbers.
        members.sort_by_key(|member| member.seat.number());
        Ok(Self { hash, map: slot_map(hash, members)?, name_of_seat })
    }

    /// Slots by replica.
    pub(crate) fn by_replica(&self) -> Counts {
        let shares = self.map.shares().into_iter();
        shares.map(|share| (self.name_of_seat[&share.member.seat].clone(), u64::from(share.slots))).collect()
    }

    /// How many of the ids 1 to `last` each replica owns, where that is no secret.
    pub(crate) fn counts(&self, last: u64) -> Option<Counts> {
        if !self.hash.is_public() {
            return None;
        }
        let mut counts: Counts = self.name_of_seat.values().map(|name| (name.clone(), 0)).collect();
        for id in 1..=last {
            let owner = self.map.owner(self.map.slot_of(KeyHash(id)))?;
            *counts.get_mut(&self.name_of_seat[&owner.seat]).expect("every member has a name") += 1;
        }
        Some(counts)
    }
}

/// The map of `members`, added in this order.
pub(crate) fn slot_map(hash: Hash, members: impl IntoIterator<Item = Member>) -> anyhow::Result<Arc<SlotMap>> {
    let mut ring = Ring::new(RingConfig::new(hash.rule(), None, 0)?);
    for member in members {
        ring.add(member).with_context(|| format!("the ring of {}", hash.name()))?;
    }
    Ok(ring.slot_map())
}

#[cfg(test)]
mod tests;
