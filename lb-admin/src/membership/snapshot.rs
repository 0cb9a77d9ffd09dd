//! What everybody but the owner sees of the membership: an immutable picture, replaced on every change.

use std::sync::Arc;
use std::time::SystemTime;

use lb_core::backend::{Backend, BackendState, Weight};
use lb_core::ring::{RingTable, SlotMap};
use serde::Serialize;
use utoipa::ToSchema;

use super::mapping::History;
pub use crate::health::record::{CheckRecord, LastCheck};

/// The membership at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The version of the table that was published with it.
    pub version: u64,
    /// Members in order of addition, then those that still drain.
    pub backends: Vec<BackendView>,
    /// How many replicas there shall be.
    pub target: u32,
    /// The mapping that is wanted now, and those before it.
    pub history: Arc<History>,
    /// The slots as they belong to the seats.
    pub slots: Arc<SlotMap>,
    /// What the workers route by: those slots with whoever gets sessions.
    pub table: Arc<RingTable>,
    /// The process is stopping: `/readyz` says 503.
    pub draining: bool,
    /// Replicas replaced since start.
    pub replaced: u64,
    /// Changes by `/add` and `/rm` since start; the autoscaler rests after each.
    pub changes: u64,
    /// Steps of the autoscaler since start.
    pub scaled: Scaled,
    /// So many members give their checks no good answer that the checks are suspected: those are routed to all the same.
    pub fails_open: bool,
    /// How often that has begun since start.
    pub fail_opens: u64,
}

impl Snapshot {
    /// The names that `/rep` lists, in order of addition: replicas that have been ready once under this name and whose
    /// process still lives, and every `--backend`. A replacement comes last: it was added last.
    pub fn listed(&self) -> impl Iterator<Item = &str> {
        self.backends.iter().filter(|view| view.listed).map(|view| &*view.name)
    }

    /// The number of the mapping.
    pub fn epoch(&self) -> u64 {
        self.history.newest().epoch
    }

    /// How many there are that haven't left, ready or not.
    pub fn members(&self) -> usize {
        self.backends.iter().filter(|view| view.state != BackendState::Draining).count()
    }

    /// How many backends get sessions now.
    pub fn ready(&self) -> usize {
        self.backends.iter().filter(|view| view.is_ready()).count()
    }

    /// Whether all are ready that haven't left.
    pub fn all_ready(&self) -> bool {
        self.backends.iter().all(|view| matches!(view.state, BackendState::Ready | BackendState::Draining))
    }
}

/// Steps of the autoscaler.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scaled {
    /// To more replicas.
    pub up: u64,
    /// To fewer.
    pub down: u64,
}

/// Where a backend comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// We start it and keep it alive.
    Replica,
    /// `--backend`.
    Backend,
    /// `--backends-file`.
    File,
    /// `--discover docker`.
    Docker,
}

/// One backend in a [`Snapshot`].
#[derive(Clone, Debug)]
pub struct BackendView {
    /// Its name.
    pub name: Arc<str>,
    /// Its seat's number.
    pub seat: u32,
    /// Its weight.
    pub weight: Weight,
    /// Gets no new sessions, because somebody has said so.
    pub drained: bool,
    /// Where it stands.
    pub state: BackendState,
    /// Since when, by the wall clock.
    pub since: SystemTime,
    /// Started and kept alive by us, or somebody else's (`--backend`).
    pub supervised: bool,
    /// Who has told of it.
    pub origin: Origin,
    /// The engine's id of its container, for the `docker` runtime.
    pub container: Option<String>,
    /// The process, for the `process` runtime.
    pub pid: Option<u32>,
    /// Whether `/rep` lists it.
    pub listed: bool,
    /// How often in a row it was lost or didn't start.
    pub failures: u32,
    /// How often the replica in its seat was lost and launched again or replaced, since start.
    pub restarts: u64,
    /// What its checks have found; `None` where it isn't checked (no address yet, or leaving).
    pub checks: Option<Arc<CheckRecord>>,
    /// Its address and counters, once it has an address.
    pub backend: Option<Arc<Backend>>,
}

impl BackendView {
    /// Whether it gets sessions.
    pub(crate) fn is_ready(&self) -> bool {
        self.state == BackendState::Ready && !self.drained
    }
}
