//! What is told to the engine and what it answers, in plain types: whoever uses [`super::Engine`] needs to know no other.
//!
//! Only what somebody here looks at; an answer holds ten times as much. [`EngineError`] fits one line and says whether
//! it is about the engine or about what was asked for.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Why a call came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EngineError {
    /// Nobody there, or gone in the middle of it.
    #[error("no Docker engine answers at {host} ({why})")]
    Absent {
        /// As in `DOCKER_HOST`.
        host: String,
        /// In words.
        why: String,
    },
    /// It is there and says nothing.
    #[error("the Docker engine hasn't answered for {} s ({what})", after.as_secs())]
    TimedOut {
        /// What was asked for.
        what: &'static str,
        /// How long we waited.
        after: Duration,
    },
    /// 404.
    #[error("{0}")]
    NotFound(String),
    /// 409: a name is taken, or something is going on already.
    #[error("{0}")]
    Conflict(String),
    /// Any other answer that isn't success.
    #[error("{0}")]
    Refused(String),
}

impl EngineError {
    /// Whether it says something about the engine and nothing about what was asked for.
    pub(crate) fn is_engines(&self) -> bool {
        matches!(self, Self::Absent { .. } | Self::TimedOut { .. })
    }
}

/// A container to create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::supervisor) struct Blueprint {
    pub(in crate::supervisor) name: String,
    pub(in crate::supervisor) image: String,
    /// `None`: the image's own.
    pub(in crate::supervisor) command: Option<Vec<String>>,
    pub(in crate::supervisor) hostname: String,
    pub(in crate::supervisor) env: Vec<String>,
    pub(in crate::supervisor) labels: HashMap<String, String>,
    pub(in crate::supervisor) network: String,
    pub(in crate::supervisor) alias: String,
    /// A port of 127.0.0.1 that leads to one of the container's: (ours, its).
    pub(in crate::supervisor) publish: Option<(u16, u16)>,
    pub(in crate::supervisor) memory_bytes: Option<i64>,
    pub(in crate::supervisor) nano_cpus: Option<i64>,
    pub(in crate::supervisor) pids_max: Option<i64>,
    pub(in crate::supervisor) read_only_root: bool,
    /// Of its output so much is kept.
    pub(in crate::supervisor) log_bytes_max: u64,
}

/// Whether a container runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    /// Made, not started.
    Created,
    Running,
    Paused,
    /// Not running, whatever the reason.
    Ended,
}

/// What a list says of one container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) id: String,
    pub(crate) labels: HashMap<String, String>,
    pub(crate) condition: Condition,
}

/// What is known of one container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Inspected {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) image: String,
    pub(crate) labels: HashMap<String, String>,
    pub(crate) condition: Condition,
    pub(crate) exit_code: Option<i64>,
    pub(crate) oom_killed: bool,
    /// Changes with every start.
    pub(crate) started_at: String,
    /// The port of the host that leads to it.
    pub(crate) published: Option<u16>,
    /// Its address in each network that it is in.
    pub(crate) networks: HashMap<String, Option<IpAddr>>,
    /// By which address each of those networks leads out of itself, where it does.
    pub(crate) gateways: HashMap<String, IpAddr>,
    /// TCP ports that it or its image calls its own.
    pub(crate) exposed_tcp: Vec<u16>,
    /// Its TCP ports that 127.0.0.1 of the engine's host leads to, each with that host's port.
    pub(crate) on_loopback: BTreeMap<u16, u16>,
}

/// What happened to a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) what: Happening,
    /// When, by the engine's clock.
    pub(crate) at: Instant,
}

/// The kinds of events that matter here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Happening {
    Started,
    Died,
    Removed,
    Paused,
    Unpaused,
}
