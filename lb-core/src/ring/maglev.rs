//! `--hash maglev`: the table of Maglev (Eisenbud et al., NSDI 2016, section 3.4).
//!
//! Every member has a permutation of the slots, offset + j·skip mod M with M prime; in turns, each takes the next slot
//! of its permutation that is still free, until none is. Shares are as even as can be (slots differ by at most one
//! between equal weights); the price is that a change also moves a few slots between members that stay.
//!
//! What the paper leaves open: offset and skip come from two numbers of hash(ring seed, identity); turns go in order of
//! identity; a member of less than the largest weight sits out turns in proportion; the fallbacks of a slot are the
//! next other owners clockwise in the table, and then, for those that own no slot, order of identity.

use super::clockwise::ranks_of_marks;
use super::mix::nth;
use super::{Member, RingConfig};

/// The ranks of all slots for the members (in order of identity).
pub(super) fn ranks(config: &RingConfig, members: &[Member]) -> Vec<u16> {
    ranks_of_marks(&owners(config, members), members.len() as u16)
}

fn owners(config: &RingConfig, members: &[Member]) -> Vec<Option<u16>> {
    let mut owners = vec![None; config.slots() as usize];
    let mut free = owners.len();
    let mut takers: Vec<Taker> = members.iter().map(|member| Taker::new(config, member)).collect();
    let turn_cost = members.iter().map(|member| member.weight.thousandths()).max().unwrap_or(0);
    // Ends: the heaviest member takes a slot in every round.
    while free > 0 && !takers.is_empty() {
        for (member, taker) in (0..=u16::MAX).zip(&mut takers) {
            if free == 0 || !taker.has_turn(turn_cost) {
                continue;
            }
            let slot = taker.next_free(&owners);
            owners[slot] = Some(member);
            free -= 1;
        }
    }
    owners
}

/// A member that takes slots in turns.
struct Taker {
    /// The slot of its permutation that it looks at next.
    next: u64,
    skip: u64,
    slots: u64,
    weight: u32,
    credit: u32,
}

impl Taker {
    fn new(config: &RingConfig, Member { seat, weight }: &Member) -> Self {
        let slots = u64::from(config.slots());
        let start = nth(config.seed(), 0) ^ seat.identity().0;
        let (offset, skip) = (nth(start, 0) % slots, nth(start, 1) % (slots - 1) + 1);
        Self { next: offset, skip, slots, weight: weight.thousandths(), credit: 0 }
    }

    /// Saves up its weight until it can pay for a turn.
    fn has_turn(&mut self, turn_cost: u32) -> bool {
        self.credit += self.weight;
        let pays = self.credit >= turn_cost;
        if pays {
            self.credit -= turn_cost;
        }
        pays
    }

    /// There must be a free slot: the permutation reaches it within M steps.
    fn next_free(&mut self, owners: &[Option<u16>]) -> usize {
        loop {
            let slot = self.next as usize;
            self.next = (self.next + self.skip) % self.slots;
            if owners[slot].is_none() {
                return slot;
            }
        }
    }
}

#[cfg(test)]
mod tests;
