//! The admin API over HTTP/1: what is listed in `routes`, on its own listener and, under `--profile assignment`, on
//! connections that the front hands over.
//!
//! A request goes `serve` (connection, deadlines; `places` has who must make room) → `body` (read whole, bounded) →
//! `audit` (a log line a change) → `guard` (browsers, rebinding, the token) → `idempotency`
//! (a change that has been made already) → `routes` → a handler (`rate`: how many changes a second) → `answer` (the one place where JSON is written). Handlers read a snapshot of the membership or send
//! one command to its owner; no state is kept here. Whatever is sent, the answer is a typed error, and nothing that a
//! client does stops the loop. Not here: what a change means ([`crate::membership`]), and TLS (a proxy's matter).

use std::sync::Arc;

use lb_core::control::Control;
use lb_core::load::BalanceFactor;
use lb_core::ring::KeyHasher;
use tokio::sync::watch;

use crate::access_log::Counts;
use crate::autoscale::Readings;
use crate::config::Access;
use crate::events::EventLog;
use crate::membership::command::Membership;
use crate::reload::Reloads;
use crate::request_log::RequestLog;
use crate::supervisor::output::Outputs;

mod answer;
mod assignment;
mod audit;
mod body;
mod change;
mod dashboard;
mod guard;
mod health;
mod host;
mod idempotency;
mod listener;
mod metrics;
mod openapi;
mod places;
mod rate;
mod refusal;
mod routes;
mod serve;
mod v1;
mod visit;

#[cfg(test)]
pub(crate) mod testing;

pub(crate) use idempotency::Keys;
pub use listener::{CONNECTIONS_MAX, Listener, bind};
pub use openapi::document as openapi;
pub(crate) use places::Places;
pub use rate::ChangeRate;
pub use serve::serve;
pub(crate) use serve::serve_front;
pub(crate) use v1::Streams;

/// What the handlers work with. Cheap to clone.
#[derive(Clone)]
pub struct Api {
    /// Who is in the membership, and the way to change it.
    pub membership: Membership,
    /// What happened to it.
    pub events: Arc<EventLog>,
    /// The workers: their counters, and the ids that backends answered.
    pub control: Control,
    /// Those ids, by backend.
    pub requests: RequestLog,
    /// Who may change things.
    pub access: watch::Receiver<Access>,
    /// How fast.
    pub changes: ChangeRate,
    /// Which changes have been answered already.
    pub(crate) keys: Keys,
    /// Reads the configuration again.
    pub reloads: Reloads,
    /// What the autoscaler would have, where there is one.
    pub autoscale: Option<Arc<Readings>>,
    /// Most client connections.
    pub connections_max: u64,
    /// Who follows the events.
    pub(crate) streams: Streams,
    /// How the workers hash keys, to explain where one goes; its secret is shown to nobody.
    pub hasher: KeyHasher,
    /// How much more than its share they give to one backend.
    pub balance: watch::Receiver<Option<BalanceFactor>>,
    /// What became of the access log's lines, where there is one.
    pub access_log: Option<Arc<Counts>>,
    /// What replicas have printed.
    pub(crate) outputs: Outputs,
}
