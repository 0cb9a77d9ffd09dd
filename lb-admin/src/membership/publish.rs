//! The only sender of tables to the workers.
//!
//! A closure around [`Control::publish`], so that the owner is tested without workers. That a table has arrived comes
//! back another way: the workers' applied version, through `inbox`.

use std::fmt;
use std::sync::Arc;

use lb_core::control::Control;
use lb_core::ring::RingTable;

type SendTable = dyn Fn(&Arc<RingTable>) + Send;

/// Where tables go.
pub(crate) struct Publisher {
    send: Box<SendTable>,
}

impl Publisher {
    /// To the running workers.
    pub(crate) fn to_workers(control: Control) -> Self {
        Self { send: Box::new(move |table| control.publish(table)) }
    }

    /// To somebody who plays the workers.
    #[cfg(test)]
    pub(crate) fn to(send: impl Fn(&Arc<RingTable>) + Send + 'static) -> Self {
        Self { send: Box::new(send) }
    }

    /// Sends a table. In order of version; the newest wins.
    pub(crate) fn publish(&self, table: &Arc<RingTable>) {
        (self.send)(table);
    }
}

impl fmt::Debug for Publisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Publisher")
    }
}
