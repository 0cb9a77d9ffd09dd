//! How often a time was how long: a histogram that one thread writes and anybody may read meanwhile, without a lock.
//!
//! The buckets are those of the circllhist (Hartmann and Schlossnagle, "Circllhist: A Log-Linear Histogram Data
//! Structure for IT Infrastructure Monitoring", 2020): two significant decimal digits, so 90 buckets of equal width in each power of ten, and every
//! value below 100 has one of its own. A bucket is at most a tenth of its lower bound wide, so its middle is off by 5 %
//! at the most, and what people ask for (over 2 ms? under 250 µs?) is a bound of a bucket: the answer is exact.
//! Not here: which times are taken (`worker`) and which bounds are shown (lb-admin's `/metrics`).

use crate::backend::Counter;

/// Largest power of ten that a bucket is wide: times of up to 10^12 µs, which is over eleven days. Longer ones count
/// into the last bucket.
const EXPONENT_MAX: u32 = 10;
/// Buckets: two digits from 00 to 99, then 90 more for every further power of ten.
const BUCKETS: usize = 100 + 90 * EXPONENT_MAX as usize;

/// Times in microseconds. Written by one thread only, as [`Counter`]s are.
#[derive(Debug)]
pub struct Histogram {
    buckets: Box<[Counter]>,
    sum_us: Counter,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { buckets: (0..BUCKETS).map(|_| Counter::default()).collect(), sum_us: Counter::default() }
    }
}

impl Histogram {
    /// Counts one time. Only the owning thread may call this.
    pub fn record(&self, time_us: u64) {
        self.buckets[bucket_of(time_us)].add(1);
        self.sum_us.add(time_us);
    }
}

/// What was read of histograms, added up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    buckets: Vec<u64>,
    sum_us: u64,
}

impl Reading {
    /// Of all of these. What is recorded meanwhile may be in or not; nothing is in halfway but the sum.
    pub fn of<'a>(histograms: impl IntoIterator<Item = &'a Histogram>) -> Self {
        let mut reading = Self { buckets: vec![0; BUCKETS], sum_us: 0 };
        for histogram in histograms {
            for (sum, bucket) in reading.buckets.iter_mut().zip(&histogram.buckets) {
                *sum += bucket.read();
            }
            reading.sum_us = reading.sum_us.wrapping_add(histogram.sum_us.read());
        }
        reading
    }

    /// How many times were recorded.
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// What they come to, in microseconds.
    pub fn sum_us(&self) -> u64 {
        self.sum_us
    }

    /// How many were shorter than `bound_us`, which has to be a bound of a bucket: two digits and zeros.
    pub fn below(&self, bound_us: u64) -> u64 {
        let end = bucket_of(bound_us);
        debug_assert_eq!(lower_bound_us(end), bound_us, "{bound_us} us lies within a bucket");
        self.buckets[..end].iter().sum()
    }
}

/// The bucket that a time belongs to.
fn bucket_of(time_us: u64) -> usize {
    // Most times on a fast network, and no division for them.
    if time_us < 100 {
        return time_us as usize;
    }
    let exponent = time_us.ilog10() - 1;
    if exponent > EXPONENT_MAX {
        return BUCKETS - 1;
    }
    let digits = time_us / 10_u64.pow(exponent);
    90 * exponent as usize + digits as usize
}

/// The shortest time that belongs to a bucket.
fn lower_bound_us(bucket: usize) -> u64 {
    let exponent = bucket.saturating_sub(10) / 90;
    (bucket - 90 * exponent) as u64 * 10_u64.pow(exponent as u32)
}

#[cfg(test)]
mod tests;
