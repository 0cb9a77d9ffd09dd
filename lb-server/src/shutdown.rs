//! The end: because a signal asked for it, or because a thread is gone.
//!
//! Asked: the front drains (no new sessions, open ones may finish) while `/readyz` says 503; a second signal ends that at
//! once. A worker that is lost has panicked, and a balancer with a dead worker would leave a part of its clients in a
//! queue that nobody empties, so the whole process ends with exit code 1; without its control plane it would heal nothing,
//! so the same holds there. Either way the replicas are stopped last.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::bail;
use lb_admin::ControlPlane;
use lb_admin::membership::snapshot::Snapshot;
use lb_core::control::Control;
use lb_core::worker::DataPlane;
use tokio::sync::{self, watch};

use crate::notify::Manager;
use crate::say;
use crate::signals::Signals;

/// What runs, and what is needed to end it.
pub(crate) struct Running {
    control: Control,
    threads: Vec<JoinHandle<()>>,
    plane: ControlPlane,
    woken: Arc<sync::Notify>,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    manager: Arc<Manager>,
}

/// Why it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// A signal.
    Asked,
    /// A worker ended although nobody told it to.
    WorkerLost,
    /// The control plane did.
    ControlLost,
}

impl Running {
    /// `woken` is what the workers notify, `manager` whom the end is told.
    pub(crate) fn new(data: DataPlane, plane: ControlPlane, woken: Arc<sync::Notify>, manager: Arc<Manager>) -> Self {
        let snapshots = plane.membership().watch();
        Self { control: data.control, threads: data.threads, plane, woken, snapshots, manager }
    }

    /// Waits for a reason to end.
    pub(crate) async fn until_end(&mut self, signals: &mut Signals) -> Reason {
        // Nobody sends snapshots any more once the owner's thread is gone.
        let control_lost = async { while self.snapshots.changed().await.is_ok() {} };
        tokio::select! {
            () = signals.next() => Reason::Asked,
            () = ended(&self.control, &self.woken, 1) => Reason::WorkerLost,
            () = control_lost => Reason::ControlLost,
        }
    }

    fn open_sessions(&self) -> u64 {
        self.control.stats().map(|worker| worker.accepted.read().saturating_sub(worker.closed.read())).sum()
    }
}

/// Returns when `count` workers or more have ended.
async fn ended(control: &Control, woken: &sync::Notify, count: usize) {
    while control.ended_workers() < count {
        woken.notified().await;
    }
}

/// Ends what runs, in order. An error where a thread was lost, at any time.
pub(crate) async fn stop(
    running: Running,
    reason: Reason,
    drain_timeout: Duration,
    signals: &mut Signals,
) -> anyhow::Result<()> {
    running.manager.stopping();
    running.plane.begin_drain();
    if reason == Reason::Asked {
        drain(&running, drain_timeout, signals).await;
    }
    running.control.stop();
    running.plane.stop();
    let panicked = running.threads.into_iter().map(JoinHandle::join).filter(Result::is_err).count();
    if panicked > 0 || reason != Reason::Asked {
        bail!("a thread was lost to a panic (its message is above); the process ends rather than serve with the rest");
    }
    Ok(())
}

/// Until the last session has ended, the deadline has passed or a second signal comes.
async fn drain(running: &Running, timeout: Duration, signals: &mut Signals) {
    let workers = running.control.workers();
    // For the workers a deadline is a moment, and zero is now; for users zero is none.
    running.control.drain(if timeout.is_zero() { Duration::MAX } else { timeout });
    let sessions = running.open_sessions();
    if sessions > 0 {
        say::line(progress(sessions, timeout));
    }
    tokio::select! {
        () = ended(&running.control, &running.woken, workers) => {}
        () = signals.next() => {
            say::line(format_args!("draining: ended by a second signal, {} open", counted(running.open_sessions())));
        }
    }
}

fn progress(sessions: u64, timeout: Duration) -> String {
    let bound = if timeout.is_zero() {
        "as long as they take".to_owned()
    } else {
        format!("at most {}", humantime::format_duration(timeout))
    };
    format!("draining: {} open, {bound}; signal again to end now", counted(sessions))
}

fn counted(sessions: u64) -> String {
    format!("{sessions} {}", if sessions == 1 { "session" } else { "sessions" })
}

#[cfg(test)]
mod tests;
