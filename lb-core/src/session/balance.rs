//! Bounded load (`--balance-factor`): how many sessions a backend may have before the next of its slot gets them.
//!
//! With factor c, no backend gets a session that would bring it above ⌈c · (open + 1) · weight / all weights⌉, `open` over
//! all ready backends (consistent hashing with bounded loads, Mirrokni, Thorup and Zadimoghaddam). As c is above 1, the
//! bounds add up to more than there are sessions, so somebody is always below its own. Read from counts that other
//! workers change meanwhile, each of them can bring a backend one session above the bound.

use std::fmt;

use crate::ring::RingTable;

/// c, in thousandths: above 1, at most [`BalanceFactor::MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BalanceFactor(u32);

/// Why a factor was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' must be above 1 and at most 1000; 1.25 is a good beginning")]
pub struct BalanceFactorError(String);

impl BalanceFactor {
    /// The largest, 1000: above this a bound would only bind where one of a thousand has all.
    pub const MAX: Self = Self(1_000_000);

    /// From what a user types (`1.25`), rounded to a thousandth.
    pub fn parse(text: &str) -> Result<Self, BalanceFactorError> {
        let refused = || BalanceFactorError(text.to_owned());
        let thousandths = (text.parse::<f64>().map_err(|_| refused())? * 1000.0).round();
        if !(1001.0..=f64::from(Self::MAX.0)).contains(&thousandths) {
            return Err(refused());
        }
        // In range by the check above, so the cast keeps the value.
        Ok(Self(thousandths as u32))
    }

    /// Most sessions that a backend of this weight may have, the next one included.
    pub fn bound(self, open_in_all: u64, weight: u64, weight_in_all: u64) -> u64 {
        let share = u128::from(self.0) * (u128::from(open_in_all) + 1) * u128::from(weight);
        u64::try_from(share.div_ceil(1000 * u128::from(weight_in_all.max(1)))).unwrap_or(u64::MAX)
    }
}

impl fmt::Display for BalanceFactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", f64::from(self.0) / 1000.0)
    }
}

/// What one selection knows of everybody's load.
#[derive(Clone, Copy, Debug)]
pub struct Bounds<'a> {
    table: &'a RingTable,
    factor: BalanceFactor,
    open: u64,
    weight: u64,
}

impl<'a> Bounds<'a> {
    /// Adds up what is open now. A few hundred loads at most, and only where the factor is set.
    pub fn new(table: &'a RingTable, factor: BalanceFactor) -> Self {
        let (mut open, mut weight) = (0, 0);
        for (member, index) in table.slots().members().iter().zip(0..) {
            if let Some(backend) = table.backend(index) {
                open += backend.places().map_or(0, |places| u64::from(places.open()));
                weight += u64::from(member.weight.thousandths());
            }
        }
        Self { table, factor, open, weight }
    }

    /// Most sessions that a member may have now, the next one included.
    pub fn of(&self, index: u16) -> u64 {
        let weight = self.table.slots().members()[usize::from(index)].weight;
        self.factor.bound(self.open, u64::from(weight.thousandths()), self.weight)
    }

    /// Whether a member may get one session more: it is below its bound and has a place free.
    pub fn admit(&self, index: u16) -> bool {
        let places = self.table.backend(index).and_then(|backend| backend.places());
        places.is_none_or(|places| !places.is_full() && u64::from(places.open()) < self.of(index))
    }
}

#[cfg(test)]
mod tests;
