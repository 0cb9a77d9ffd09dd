//! The calls of `churn`: seeded, so that a run can be repeated as far as the machine permits. Plain data.

use serde_json::json;

/// Names that the calls fight over. With about as many adds as removals half of them are there at any time.
const POOL: u64 = 24;
/// Of a hundred `/add`s so many also want a made-up name, and of a hundred `/rm`s so many also a random one.
const MADE_UP_PERCENT: u32 = 4;
const AT_RANDOM_PERCENT: u32 = 2;
/// Of a hundred calls so many have more names than n.
const WRONG_PERCENT: u32 = 3;
/// Most names of one call.
const NAMES_MAX: usize = 3;

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    /// `/add`, else `/rm`.
    pub(super) is_add: bool,
    pub(super) n: usize,
    /// All different.
    pub(super) names: Vec<String>,
}

impl Call {
    pub(super) fn body(&self) -> String {
        json!({ "n": self.n, "hostnames": self.names }).to_string()
    }

    pub(super) fn path(&self) -> &'static str {
        if self.is_add { "/add" } else { "/rm" }
    }

    /// How many beside those that are named.
    pub(super) fn unnamed(&self) -> usize {
        self.n.saturating_sub(self.names.len())
    }
}

/// `count` calls.
pub(super) fn calls(seed: u64, count: usize) -> Vec<Call> {
    let mut rng = fastrand::Rng::with_seed(seed);
    (0..count).map(|_| call(&mut rng)).collect()
}

fn call(rng: &mut fastrand::Rng) -> Call {
    let is_add = rng.bool();
    let mut pool: Vec<u64> = (1..=POOL).collect();
    rng.shuffle(&mut pool);
    let names: Vec<String> = pool.iter().take(rng.usize(1..=NAMES_MAX)).map(|number| format!("C{number}")).collect();
    let unnamed = u32::from(rng.u32(0..100) < if is_add { MADE_UP_PERCENT } else { AT_RANDOM_PERCENT });
    let wrong = usize::from(rng.u32(0..100) < WRONG_PERCENT && names.len() > 1);
    Call { is_add, n: names.len() + unnamed as usize - wrong, names }
}
