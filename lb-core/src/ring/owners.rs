//! Who owns each slot, without fallbacks: two bytes a slot, to be kept for every mapping there has been.
//!
//! An owner is decided by intent, not by health: it is the first in the order in which [`super::Candidates`] walks the
//! slot that takes keys at all. A seat that is drained, or whose arrival isn't decided, takes none; here it counts as no
//! member. One that is down keeps its slots. [`super::diff()`] compares two of these.

use std::hash::Hasher;

use siphasher::sip::SipHasher13;

use super::{KeyHash, Member, RingConfig, Share, SlotMap, slot_map};
use crate::backend::Seat;

/// No index of a member: [`super::MEMBERS_MAX`] is the number of indices below it.
const NOBODY: u16 = u16::MAX;

/// The owner of every slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owners {
    config: RingConfig,
    members: Box<[Member]>,
    slots: Box<[u16]>,
    digest: u64,
}

impl Owners {
    /// Of a map in which those members take keys for whom `takes_keys` says so.
    pub fn new(map: &SlotMap, takes_keys: impl Fn(&Member) -> bool) -> Self {
        // The index here of each member there.
        let mut members = Vec::new();
        let indices: Vec<u16> = map
            .members()
            .iter()
            .map(|member| {
                if !takes_keys(member) {
                    return NOBODY;
                }
                members.push(*member);
                (members.len() - 1) as u16
            })
            .collect();
        // Past the ranks: in order of identity, as the data path goes on.
        let last_resort = if members.is_empty() { NOBODY } else { 0 };
        let owner = |slot| {
            let mut ranked = map.ranked(slot).iter().map(|&index| indices[usize::from(index)]);
            ranked.find(|&index| index != NOBODY).unwrap_or(last_resort)
        };
        let slots: Box<[u16]> = (0..map.config().slots()).map(owner).collect();
        let digest = digest(&members, &slots);
        Self { config: *map.config(), members: members.into(), slots, digest }
    }

    /// The choice that the ring was made with.
    pub fn config(&self) -> &RingConfig {
        &self.config
    }

    /// Those who take keys, in order of identity.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The slot of a key.
    pub fn slot_of(&self, key: KeyHash) -> u32 {
        slot_map::slot_of(&self.config, key)
    }

    /// The owner of a slot; `None` where nobody takes keys.
    pub fn owner(&self, slot: u32) -> Option<Seat> {
        // `NOBODY` is past the end of any member list.
        self.members.get(usize::from(self.slots[slot as usize])).map(|member| member.seat)
    }

    /// Equal where every slot belongs to the same seat, on whatever machine, and else not but by a great chance.
    pub fn digest(&self) -> u64 {
        self.digest
    }

    /// How much more the member with the most owns than its weight says: 1 where every share is exactly as it should be.
    /// `None` where nobody takes keys.
    pub fn max_over_mean(&self) -> Option<f64> {
        let weight = |share: &Share| f64::from(share.member.weight.thousandths());
        let shares = self.shares();
        let slots_per_weight = f64::from(self.config.slots()) / shares.iter().map(weight).sum::<f64>();
        let excess = shares.iter().map(|share| f64::from(share.slots) / (weight(share) * slots_per_weight));
        excess.reduce(f64::max)
    }

    /// How many slots each member owns, in order of identity.
    pub fn shares(&self) -> Vec<Share> {
        let mut shares: Vec<Share> = self.members.iter().map(|&member| Share { member, slots: 0 }).collect();
        for &owner in &self.slots {
            if let Some(share) = shares.get_mut(usize::from(owner)) {
                share.slots += 1;
            }
        }
        shares
    }
}

/// Under the all-zero key: it is public, and compared between machines.
fn digest(members: &[Member], slots: &[u16]) -> u64 {
    let mut hasher = SipHasher13::new();
    for &owner in slots {
        let identity = members.get(usize::from(owner)).map(|member| member.seat.identity().0);
        // Of nobody's slot nothing but the place.
        hasher.write(&identity.unwrap_or_default().to_le_bytes());
    }
    hasher.finish()
}

#[cfg(test)]
mod tests;
