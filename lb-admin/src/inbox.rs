//! What the workers send back: drained whenever they poke us.
//!
//! Reports go to the owner, connections for the admin API to `http`, and the applied version to whoever waits for it.
//! Draining never blocks, and neither does a worker: it only leaves a permit in `wake`.

use std::sync::Arc;

use lb_core::control::{Control, FrontRequest, Report};
use tokio::sync::{Notify, mpsc, watch};

use crate::membership::state::Input;

/// The workers' news and where each kind goes.
pub(crate) struct Inbox<F> {
    pub(crate) control: Control,
    /// Poked by the workers.
    pub(crate) wake: Arc<Notify>,
    pub(crate) owner: mpsc::UnboundedSender<Input>,
    pub(crate) applied: watch::Sender<u64>,
    /// Takes over a connection that asked for the admin API on the front.
    pub(crate) serve_front: F,
}

impl<F: Fn(FrontRequest)> Inbox<F> {
    /// Runs for ever; ends with its runtime.
    pub(crate) async fn run(self) {
        loop {
            self.drain();
            self.wake.notified().await;
        }
    }

    fn drain(&self) {
        for report in self.control.reports() {
            // Fails only when the owner has ended: nobody is left to care.
            let _owner_is_gone = self.owner.send(suspicion(report));
        }
        self.control.front_requests().for_each(&self.serve_front);
        let version = self.control.applied_version();
        self.applied.send_if_modified(|applied| std::mem::replace(applied, version) != version);
    }
}

fn suspicion(report: Report) -> Input {
    match report {
        Report::ConnectRefused(id) => Input::Suspected { id, refused: true },
        Report::ConnectTimedOut(id) | Report::DiedBeforeFirstByte(id) => Input::Suspected { id, refused: false },
    }
}
