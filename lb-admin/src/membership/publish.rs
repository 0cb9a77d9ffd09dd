//! The only sender of tables to the workers, and of the word that a backend's sessions have had their time.
//!
//! A closure around [`Control::publish`], so that the owner is tested without workers. That a table has arrived comes
//! back another way: the workers' applied version, through `inbox`.

use std::fmt;
use std::sync::Arc;

use lb_core::backend::BackendId;
use lb_core::control::Control;
use lb_core::ring::RingTable;

type SendTable = dyn Fn(&Arc<RingTable>) + Send;
type SendEviction = dyn Fn(BackendId) + Send;

/// Where tables go.
pub(crate) struct Publisher {
    send: Box<SendTable>,
    send_eviction: Box<SendEviction>,
}

impl Publisher {
    /// To the running workers.
    pub(crate) fn to_workers(control: Control) -> Self {
        let evicts = control.clone();
        Self {
            send: Box::new(move |table| control.publish(table)),
            send_eviction: Box::new(move |id| evicts.evict(id)),
        }
    }

    /// To somebody who plays the workers.
    #[cfg(test)]
    pub(crate) fn to(send: impl Fn(&Arc<RingTable>) + Send + 'static) -> Self {
        Self { send: Box::new(send), send_eviction: Box::new(|_| ()) }
    }

    /// Sends a table. In order of version; the newest wins.
    pub(crate) fn publish(&self, table: &Arc<RingTable>) {
        (self.send)(table);
    }

    /// Ends the sessions of a backend that is in no table any more.
    pub(crate) fn evict(&self, backend: BackendId) {
        (self.send_eviction)(backend);
    }
}

impl fmt::Debug for Publisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Publisher")
    }
}
