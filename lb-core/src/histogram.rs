//! How often a time was how long: a histogram that one thread writes and anybody may read meanwhile, without a lock.
//!
//! The buckets are those of the circllhist (Hartmann and Schlossnagle, "Circllhist: A Log-Linear Histogram Data
//! Structure for IT Infrastructure Monitoring", 2020), and, where memory counts, wider ones ([`scale`]). What people ask
//! for (over 2 ms? under 250 µs?) is a bound of a bucket: the answer is exact. A quantile is off by less than the width
//! of its bucket. Not here: which times are taken (`worker`) and which bounds are shown (lb-admin's `/metrics`).

use std::fmt;
use std::marker::PhantomData;

use self::scale::{Digits, Scale};
use crate::backend::Counter;

pub mod scale;

/// Times in microseconds. Written by one thread only, as [`Counter`]s are.
pub struct Histogram<S = Digits> {
    buckets: Box<[Counter]>,
    sum_us: Counter,
    scale: PhantomData<S>,
}

impl<S: Scale> Default for Histogram<S> {
    fn default() -> Self {
        let buckets = (0..S::BUCKETS).map(|_| Counter::default()).collect();
        Self { buckets, sum_us: Counter::default(), scale: PhantomData }
    }
}

impl<S: Scale> fmt::Debug for Histogram<S> {
    /// Hundreds of zeros would tell nobody anything.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Histogram of {}", Reading::of([self]).count())
    }
}

impl<S: Scale> Histogram<S> {
    /// Counts one time. Only the owning thread may call this.
    pub fn record(&self, time_us: u64) {
        self.buckets[S::bucket_of(time_us)].add(1);
        self.sum_us.add(time_us);
    }
}

/// What was read of histograms, added up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading<S = Digits> {
    buckets: Vec<u64>,
    sum_us: u64,
    scale: PhantomData<S>,
}

impl<S: Scale> Reading<S> {
    /// Of all of these. What is recorded meanwhile may be in or not; nothing is in halfway but the sum.
    pub fn of<'a>(histograms: impl IntoIterator<Item = &'a Histogram<S>>) -> Self
    where
        S: 'a,
    {
        let mut reading = Self { buckets: vec![0; S::BUCKETS], sum_us: 0, scale: PhantomData };
        for histogram in histograms {
            for (sum, bucket) in reading.buckets.iter_mut().zip(&histogram.buckets) {
                *sum += bucket.read();
            }
            reading.sum_us = reading.sum_us.wrapping_add(histogram.sum_us.read());
        }
        reading
    }

    /// These too.
    pub fn add(&mut self, other: &Self) {
        self.buckets.iter_mut().zip(&other.buckets).for_each(|(sum, bucket)| *sum += bucket);
        self.sum_us = self.sum_us.wrapping_add(other.sum_us);
    }

    /// How many times were recorded.
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// What they come to, in microseconds.
    pub fn sum_us(&self) -> u64 {
        self.sum_us
    }

    /// How many were shorter than `bound_us`, which has to be a bound of a bucket.
    pub fn below(&self, bound_us: u64) -> u64 {
        let end = S::bucket_of(bound_us);
        debug_assert_eq!(S::lower_bound_us(end), bound_us, "{bound_us} us lies within a bucket");
        self.buckets[..end].iter().sum()
    }

    /// The time that a share of `quantile` (0.99: all but one in a hundred) didn't exceed, in seconds; `None` where
    /// nothing was recorded. Within a bucket the times are taken to lie evenly, so it is off by less than its width.
    pub fn quantile(&self, quantile: f64) -> Option<f64> {
        // At least one: the shortest time is every quantile's least.
        let wanted = (quantile.clamp(0.0, 1.0) * self.count() as f64).max(1.0);
        let mut before = 0.0;
        for (bucket, &count) in self.buckets.iter().enumerate().filter(|(_, count)| **count > 0) {
            let up_to = before + count as f64;
            if up_to >= wanted {
                let lower_us = S::lower_bound_us(bucket) as f64;
                // The last bucket has no end.
                let upper_us = S::lower_bound_us((bucket + 1).min(S::BUCKETS - 1)) as f64;
                let within = (wanted - before) / count as f64;
                return Some((lower_us + within * (upper_us - lower_us).max(0.0)) / 1e6);
            }
            before = up_to;
        }
        None
    }
}

#[cfg(test)]
mod tests;
