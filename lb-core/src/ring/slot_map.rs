//! The immutable map slot → owner and ordered fallbacks, by index into the members.
//!
//! Who is *ready* is not known here (that is [`super::RingTable`]); so a backend that goes down costs no rebuild: its
//! slots fall to the next rank until it is back.

use super::{KeyHash, Member, RANKS_MAX, RingConfig, Rule, assignment};

/// Slots with their ranked members. `width` = min(members, 9) ranks a slot, best first, each member once.
#[derive(Debug)]
pub struct SlotMap {
    config: RingConfig,
    members: Box<[Member]>,
    width: usize,
    ranks: Box<[u16]>,
}

/// How many slots a member owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Who.
    pub member: Member,
    /// Of the map's slots.
    pub slots: u32,
}

impl SlotMap {
    /// `ranks` holds `width` member indices a slot, slot by slot.
    pub(super) fn new(config: RingConfig, members: Vec<Member>, ranks: Vec<u16>) -> Self {
        let width = members.len().min(RANKS_MAX);
        debug_assert_eq!(ranks.len(), width * config.slots() as usize, "every slot has all its ranks");
        debug_assert!(members.is_sorted_by_key(|member| member.seat.identity()), "indices are in order of identity");
        Self { config, members: members.into(), width, ranks: ranks.into() }
    }

    /// The choice it was built with.
    pub fn config(&self) -> &RingConfig {
        &self.config
    }

    /// The members in order of identity; the other methods speak of them by index.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The slot of a key.
    #[inline]
    pub fn slot_of(&self, key: KeyHash) -> u32 {
        slot_of(&self.config, key)
    }

    /// The member indices of a slot, owner first; empty where there is no member. `slot` is below the slot count.
    #[inline]
    pub fn ranked(&self, slot: u32) -> &[u16] {
        let start = slot as usize * self.width;
        &self.ranks[start..start + self.width]
    }

    /// The member that owns a slot.
    pub fn owner(&self, slot: u32) -> Option<&Member> {
        self.ranked(slot).first().map(|&index| &self.members[usize::from(index)])
    }

    /// How many slots each member owns, in order of identity.
    pub fn shares(&self) -> Vec<Share> {
        let mut shares: Vec<Share> = self.members.iter().map(|&member| Share { member, slots: 0 }).collect();
        for slot in 0..self.config.slots() {
            if let Some(&owner) = self.ranked(slot).first() {
                shares[usize::from(owner)].slots += 1;
            }
        }
        shares
    }
}

/// The slot of a key, whoever is in the ring.
#[inline]
pub(super) fn slot_of(config: &RingConfig, key: KeyHash) -> u32 {
    let slots = config.slots();
    match config.rule() {
        Rule::Assignment { .. } => assignment::slot_of_request(key.0, slots),
        // Multiply-shift: the hash's place on the circle of 2^64, scaled to the slots.
        _ => ((u128::from(key.0) * u128::from(slots)) >> 64) as u32,
    }
}
