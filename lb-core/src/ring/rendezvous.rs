//! `--hash rendezvous`: a slot belongs to the member with the highest weighted score (highest random weight, Thaler and
//! Ravishankar 1998; with weights as in Schindelhauer and Schomaker 2005). The default.
//!
//! Kept as *costs*, the lower the better: −log2(u) / weight for a uniform u = hash(ring seed, slot, identity), in
//! integers ([`super::log2`]). The minimum of such exponential variables falls on each member in proportion to its
//! weight, and no member's cost depends on any other member: that is why nothing ever moves between the members that
//! stay. Fallbacks are the next costs, so a slot falls to whom it would belong to if its owner weren't a member.
//!
//! [`Scores`] keeps the best costs of every slot, so that adding a member costs one score a slot, and removing one only
//! rescans the slots that it was ranked in.

use std::sync::Arc;

use super::log2::cost_of_hash;
use super::mix::{mix, nth};
use super::{Member, RANKS_MAX, RingConfig, SlotMap};
use crate::backend::Seat;

/// A built map with the cost behind each of its ranks.
#[derive(Debug)]
pub(super) struct Scores {
    map: Arc<SlotMap>,
    /// Parallel to the map's ranks, slot by slot.
    costs: Vec<u64>,
}

impl Scores {
    /// Of an empty ring.
    pub(super) fn empty(config: RingConfig) -> Self {
        Self { map: Arc::new(SlotMap::new(config, Vec::new(), Vec::new())), costs: Vec::new() }
    }

    /// The map itself.
    pub(super) fn slot_map(&self) -> &Arc<SlotMap> {
        &self.map
    }

    /// The scores of `members` (in order of identity); equal to a build from scratch whatever came before.
    pub(super) fn update(&self, members: &[Member]) -> Self {
        let config = *self.map.config();
        let change = Change::between(self.map.members(), members);
        let width = members.len().min(RANKS_MAX);
        let old_width = self.map.members().len().min(RANKS_MAX);
        let mut ranks = Vec::with_capacity(config.slots() as usize * width);
        let mut costs = Vec::with_capacity(config.slots() as usize * width);
        let mut best = Best::new();
        for slot in 0..config.slots() {
            let start = slot as usize * old_width;
            let known = self.map.ranked(slot).iter().zip(&self.costs[start..start + old_width]);
            change.rank(slot_key(config.seed(), slot), known, &mut best);
            ranks.extend(best.ranks().iter().map(|rank| rank.member));
            costs.extend(best.ranks().iter().map(|rank| rank.cost));
        }
        Self { map: Arc::new(SlotMap::new(config, members.to_vec(), ranks)), costs }
    }
}

/// What is different between two sets of members.
struct Change {
    /// By old index: the new index of a member that stayed with its weight.
    stayed: Vec<Option<u16>>,
    /// How many ranks those that stayed fill where none is missing.
    stayed_width: usize,
    /// Those that didn't stay, to be scored in every slot.
    fresh: Vec<Scorer>,
    /// All members, for slots whose known ranks aren't enough.
    all: Vec<Scorer>,
}

impl Change {
    fn between(old: &[Member], new: &[Member]) -> Self {
        let mut stayed = vec![None; old.len()];
        let (mut all, mut fresh) = (Vec::with_capacity(new.len()), Vec::new());
        for (index, member) in (0..=u16::MAX).zip(new) {
            let scorer = Scorer::new(index, member);
            match old.binary_search_by_key(&member.seat.identity(), |m| m.seat.identity()) {
                Ok(place) if old[place].weight == member.weight => stayed[place] = Some(index),
                _ => fresh.push(scorer.clone()),
            }
            all.push(scorer);
        }
        let stayed_width = (all.len() - fresh.len()).min(RANKS_MAX);
        Self { stayed, stayed_width, fresh, all }
    }

    /// Ranks one slot, given what was known of it, best first.
    fn rank<'a>(&self, slot_key: u64, known: impl Iterator<Item = (&'a u16, &'a u64)>, best: &mut Best) {
        best.clear();
        for (&old, &cost) in known {
            if let Some(member) = self.stayed[usize::from(old)] {
                best.offer(Rank { cost, member });
            }
        }
        // One that was ranked here has gone, so who comes after the last known rank is anybody's guess.
        let scorers = if best.ranks().len() < self.stayed_width {
            best.clear();
            &self.all
        } else {
            &self.fresh
        };
        for scorer in scorers {
            best.offer(scorer.rank(slot_key));
        }
    }
}

/// What a member's scores are computed from.
#[derive(Clone)]
struct Scorer {
    member: u16,
    identity: u64,
    /// 2^64 / weight in thousandths: multiplying by it and keeping the upper half divides by the weight.
    inverse_weight: u64,
}

impl Scorer {
    fn new(member: u16, Member { seat, weight }: &Member) -> Self {
        Self { member, identity: identity(seat), inverse_weight: u64::MAX / u64::from(weight.thousandths()) }
    }

    #[inline]
    fn rank(&self, slot_key: u64) -> Rank {
        let cost = cost_of_hash(mix(slot_key ^ self.identity));
        let weighted = (u128::from(cost) * u128::from(self.inverse_weight)) >> 64;
        Rank { cost: weighted as u64, member: self.member }
    }
}

fn identity(seat: &Seat) -> u64 {
    seat.identity().0
}

fn slot_key(seed: u64, slot: u32) -> u64 {
    nth(nth(seed, 0), u64::from(slot))
}

/// A member with its cost in one slot; ordered by cost, ties by identity (which is the order of the indices).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    cost: u64,
    member: u16,
}

/// The lowest costs seen so far, lowest first.
struct Best {
    ranks: [Rank; RANKS_MAX],
    len: usize,
}

impl Best {
    fn new() -> Self {
        Self { ranks: [Rank { cost: 0, member: 0 }; RANKS_MAX], len: 0 }
    }

    fn clear(&mut self) {
        self.len = 0;
    }

    fn ranks(&self) -> &[Rank] {
        &self.ranks[..self.len]
    }

    #[inline]
    fn offer(&mut self, rank: Rank) {
        if self.len == RANKS_MAX {
            if rank >= self.ranks[RANKS_MAX - 1] {
                return;
            }
        } else {
            self.len += 1;
        }
        let mut place = self.len - 1;
        while place > 0 && self.ranks[place - 1] > rank {
            self.ranks[place] = self.ranks[place - 1];
            place -= 1;
        }
        self.ranks[place] = rank;
    }
}

#[cfg(test)]
mod tests;
