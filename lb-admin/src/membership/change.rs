//! What `/v1` can ask for, and what comes of it: a [`Changed`], the same for a change that was made and for its plan.
//!
//! `/add` and `/rm` ([`super::command`]) are as forgiving as the assignment wants them; these are strict, one change a
//! request, and each may say which mapping it is about.

use std::sync::Arc;
use std::time::Duration;

use lb_core::backend::Weight;

use super::command::{Add, Remove};
use super::mapping::Mapping;
use super::snapshot::Snapshot;

/// One change of what is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// More replicas; a name that is there already is refused.
    Add(Add),
    /// Fewer replicas.
    Remove(Remove),
    /// Something else about one that stays.
    Edit {
        /// Which.
        name: String,
        /// What.
        edit: Edit,
    },
    /// So many replicas: some more under made-up names, or some fewer picked at random.
    Target {
        /// How many.
        n: u64,
        /// How long to wait for new ones to be ready; zero: answer at once and go on.
        wait: Duration,
    },
    /// The seats, weights and flags of an earlier mapping.
    Rollback {
        /// Its number.
        epoch: u64,
        /// As above.
        wait: Duration,
    },
}

/// What of a backend is to be changed; `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edit {
    /// Its share relative to the others.
    pub weight: Option<Weight>,
    /// Sessions at a time; 0: any number.
    pub max_connections: Option<u32>,
    /// Whether it gets no new sessions.
    pub drained: Option<bool>,
}

/// A change with its condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What is asked for.
    pub change: Change,
    /// It is made only where the mapping has one of these numbers; empty: whichever it has.
    pub if_match: Vec<u64>,
}

/// What a change has come to, or would come to.
#[derive(Clone, Debug)]
pub struct Changed {
    /// The membership afterwards.
    pub snapshot: Arc<Snapshot>,
    /// The mapping that it was made to.
    pub before: Arc<Mapping>,
    /// What it made of it; the same one where nothing has changed.
    pub after: Arc<Mapping>,
}
