//! The `docker` runtime and `--discover docker` against a real engine: real containers, and a balancer on the host that
//! heals or finds them.
//!
//! Every test has a pool, a network and names of its own, and removes what it made even where it fails ([`site`]). Where
//! no engine answers, each says so and passes. One at a time: containers are slow enough without company.

#![expect(clippy::unwrap_used, reason = "a test that can't go on should panic where it is")]

mod discover;
mod engine_faults;
mod healing;
mod image;
mod lifecycle;
mod logs;
mod proxy;
mod restart;
mod site;
#[expect(dead_code, unused_imports, reason = "shared with the e2e tests; each binary uses a part of it")]
#[path = "../e2e/support/mod.rs"]
mod support;
