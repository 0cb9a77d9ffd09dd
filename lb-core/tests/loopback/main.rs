//! The data plane over real sockets on loopback: workers, a published table, scripted clients and backends.
//!
//! One file a subject. Everything waits on a fact with a deadline; ports are always 0; nothing leaves loopback.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod access_log;
mod admission;
mod answers;
mod bulk;
mod configure;
mod connecting;
mod control;
mod drain;
mod ends;
mod keepalive;
mod moved;
mod ports_used_up;
mod proxied;
mod queueing;
mod replays;
mod requests;
mod routing;
mod source_limit;
mod splicing;
mod support;
mod times;
mod traffic;
