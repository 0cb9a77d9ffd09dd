//! The load generator: what to send ([`plan`]), one client ([`client`]), all of them at once ([`closed_loop`]) and what
//! came back ([`tally`]).
//!
//! Everything runs on one thread and shares its counters without a lock: a request costs a few microseconds of user
//! time beside the kernel's TCP work, so one core drives more connections than a balancer on the other cores answers.
//! It speaks HTTP/1.1 over TCP like any client, never retries, and counts anything but a complete 200 as failed.

pub(crate) mod client;
pub(crate) mod closed_loop;
pub(crate) mod plan;
pub(crate) mod response;
pub(crate) mod tally;
#[cfg(test)]
pub(crate) mod test_server;

pub(crate) use client::Client;
pub(crate) use closed_loop::{Gauge, run};
pub(crate) use plan::{Connections, Plan};
pub(crate) use tally::Tally;
