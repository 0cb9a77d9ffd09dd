//! One worker: a thread with a mio event loop, the sessions it has accepted and the table it routes by.

pub mod config;
pub mod stats;
