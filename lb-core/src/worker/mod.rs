//! One worker: a thread with a mio event loop, the sessions it has accepted and the table it routes by.

use std::io;
use std::thread::JoinHandle;

use crate::control::{Control, Notify};
use crate::net::listen::Fronts;

pub mod config;
pub mod stats;

pub use config::WorkerConfig;

/// The running workers: the handle to steer them by and the threads to wait for.
pub struct DataPlane {
    /// Tables in, reports out.
    pub control: Control,
    /// One a worker; a thread that panicked says so when joined.
    pub threads: Vec<JoinHandle<()>>,
}

/// Starts a worker for every set of listeners in `fronts`. They accept at once; without a table they answer 503.
pub fn start(config: WorkerConfig, fronts: Fronts, notify: Notify) -> io::Result<DataPlane> {
    let _ = (config, fronts, notify);
    Err(io::Error::other("not yet"))
}
