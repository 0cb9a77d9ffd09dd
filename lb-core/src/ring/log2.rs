//! The binary logarithm in integers, for weighted scores that are equal on every machine.
//!
//! Floating point would nearly do, but `ln` isn't correctly rounded everywhere, and one differing last bit gives a slot
//! to another backend on another machine. Here: a table of 1,024 segments, made at compile time, and a straight line
//! within each. Off by at most 2^-22.4 absolutely and 0.03 % relatively, and falling monotonically, which is what the
//! laws of weighted rendezvous need (`cost_of_hash` never orders two hashes the wrong way round).

/// Binary digits after the point. The largest value, 64, is 2^63 then, so it fits a u64.
pub(super) const FRACTION_BITS: u32 = 57;
/// 2^10 segments: 8 KiB, which stays in the first-level cache beside a build's other data.
const SEGMENT_BITS: u32 = 10;
const SEGMENTS: usize = 1 << SEGMENT_BITS;

/// log2(1 + i/1024) for i = 0..=1024.
static LOG2: [u64; SEGMENTS + 1] = table();

/// −log2(h/2^64) for a hash h, in units of 2^-57: from about 0 for the largest hash to 64 for the smallest
/// (the lowest bit of h is taken as 1). For a random h it is exponentially distributed.
#[inline]
pub(super) fn cost_of_hash(hash: u64) -> u64 {
    let hash = hash | 1;
    let zeros = hash.leading_zeros();
    // The mantissa without its leading 1, as a fraction of 2^64. Two shifts: 64 zeros can't be, but 63 + 1 can.
    let fraction = hash << zeros << 1;
    let segment = (fraction >> (64 - SEGMENT_BITS)) as usize;
    let within = fraction << SEGMENT_BITS;
    let (low, high) = (LOG2[segment], LOG2[segment + 1]);
    let line = (u128::from(high - low) * u128::from(within)) >> 64;
    (u64::from(zeros + 1) << FRACTION_BITS) - low - line as u64
}

const fn table() -> [u64; SEGMENTS + 1] {
    let mut table = [0; SEGMENTS + 1];
    let mut segment = 0;
    while segment < SEGMENTS {
        table[segment] = log2_of(((SEGMENTS + segment) as u128) << (ONE_BIT - SEGMENT_BITS));
        segment += 1;
    }
    table[SEGMENTS] = 1 << FRACTION_BITS;
    table
}

/// Where the point is in [`log2_of`]: its argument, below 2, may be squared within 128 bits.
const ONE_BIT: u32 = 63;

/// Digit by digit: squaring doubles the logarithm, and what passes 2 is the next digit 1. `x` is in [1, 2).
const fn log2_of(mut x: u128) -> u64 {
    let mut log = 0;
    let mut digit = FRACTION_BITS;
    while digit > 0 {
        digit -= 1;
        x = (x * x) >> ONE_BIT;
        if x >> (ONE_BIT + 1) != 0 {
            x >>= 1;
            log |= 1 << digit;
        }
    }
    log
}

#[cfg(test)]
mod tests;
