//! The data plane of `lb`: everything that touches a client's bytes, and the decisions behind it.
//!
//! Two ways lead through this crate (ARCHITECTURE.md draws them):
//! a connection goes `net/accept → worker/admit → session → ring/table → net/connect → session/relay + net/copy`;
//! a change of the membership comes in through [`control`] as a new [`ring::RingTable`].
//!
//! Deliberately absent: tokio, Docker, JSON, configuration files. `ring` and `session` are pure: no socket,
//! no clock, no randomness. `net` is thin: one syscall a function, its errno argued. `worker` joins the two.

pub mod access_log;
pub mod backend;
pub mod config;
pub mod control;
pub mod histogram;
pub mod keying;
pub mod load;
pub mod net;
pub mod outcome;
pub mod ring;
pub mod session;
pub mod worker;
