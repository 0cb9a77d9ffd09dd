//! What a user chooses of the ring: the [`Rule`] and, with slot count and seed, the checked [`RingConfig`].
//!
//! Every bound is here and every refusal says what would fit. Who is in the ring is [`super::Ring`]'s business, and how
//! slots are given to seats that of the rule's own file.

use std::fmt;

/// The hash by which slots are given to seats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Highest weighted score of hash(seed, slot, identity).
    Rendezvous,
    /// Virtual nodes on a circle.
    Ring {
        /// Vnodes per unit of weight.
        vnodes: u32,
    },
    /// The table of the Maglev paper.
    Maglev,
    /// The circle of the university assignment.
    Assignment {
        /// How a taken place is probed past.
        probing: Probing,
    },
}

/// `--probing`: which slots are tried after a taken one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probing {
    /// The next slots one by one.
    Linear,
    /// t² slots on, for t = 1, 2, …
    Quadratic,
}

/// Vnodes per unit of weight where `--vnodes` isn't given.
pub const VNODES_DEFAULT: u32 = 160;
/// Most vnodes per unit of weight: shares are within a percent by then.
pub const VNODES_MAX: u32 = 10_000;
/// Most slots of any rule: such a table takes 18 MiB.
pub const SLOTS_MAX: u32 = 1 << 20;
/// Fewest slots of `assignment`: one seat takes nine.
const ASSIGNMENT_SLOTS_MIN: u32 = 16;

impl Rule {
    /// What `--hash` calls it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Rendezvous => "rendezvous",
            Self::Ring { .. } => "ring",
            Self::Maglev => "maglev",
            Self::Assignment { .. } => "assignment",
        }
    }

    /// The slot count where `--slots` isn't given.
    pub fn default_slots(&self) -> u32 {
        match self {
            Self::Rendezvous | Self::Ring { .. } => 65_536,
            Self::Maglev => 65_537,
            Self::Assignment { .. } => 512,
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A checked choice of rule, slot count and seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RingConfig {
    rule: Rule,
    slots: u32,
    seed: u64,
}

/// Why a [`RingConfig`] was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RingConfigError {
    /// The slot count doesn't fit the rule.
    #[error("--slots {slots}: {reason}")]
    Slots {
        /// What was asked for.
        slots: u32,
        /// What would fit.
        reason: &'static str,
    },
    /// The number of vnodes is out of bounds.
    #[error("--vnodes {0}: must be from 1 to {VNODES_MAX}")]
    Vnodes(u32),
}

impl RingConfig {
    /// `slots`: `None` takes the rule's default. `seed` is public (`--ring-seed`); `assignment` doesn't use it.
    pub fn new(rule: Rule, slots: Option<u32>, seed: u64) -> Result<Self, RingConfigError> {
        let slots = slots.unwrap_or(rule.default_slots());
        let misfit = match rule {
            Rule::Ring { vnodes } if !(1..=VNODES_MAX).contains(&vnodes) => {
                return Err(RingConfigError::Vnodes(vnodes));
            }
            Rule::Rendezvous | Rule::Ring { .. } => {
                (!(1..=SLOTS_MAX).contains(&slots)).then_some("must be from 1 to 1048576")
            }
            Rule::Maglev => (slots > SLOTS_MAX || !is_prime(slots))
                .then_some("maglev needs a prime below 1048576, such as 65537 or 655373"),
            Rule::Assignment { .. } => (!(ASSIGNMENT_SLOTS_MIN..=SLOTS_MAX).contains(&slots)
                || !slots.is_power_of_two())
            .then_some("assignment needs a power of two from 16 to 1048576"),
        };
        match misfit {
            Some(reason) => Err(RingConfigError::Slots { slots, reason }),
            None => Ok(Self { rule, slots, seed }),
        }
    }

    /// The rule.
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// M, the number of slots.
    pub fn slots(&self) -> u32 {
        self.slots
    }

    /// The public ring seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Whether keys of digits are numbers (`assignment`).
    pub fn digits_are_numbers(&self) -> bool {
        matches!(self.rule, Rule::Assignment { .. })
    }
}

/// By trial division: at most 2^10 of them below [`SLOTS_MAX`], which the caller has checked.
fn is_prime(n: u32) -> bool {
    n >= 2 && (2..).take_while(|divisor| divisor * divisor <= n).all(|divisor| !n.is_multiple_of(divisor))
}

#[cfg(test)]
mod tests;
