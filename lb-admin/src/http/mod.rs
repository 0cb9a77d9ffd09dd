//! The admin API over HTTP/1: what is listed in `routes`, on its own listener and, under `--profile assignment`, on
//! connections that the front hands over.
//!
//! A request goes `serve` (connection, deadlines) → `body` (read whole, bounded) → `guard` (browsers and rebinding) →
//! `routes` → a handler → `answer` (the one place where JSON is written). Handlers read a snapshot of the membership
//! or send one command to its owner; no state is kept here. Whatever is sent, the answer is a typed error, and nothing
//! that a client does stops the loop.
//! Not here: what a change means ([`crate::membership`]) and TLS or tokens (a proxy's or a later matter).

use std::sync::Arc;

use lb_core::control::Control;

use crate::autoscale::Readings;
use crate::events::EventLog;
use crate::membership::command::Membership;
use crate::request_log::RequestLog;

mod answer;
mod assignment;
mod body;
mod change;
mod guard;
mod health;
mod listener;
mod metrics;
mod routes;
mod serve;
mod v1;

#[cfg(test)]
pub(crate) mod testing;

pub use listener::{Listener, bind};
pub use serve::{serve, serve_front};

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
    /// What the autoscaler would have, where there is one.
    pub autoscale: Option<Arc<Readings>>,
}
