//! Which id the n-th request asks for: a pure function of the plan's order, its seed and n, so that a run can be
//! repeated and two runs can be compared request by request.

use std::ops::RangeInclusive;

use super::plan::{IdOrder, Plan};

/// Ids that a zipf table may hold: 8 bytes each.
pub(crate) const ZIPF_IDS_MAX: u64 = 10_000_000;
/// Between the seeds of two requests: odd and far from regular, so that neighbours share nothing.
const SEED_STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// Gives ids by index.
#[derive(Debug)]
pub(super) struct IdSource {
    ids: RangeInclusive<u64>,
    seed: u64,
    rule: Rule,
}

#[derive(Debug)]
enum Rule {
    Sequential,
    SixDigits,
    /// The share of all requests that the ids up to each one have; the last is 1.
    Zipf(Vec<f64>),
}

impl IdSource {
    /// Makes the table of a zipf order; the other orders need none.
    pub(super) fn of(plan: &Plan) -> Self {
        let rule = match plan.order {
            IdOrder::Sequential => Rule::Sequential,
            IdOrder::SixDigits => Rule::SixDigits,
            IdOrder::Zipf { exponent } => Rule::Zipf(shares(count(&plan.ids).min(ZIPF_IDS_MAX), exponent)),
        };
        Self { ids: plan.ids.clone(), seed: plan.seed, rule }
    }

    /// The id of the `index`-th request (from 0).
    pub(super) fn id_at(&self, index: u64) -> u64 {
        match &self.rule {
            Rule::Sequential => self.ids.start() + index % count(&self.ids),
            Rule::SixDigits => self.random(index).u64(100_000..=999_999),
            Rule::Zipf(shares) => {
                let point = self.random(index).f64();
                let rank = shares.partition_point(|&share| share <= point).min(shares.len() - 1);
                self.ids.start() + rank as u64
            }
        }
    }

    fn random(&self, index: u64) -> fastrand::Rng {
        fastrand::Rng::with_seed(self.seed.wrapping_add(index.wrapping_mul(SEED_STEP)))
    }
}

/// `ids` must not be empty.
fn count(ids: &RangeInclusive<u64>) -> u64 {
    (ids.end() - ids.start()).saturating_add(1)
}

/// The n-th id is asked for in proportion to 1 / n^exponent.
fn shares(count: u64, exponent: f64) -> Vec<f64> {
    let mut sum = 0.0;
    let mut shares: Vec<f64> = (1..=count)
        .map(|rank| {
            sum += (rank as f64).powf(-exponent);
            sum
        })
        .collect();
    shares.iter_mut().for_each(|share| *share /= sum);
    shares
}

#[cfg(test)]
mod tests;
