//! Answers over time, counted in buckets: by replica and failed. Passive, and bounded by the length of the run.

use std::collections::{BTreeMap, BTreeSet};

/// Width of a bucket. Twice a replica's delay and more, so that a bucket sees each client a few times.
pub(super) const BUCKET_MS: f64 = 50.0;

/// Counts by bucket.
#[derive(Clone, Debug, Default)]
pub(super) struct Timeline {
    buckets: Vec<Bucket>,
}

#[derive(Clone, Debug, Default)]
struct Bucket {
    /// By the replica's index, which its owner gives.
    answered: BTreeMap<usize, u32>,
    failed: u32,
}

/// A part of it, as rates.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rates {
    /// The middle of each bucket, in seconds since the beginning of the part.
    pub(super) x_s: Vec<f64>,
    /// Requests/s by group.
    pub(super) answered: BTreeMap<u32, Vec<f64>>,
    /// Requests/s.
    pub(super) failed: Vec<f64>,
}

impl Timeline {
    /// Counts an answer.
    pub(super) fn answer(&mut self, at_ms: f64, replica: usize) {
        *self.bucket(at_ms).answered.entry(replica).or_default() += 1;
    }

    /// Counts a failure.
    pub(super) fn fail(&mut self, at_ms: f64) {
        self.bucket(at_ms).failed += 1;
    }

    /// From one time to another, replicas taken together by `group_of`; who has no group isn't shown.
    pub(super) fn rates(&self, from_ms: f64, to_ms: f64, group_of: impl Fn(usize) -> Option<u32>) -> Rates {
        let (from, to) = (index(from_ms), index(to_ms).min(self.buckets.len()));
        let part = self.buckets.get(from..to).unwrap_or_default();
        let groups: BTreeSet<u32> =
            part.iter().flat_map(|bucket| bucket.answered.keys()).filter_map(|&replica| group_of(replica)).collect();
        let rate = |count: u32| f64::from(count) * 1000.0 / BUCKET_MS;
        let of_group = |bucket: &Bucket, group| {
            let mine = bucket.answered.iter().filter(|&(&replica, _)| group_of(replica) == Some(group));
            rate(mine.map(|(_, &count)| count).sum())
        };
        Rates {
            x_s: (0..part.len()).map(|place| (place as f64 + 0.5) * BUCKET_MS / 1000.0).collect(),
            answered: groups
                .into_iter()
                .map(|group| (group, part.iter().map(|bucket| of_group(bucket, group)).collect()))
                .collect(),
            failed: part.iter().map(|bucket| rate(bucket.failed)).collect(),
        }
    }

    fn bucket(&mut self, at_ms: f64) -> &mut Bucket {
        let index = index(at_ms);
        if index >= self.buckets.len() {
            self.buckets.resize_with(index + 1, Bucket::default);
        }
        &mut self.buckets[index]
    }
}

/// The beginning of the bucket that a time falls in.
pub(super) fn bucket_start_ms(at_ms: f64) -> f64 {
    index(at_ms) as f64 * BUCKET_MS
}

fn index(at_ms: f64) -> usize {
    (at_ms.max(0.0) / BUCKET_MS) as usize
}

#[cfg(test)]
mod tests;
