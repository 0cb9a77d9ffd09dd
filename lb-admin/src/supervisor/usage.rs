//! How much CPU time the replicas have used, for whoever asks now and then. Thin; who asks decides.
//!
//! A replica is asked for by its [`Trace`], not through its task: that waits for its end and shall not wait for an engine
//! that is slow to count. [`Traces`] knows those that run.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lb_core::backend::BackendId;

use super::launcher::{Launcher, Trace};

/// The replicas that run. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Traces(Arc<Mutex<HashMap<BackendId, Trace>>>);

impl Traces {
    pub(super) fn insert(&self, id: BackendId, trace: Trace) {
        self.traces().insert(id, trace);
    }

    pub(super) fn remove(&self, id: BackendId) {
        self.traces().remove(&id);
    }

    pub(super) fn of(&self, id: BackendId) -> Option<Trace> {
        self.traces().get(&id).cloned()
    }

    fn all(&self) -> Vec<(BackendId, Trace)> {
        self.traces().iter().map(|(id, trace)| (*id, trace.clone())).collect()
    }

    fn traces(&self) -> MutexGuard<'_, HashMap<BackendId, Trace>> {
        // A map is whole after every change, so what a panicking holder left behind is still good.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads the replicas' CPU time.
pub(crate) struct Usage<L> {
    pub(super) launcher: Arc<L>,
    pub(super) traces: Traces,
}

impl<L: Launcher> Usage<L> {
    /// CPU time of each that runs, from its start until now; those of which it isn't known are missing.
    pub(crate) async fn cpu_times(&self) -> HashMap<BackendId, Duration> {
        self.launcher.cpu_times(&self.traces.all()).await.into_iter().collect()
    }
}

impl<L> fmt::Debug for Usage<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Usage").field("traces", &self.traces).finish_non_exhaustive()
    }
}
