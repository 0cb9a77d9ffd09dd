//! Who is in the ring: the mutable side, owned by the control plane.
//!
//! Seats are added, reweighted and removed one by one; [`Ring::slot_map`] gives the immutable result and is built only
//! when it is asked for, so ten changes in a row cost one build. For every rule but `assignment` the result depends on
//! the set of (identity, weight) alone; what is kept from the last build (`rendezvous::Scores`) only saves time.
//! `assignment` places a seat when it is added, so there [`RingError::Full`] comes from [`Ring::add`].

use std::sync::Arc;

use super::{RingConfig, Rule, SlotMap, assignment, maglev, rendezvous, vnodes};
use crate::backend::{Seat, Weight};

/// Most members of a ring: a slot names its members by u16.
pub const MEMBERS_MAX: usize = u16::MAX as usize;

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
    /// More than [`MEMBERS_MAX`] members.
    #[error("ring full: {MEMBERS_MAX} backends at the most")]
    TooManyMembers,
    /// `ring` would have more vnodes than are sensible to build.
    #[error("ring full: weights times --vnodes come to over {} vnodes; use smaller ones", vnodes::VNODES_TOTAL_MAX)]
    TooManyVnodes,
    /// `assignment` knows no weights.
    #[error("--hash assignment has no weights: only weight 1 is possible")]
    WeightNotOne,
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
    /// In order of identity.
    members: Vec<Member>,
    kept: Kept,
    /// Of the members as they are now, if it has been asked for since the last change.
    map: Option<Arc<SlotMap>>,
}

/// What a rule keeps between two builds.
#[derive(Clone, Debug)]
enum Kept {
    /// `ring` and `maglev` build from scratch.
    Nothing,
    /// The scores of the last build.
    Scores(Arc<rendezvous::Scores>),
    /// The places of the members.
    Circle(assignment::Circle),
}

impl Ring {
    /// An empty ring.
    pub fn new(config: RingConfig) -> Self {
        let kept = match config.rule() {
            Rule::Rendezvous => Kept::Scores(Arc::new(rendezvous::Scores::empty(config))),
            Rule::Assignment { probing } => Kept::Circle(assignment::Circle::new(config.slots(), probing)),
            Rule::Ring { .. } | Rule::Maglev => Kept::Nothing,
        };
        Self { config, members: Vec::new(), kept, map: None }
    }

    /// The choice it was made with.
    pub fn config(&self) -> &RingConfig {
        &self.config
    }

    /// The members in order of identity.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// Adds a seat; the ring is unchanged on error.
    pub fn add(&mut self, member: Member) -> Result<(), RingError> {
        self.restore(member, &[])
    }

    /// Adds a seat that was a member of an earlier ring, in the places that [`Self::places`] gave for it there. Where
    /// they don't fit (another rule, another number of slots), as [`Self::add`].
    pub fn restore(&mut self, member: Member, places: &[u32]) -> Result<(), RingError> {
        let Err(place) = self.position(&member.seat) else { return Err(RingError::AlreadyPresent) };
        if self.members.len() == MEMBERS_MAX {
            return Err(RingError::TooManyMembers);
        }
        self.check_weight(&member)?;
        if let Kept::Circle(circle) = &mut self.kept
            && !circle.place_at(&member.seat, places)
        {
            circle.place(&member.seat).ok_or(RingError::Full)?;
        }
        self.members.insert(place, member);
        self.map = None;
        Ok(())
    }

    /// The slots that a seat was placed on when it was added, which depend on who was there before it. Empty except under
    /// `assignment`: the other rules need no memory.
    pub fn places(&self, seat: &Seat) -> Vec<u32> {
        match &self.kept {
            Kept::Circle(circle) => circle.marks_of(seat),
            _ => Vec::new(),
        }
    }

    /// Removes a seat; under `assignment` its places are free then.
    pub fn remove(&mut self, seat: &Seat) -> Result<(), RingError> {
        let place = self.position(seat).map_err(|_| RingError::NotPresent)?;
        let removed = self.members.remove(place);
        if let Kept::Circle(circle) = &mut self.kept {
            circle.free(&removed.seat);
        }
        self.map = None;
        Ok(())
    }

    /// Gives a member another weight.
    pub fn set_weight(&mut self, seat: &Seat, weight: Weight) -> Result<(), RingError> {
        let place = self.position(seat).map_err(|_| RingError::NotPresent)?;
        let reweighted = Member { weight, ..self.members[place] };
        self.check_weight(&reweighted)?;
        self.members[place] = reweighted;
        self.map = None;
        Ok(())
    }

    /// The slots as they belong to the members now.
    pub fn slot_map(&mut self) -> Arc<SlotMap> {
        if let Some(map) = &self.map {
            return Arc::clone(map);
        }
        let built = |ranks| Arc::new(SlotMap::new(self.config, self.members.clone(), ranks));
        let map = match (&mut self.kept, self.config.rule()) {
            (Kept::Scores(scores), _) => {
                *scores = Arc::new(scores.update(&self.members));
                Arc::clone(scores.slot_map())
            }
            (Kept::Circle(circle), _) => built(circle.ranks(&self.members)),
            (Kept::Nothing, Rule::Ring { vnodes }) => built(vnodes::ranks(&self.config, vnodes, &self.members)),
            (Kept::Nothing, _) => built(maglev::ranks(&self.config, &self.members)),
        };
        self.map = Some(Arc::clone(&map));
        map
    }

    /// Whether the rule can have this member, in place of what it was if it is one already.
    fn check_weight(&self, member: &Member) -> Result<(), RingError> {
        match self.config.rule() {
            Rule::Assignment { .. } if member.weight != Weight::ONE => Err(RingError::WeightNotOne),
            Rule::Ring { vnodes } => {
                let others = self.members.iter().filter(|other| other.seat.identity() != member.seat.identity());
                let total: u64 = others.chain([member]).map(|each| vnodes::count(vnodes, each.weight)).sum();
                if total > vnodes::VNODES_TOTAL_MAX { Err(RingError::TooManyVnodes) } else { Ok(()) }
            }
            _ => Ok(()),
        }
    }

    fn position(&self, seat: &Seat) -> Result<usize, usize> {
        self.members.binary_search_by_key(&seat.identity(), |member| member.seat.identity())
    }
}

#[cfg(test)]
mod tests;
