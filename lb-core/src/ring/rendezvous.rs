//! Highest random weight: a slot belongs to the member with the highest score.
use super::{Member, RANKS_MAX, RingConfig, SlotMap};

/// Builds the map for the members (in order of identity).
pub fn slot_map(config: &RingConfig, members: &[Member]) -> SlotMap {
    let width = members.len().min(RANKS_MAX);
    let mut ranks = Vec::with_capacity(config.slots() as usize * width);
    for slot in 0..config.slots() {
        let mut scored: Vec<(u64, u16)> = members
            .iter()
            .enumerate()
            .map(|(index, member)| {
                (mix(config.seed() ^ u64::from(slot) << 32 ^ member.seat.identity().0), index as u16)
            })
            .collect();
        scored.sort_unstable_by(|a, b| b.cmp(a));
        ranks.extend(scored.iter().take(width).map(|&(_, index)| index));
    }
    SlotMap::new(*config, members.to_vec(), ranks)
}

fn mix(mut x: u64) -> u64 {
    x = (x ^ x >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ x >> 31
}
