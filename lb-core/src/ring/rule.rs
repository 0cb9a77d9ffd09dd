//! What a user chooses of the ring ([`RingConfig`]) and who is in it ([`Ring`]).
//!
//! [`Ring`] is the mutable side, owned by the control plane: members are added and removed one by one and
//! [`Ring::slot_map`] gives the immutable result. Which slot belongs to whom is the business of the rule's own file.

use std::sync::Arc;

use super::{SlotMap, rendezvous};
use crate::backend::{Identity, Seat, Weight};

/// The hash by which slots are given to seats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Highest weighted score of hash(seed, slot, identity).
    Rendezvous,
}

/// A checked choice of rule, slot count and seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RingConfig {
    rule: Rule,
    slots: u32,
    seed: u64,
}

/// Why a [`RingConfig`] was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RingConfigError {
    /// The slot count doesn't fit the rule.
    #[error("--slots {slots}: {reason}")]
    Slots {
        /// What was asked for.
        slots: u32,
        /// What would fit.
        reason: &'static str,
    },
}

impl RingConfig {
    /// `slots`: `None` takes the rule's default.
    pub fn new(rule: Rule, slots: Option<u32>, seed: u64) -> Result<Self, RingConfigError> {
        Ok(Self { rule, slots: slots.unwrap_or(65_536), seed })
    }
    /// The rule.
    pub fn rule(&self) -> Rule {
        self.rule
    }
    /// M, the number of slots.
    pub fn slots(&self) -> u32 {
        self.slots
    }
    /// The public ring seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }
    /// Whether keys of digits are numbers (`assignment`).
    pub fn digits_are_numbers(&self) -> bool {
        false
    }
}

/// A seat with its weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// The place.
    pub seat: Seat,
    /// Its share relative to the others.
    pub weight: Weight,
}

/// Why a change of the ring was refused; the ring is unchanged then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RingError {
    /// `assignment` found no free slot within M probes.
    #[error("ring full")]
    Full,
    /// The seat is a member already.
    #[error("this seat is in the ring already")]
    AlreadyPresent,
    /// The seat is no member.
    #[error("this seat is not in the ring")]
    NotPresent,
}

/// The members and the rule.
#[derive(Clone, Debug)]
pub struct Ring {
    config: RingConfig,
    members: Vec<Member>,
}

impl Ring {
    /// An empty ring.
    pub fn new(config: RingConfig) -> Self {
        Self { config, members: Vec::new() }
    }
    /// The choice it was made with.
    pub fn config(&self) -> &RingConfig {
        &self.config
    }
    /// The members in order of identity.
    pub fn members(&self) -> &[Member] {
        &self.members
    }
    /// Adds a seat.
    pub fn add(&mut self, member: Member) -> Result<(), RingError> {
        match self.position(member.seat.identity()) {
            Ok(_) => Err(RingError::AlreadyPresent),
            Err(place) => {
                self.members.insert(place, member);
                Ok(())
            }
        }
    }
    /// Removes a seat.
    pub fn remove(&mut self, seat: &Seat) -> Result<(), RingError> {
        let place = self.position(seat.identity()).map_err(|_| RingError::NotPresent)?;
        self.members.remove(place);
        Ok(())
    }
    /// The slots as they belong to the members now.
    pub fn slot_map(&mut self) -> Arc<SlotMap> {
        Arc::new(rendezvous::slot_map(&self.config, &self.members))
    }
    fn position(&self, identity: Identity) -> Result<usize, usize> {
        self.members.binary_search_by_key(&identity, |member| member.seat.identity())
    }
}
