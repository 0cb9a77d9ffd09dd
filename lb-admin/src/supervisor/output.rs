//! What a replica has printed, for whoever asks: the end of its file or of its container's log.
//!
//! Asked past its task, as [`super::usage`] does: that waits for its end and shall not wait for an engine that is slow.
//! One type for both runtimes, so that the admin API need not know which there is.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use super::launcher::{Launcher, Order};
use super::usage::Traces;

/// Of what a replica has printed so much is read at the most, from the end.
pub(crate) const OUTPUT_BYTES_MAX: usize = 1024 * 1024;

/// Why there is nothing to show.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OutputError {
    /// It has ended or isn't started yet.
    #[error("it doesn't run now, so there is nothing to read; events say why it ended and what it said last")]
    NotRunning,
    /// The file or the engine.
    #[error("what it has printed can't be read: {0}")]
    Unreadable(String),
}

type Reading = Pin<Box<dyn Future<Output = Result<Vec<u8>, OutputError>> + Send>>;

/// Reads what replicas have printed. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Outputs(Arc<dyn Fn(Order, usize) -> Reading + Send + Sync>);

impl Outputs {
    pub(super) fn of<L: Launcher>(launcher: Arc<L>, traces: Traces) -> Self {
        Self(Arc::new(move |order, lines| {
            let (launcher, trace) = (Arc::clone(&launcher), traces.of(order.id));
            Box::pin(async move {
                let trace = trace.ok_or(OutputError::NotRunning)?;
                launcher.output(&order, &trace, lines).await.map_err(OutputError::Unreadable)
            })
        }))
    }

    /// Somebody who plays the launcher.
    #[cfg(test)]
    pub(crate) fn saying(said: Result<Vec<u8>, OutputError>) -> Self {
        Self(Arc::new(move |_, _| Box::pin(std::future::ready(said.clone()))))
    }

    /// The last `lines` lines of the replica of this order, at most [`OUTPUT_BYTES_MAX`] bytes.
    pub(crate) async fn read(&self, order: Order, lines: usize) -> Result<Vec<u8>, OutputError> {
        (self.0)(order, lines).await
    }
}

impl fmt::Debug for Outputs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outputs")
    }
}
