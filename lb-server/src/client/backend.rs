//! A backend as the API tells of it (`GET /v1/backends`), for the verbs that show some.

use std::time::{Duration, SystemTime};

use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// `GET /v1/backends`.
#[derive(Debug, Deserialize)]
pub(super) struct Backends {
    /// In order of addition, then those that still drain.
    pub(super) backends: Vec<Backend>,
}

/// One of them. What its fields mean is in the API's own document (`lb openapi`).
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Backend {
    pub(super) name: String,
    pub(super) state: String,
    pub(super) seat: u32,
    pub(super) weight: f64,
    /// Null where nobody has any weight.
    pub(super) share: Option<f64>,
    pub(super) share_ideal: Option<f64>,
    pub(super) slots: u32,
    pub(super) sessions: u64,
    pub(super) sessions_total: u64,
    pub(super) waiting: u64,
    pub(super) max_connections: Option<u64>,
    pub(super) connect_failures_total: u64,
    pub(super) first_byte_seconds: Quantiles,
    pub(super) last_check: Option<Check>,
    pub(super) restarts: u64,
    #[serde(deserialize_with = "time")]
    pub(super) since: SystemTime,
    pub(super) address: Option<String>,
    pub(super) pid: Option<u32>,
    pub(super) container: Option<String>,
    pub(super) origin: String,
    pub(super) supervised: bool,
    #[serde(default)]
    pub(super) drained: bool,
}

/// How long the first bytes took, in seconds.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(super) struct Quantiles {
    pub(super) p50: Option<f64>,
    pub(super) p99: Option<f64>,
}

/// A health check.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Check {
    #[serde(deserialize_with = "time")]
    pub(super) at: SystemTime,
    pub(super) detail: String,
    pub(super) ok: bool,
}

impl Backend {
    /// How long it has been in its state at `now`, in whole seconds.
    pub(super) fn age(&self, now: SystemTime) -> Duration {
        Duration::from_secs(now.duration_since(self.since).unwrap_or_default().as_secs())
    }
}

/// A time as the API writes it, RFC 3339 in UTC.
pub(super) fn time<'de, D: Deserializer<'de>>(input: D) -> Result<SystemTime, D::Error> {
    let text = String::deserialize(input)?;
    humantime::parse_rfc3339(&text).map_err(|error| D::Error::custom(format!("'{text}': {error}")))
}
