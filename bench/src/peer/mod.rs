//! Programs that the bench runs and measures: other balancers beside ours ([`config`]), backends, and what they cost.
//!
//! [`process`] starts and ends them, [`server`] is the trivial backend, [`accounting`] reads CPU time and memory,
//! [`syscalls`] counts system calls, [`pinned`] keeps a program on one CPU and [`threads`] some of its threads,
//! [`files`] is the file limit, [`isolation`] gives the bench a network of its own. Nothing here knows workloads.

pub(crate) mod accounting;
pub(crate) mod config;
pub(crate) mod files;
pub(crate) mod isolation;
pub(crate) mod pinned;
pub(crate) mod process;
pub(crate) mod server;
pub(crate) mod syscalls;
pub(crate) mod threads;

pub(crate) use config::{BACKENDS, Peer, RunningPeer};
pub(crate) use server::Servers;
