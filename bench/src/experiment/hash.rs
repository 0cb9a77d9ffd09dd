//! The hashes that experiments can run, as `--hash` names them: lb's four, `assignment` with either probing.

use clap::ValueEnum;
use lb_core::ring::{Probing, Rule, VNODES_DEFAULT};

/// `--hash`
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Hash {
    Rendezvous,
    Ring,
    Maglev,
    /// With linear probing
    Assignment,
    AssignmentQuadratic,
}

impl Hash {
    /// In the order in which they are compared.
    pub(crate) const ALL: [Self; 5] =
        [Self::Assignment, Self::AssignmentQuadratic, Self::Ring, Self::Maglev, Self::Rendezvous];

    /// As it is typed and shown.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rendezvous => "rendezvous",
            Self::Ring => "ring",
            Self::Maglev => "maglev",
            Self::Assignment => "assignment",
            Self::AssignmentQuadratic => "assignment-quadratic",
        }
    }

    /// What `lb serve` is told.
    pub(crate) fn flags(self) -> &'static [&'static str] {
        match self {
            Self::Rendezvous => &["--hash", "rendezvous"],
            Self::Ring => &["--hash", "ring"],
            Self::Maglev => &["--hash", "maglev"],
            Self::Assignment => &["--hash", "assignment", "--probing", "linear"],
            Self::AssignmentQuadratic => &["--hash", "assignment", "--probing", "quadratic"],
        }
    }

    /// The rule of the ring, with lb's defaults.
    pub(crate) fn rule(self) -> Rule {
        match self {
            Self::Rendezvous => Rule::Rendezvous,
            Self::Ring => Rule::Ring { vnodes: VNODES_DEFAULT },
            Self::Maglev => Rule::Maglev,
            Self::Assignment => Rule::Assignment { probing: Probing::Linear },
            Self::AssignmentQuadratic => Rule::Assignment { probing: Probing::Quadratic },
        }
    }

    /// Whether ids aren't hashed under a secret, so that each id's replica is known and not only the shares.
    pub(crate) fn is_public(self) -> bool {
        matches!(self, Self::Assignment | Self::AssignmentQuadratic)
    }

    /// Whether it is promised that nothing moves between replicas that stay.
    pub(crate) fn moves_only_what_it_must(self) -> bool {
        matches!(self, Self::Rendezvous | Self::Ring)
    }
}
