//! End-to-end tests: the real `lb` binary, its real replicas, real sockets on loopback.
//!
//! One file a subject; [`support`] starts the balancer on free ports, scripts backends and clients, and stops by pid
//! whatever it started. A test waits on facts with a deadline and asserts nothing about speed. What the tests hold the
//! binary to is the contract in the README and the issue, byte for byte where it gives bytes.

#![expect(clippy::unwrap_used, reason = "a test that can't go on should panic where it is")]

mod access_log;
mod admin_errors;
mod admin_safety;
mod answers;
mod autoscale;
mod bad_starts;
mod bulk;
mod check;
mod client;
mod discovery;
mod explain;
mod failover;
mod faults;
mod first_minute;
mod front_door;
mod full_disk;
mod garbage;
mod healing;
mod health;
mod idempotency;
mod limits;
mod logging;
mod membership;
mod non_http;
mod profile;
mod queueing;
mod relay;
mod reload;
mod resets;
mod restart;
mod routing;
mod shutdown;
mod spread;
mod support;
mod times;
mod top;
mod v1_changes;
mod v1_reading;
mod verbs;
