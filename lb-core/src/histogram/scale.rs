//! Where one bucket ends and the next begins: two ways to divide the times, one fine and one small.
//!
//! A scale is arithmetic alone. Whoever shows counts up to a bound asks for one that is a bound of a bucket, and is
//! answered exactly; whoever asks for a quantile gets a time from the bucket that it lies in. Neighbour: [`super`].

use std::fmt;

/// Buckets that tile all times from 0 on, in ascending order.
pub trait Scale: fmt::Debug {
    /// How many there are. What is longer than the last but one counts into the last.
    const BUCKETS: usize;

    /// The bucket that a time belongs to.
    fn bucket_of(time_us: u64) -> usize;

    /// The shortest time that belongs to a bucket.
    fn lower_bound_us(bucket: usize) -> u64;
}

/// Two significant decimal digits: 90 buckets of equal width in each power of ten, and every value below 100 has one of
/// its own. A bucket is at most a tenth of its lower bound wide, and what people ask for (over 2 ms? under 250 µs?) is a
/// bound of one. Nearly 8 KB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digits {}

/// Largest power of ten that a bucket of [`Digits`] is wide: times of up to 10^12 µs, which is over eleven days.
const EXPONENT_MAX: u32 = 10;

impl Scale for Digits {
    /// Two digits from 00 to 99, then 90 more for every further power of ten.
    const BUCKETS: usize = 100 + 90 * EXPONENT_MAX as usize;

    fn bucket_of(time_us: u64) -> usize {
        // Most times on a fast network, and no division for them.
        if time_us < 100 {
            return time_us as usize;
        }
        let exponent = time_us.ilog10() - 1;
        if exponent > EXPONENT_MAX {
            return Self::BUCKETS - 1;
        }
        let digits = time_us / 10_u64.pow(exponent);
        90 * exponent as usize + digits as usize
    }

    fn lower_bound_us(bucket: usize) -> u64 {
        let exponent = bucket.saturating_sub(10) / 90;
        (bucket - 90 * exponent) as u64 * 10_u64.pow(exponent as u32)
    }
}

/// Four buckets to each power of two: at most a quarter of its lower bound wide, and small enough (under 1 KB) that every
/// worker can have one for every backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quarters {}

/// The last power of two of [`Quarters`]: two minutes and more are one bucket, beyond every first-byte deadline in use.
const POWER_MAX: usize = 26;

impl Scale for Quarters {
    const BUCKETS: usize = 4 * POWER_MAX;

    fn bucket_of(time_us: u64) -> usize {
        if time_us < 4 {
            return time_us as usize;
        }
        let power = time_us.ilog2();
        let quarter = (time_us >> (power - 2)) as usize & 3;
        (4 * (power as usize - 1) + quarter).min(Self::BUCKETS - 1)
    }

    fn lower_bound_us(bucket: usize) -> u64 {
        if bucket < 4 {
            return bucket as u64;
        }
        let (power, quarter) = (bucket / 4 + 1, bucket % 4);
        (4 + quarter as u64) << (power - 2)
    }
}
