//! `--hash ring`: consistent hashing on a circle (Karger et al. 1997), with K virtual nodes per unit of weight.
//!
//! Vnode j of a member lies at hash(ring seed, identity, j) on the circle of 2^64; two at the same place are ordered by
//! identity. Slot s belongs to the first vnode at or after s·2^64/M, and its fallbacks are the next members clockwise.
//! A member of weight w has the vnodes 0 to round(K·w) − 1, at least one, so more weight only adds vnodes and nothing
//! moves but towards it. Its share is only as even as its vnodes are many: about ±1/√(K·w).

use super::clockwise::Clockwise;
use super::mix::nth;
use super::{Member, RANKS_MAX, RingConfig};
use crate::backend::Weight;

/// Most vnodes on one circle: 64 MiB while it is built, about a third of a second.
pub(super) const VNODES_TOTAL_MAX: u64 = 1 << 22;

/// How many vnodes a member has.
pub(super) fn count(vnodes: u32, weight: Weight) -> u64 {
    let thousandths = u64::from(vnodes) * u64::from(weight.thousandths());
    ((thousandths + 500) / 1000).max(1)
}

/// The ranks of all slots for the members (in order of identity).
pub(super) fn ranks(config: &RingConfig, vnodes: u32, members: &[Member]) -> Vec<u16> {
    let width = members.len().min(RANKS_MAX);
    let mut ranks = vec![0; config.slots() as usize * width];
    let circle = circle(config.seed(), vnodes, members);
    let mut clockwise = Clockwise::new(members.len() as u16);
    // Once around first, so that the last slots know who comes after the end.
    circle.iter().rev().for_each(|vnode| clockwise.pass(vnode.member));
    let mut ahead = circle.len();
    for slot in (0..config.slots()).rev() {
        let start = start_of(slot, config.slots());
        while ahead > 0 && circle[ahead - 1].at >= start {
            ahead -= 1;
            clockwise.pass(circle[ahead].member);
        }
        clockwise.write(&mut ranks[slot as usize * width..][..width]);
    }
    ranks
}

/// In the order of the circle; ties by identity, which is the order of the indices.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Vnode {
    at: u64,
    member: u16,
}

fn circle(seed: u64, vnodes: u32, members: &[Member]) -> Vec<Vnode> {
    let mut circle = Vec::new();
    for (member, Member { seat, weight }) in (0..=u16::MAX).zip(members) {
        let start = nth(nth(seed, 0) ^ seat.identity().0, 0);
        circle.extend((0..count(vnodes, *weight)).map(|j| Vnode { at: nth(start, j), member }));
    }
    circle.sort_unstable();
    circle
}

/// The first place of the circle that is in the slot: s·2^64/M, rounded up.
fn start_of(slot: u32, slots: u32) -> u64 {
    (u128::from(slot) << 64).div_ceil(u128::from(slots)) as u64
}

#[cfg(test)]
mod tests;
