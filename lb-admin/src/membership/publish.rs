//! The only sender of tables to the workers, of the word that a backend's sessions have had their time, and of limits.
//!
//! A closure around [`Control::publish`], so that the owner is tested without workers. That a table has arrived comes
//! back another way: the workers' applied version, through `inbox`.

use std::fmt;
use std::sync::Arc;

use lb_core::backend::places::PlaceLimits;
use lb_core::backend::{Backend, BackendId};
use lb_core::control::Control;
use lb_core::ring::RingTable;

type SendTable = dyn Fn(&Arc<RingTable>) + Send;
type SendEviction = dyn Fn(BackendId) + Send;
type SendLimits = dyn Fn(&Backend, PlaceLimits) + Send;

/// Where tables go.
pub(crate) struct Publisher {
    send: Box<SendTable>,
    send_eviction: Box<SendEviction>,
    send_limits: Box<SendLimits>,
}

impl Publisher {
    /// To the running workers.
    pub(crate) fn to_workers(control: Control) -> Self {
        let (evicts, limits) = (control.clone(), control.clone());
        Self {
            send: Box::new(move |table| control.publish(table)),
            send_eviction: Box::new(move |id| evicts.evict(id)),
            send_limits: Box::new(move |backend, to| limits.limit_places(backend, to)),
        }
    }

    /// To somebody who plays the workers.
    #[cfg(test)]
    pub(crate) fn to(send: impl Fn(&Arc<RingTable>) + Send + 'static) -> Self {
        Self { send: Box::new(send), send_eviction: Box::new(|_| ()), send_limits: Box::new(|_, _| ()) }
    }

    /// Sends a table. In order of version; the newest wins.
    pub(crate) fn publish(&self, table: &Arc<RingTable>) {
        (self.send)(table);
    }

    /// Ends the sessions of a backend that is in no table any more.
    pub(crate) fn evict(&self, backend: BackendId) {
        (self.send_eviction)(backend);
    }

    /// Gives a backend other limits; a higher one lets in who waits there.
    pub(crate) fn limit(&self, backend: &Backend, to: PlaceLimits) {
        (self.send_limits)(backend, to);
    }
}

impl fmt::Debug for Publisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Publisher")
    }
}
