//! What one look at the balancer brings: the documents of three questions. The backends' is [`super::super::backend`]'s.

use std::time::SystemTime;

use serde::Deserialize;

use super::super::backend::{Backend, Quantiles, time};
use super::super::events::Event;

/// All three.
#[derive(Clone, Debug)]
pub(super) struct Look {
    pub(super) summary: Summary,
    pub(super) backends: Vec<Backend>,
    /// Those after the id that was asked after, oldest first.
    pub(super) events: Vec<Event>,
    /// That id; 0: all that are kept.
    pub(super) after: u64,
}

/// `GET /v1/summary`, as much of it as is shown.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Summary {
    pub(super) version: String,
    pub(super) epoch: u64,
    #[serde(deserialize_with = "time")]
    pub(super) now: SystemTime,
    pub(super) uptime_seconds: f64,
    pub(super) verdict: Verdict,
    pub(super) ring: Ring,
    pub(super) connections: Connections,
    pub(super) sessions: Sessions,
    pub(super) requests: Requests,
    pub(super) first_byte_seconds: Quantiles,
}

/// What is wrong, in one line, and what mends it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Verdict {
    pub(super) level: Level,
    pub(super) text: String,
    pub(super) command: Option<String>,
    pub(super) reasons: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Level {
    Ok,
    Warn,
    Bad,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Ring {
    pub(super) hash: String,
    pub(super) slots: u32,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Connections {
    pub(super) open: u64,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Sessions {
    pub(super) waiting: u64,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Requests {
    /// Requests that followed the first one on their connection.
    pub(super) pinned_total: u64,
}
