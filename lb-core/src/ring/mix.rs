//! The mixing function that spreads seats over slots: public, unkeyed, the same on every machine.
//!
//! It needs no secret: what an attacker could aim are keys, and those go through [`super::KeyHasher`]. It has to be
//! cheap (`rendezvous` calls it members × slots times) and to leave no pattern between neighbouring inputs. It is the
//! finaliser of SplitMix64 (Steele, Lea, Flood 2014, with the constants of Stafford's variant 13), a bijection on u64.
//! Any change of a constant reshuffles every table in the field; the `golden` tests would tell.

/// 2^64 divided by the golden ratio, odd: the step that SplitMix64 uses between two outputs.
pub(super) const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// Spreads every input bit over all output bits.
#[inline]
pub(super) fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// The `n`th number of the stream that starts at `start`. `n + 1`, because `mix` leaves 0 as it is.
#[inline]
pub(super) fn nth(start: u64, n: u64) -> u64 {
    mix(start.wrapping_add(n.wrapping_add(1).wrapping_mul(GOLDEN)))
}
