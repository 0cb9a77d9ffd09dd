//! The end: because a signal asked for it, or because a worker is gone.
//!
//! Asked: the front drains (no new sessions, open ones may finish) while `/readyz` says 503; a second signal ends that at
//! once. A worker that is lost has panicked, and a balancer with a dead worker would leave a part of its clients in a
//! queue that nobody empties, so the whole process ends with exit code 1. Either way the replicas are stopped last.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::bail;
use lb_admin::ControlPlane;
use lb_core::control::Control;
use lb_core::worker::DataPlane;
use tokio::sync;

use crate::notify::notify;
use crate::signals::Signals;

/// What runs, and what is needed to end it.
pub(crate) struct Running {
    control: Control,
    threads: Vec<JoinHandle<()>>,
    pub(crate) plane: ControlPlane,
    woken: Arc<sync::Notify>,
}

/// Why it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// A signal.
    Asked,
    /// A worker ended although nobody told it to.
    WorkerLost,
}

impl Running {
    /// `woken` is what the workers notify.
    pub(crate) fn new(data: DataPlane, plane: ControlPlane, woken: Arc<sync::Notify>) -> Self {
        Self { control: data.control, threads: data.threads, plane, woken }
    }

    /// Waits for a reason to end.
    pub(crate) async fn until_end(&self, signals: &mut Signals) -> Reason {
        tokio::select! {
            () = signals.next() => Reason::Asked,
            () = self.until_ended(1) => Reason::WorkerLost,
        }
    }

    /// Returns when `count` workers or more have ended.
    async fn until_ended(&self, count: usize) {
        while self.control.ended_workers() < count {
            self.woken.notified().await;
        }
    }

    fn open_sessions(&self) -> u64 {
        self.control.stats().map(|worker| worker.accepted.read().saturating_sub(worker.closed.read())).sum()
    }
}

/// Ends what runs, in order. An error where a worker was lost, at any time.
pub(crate) async fn stop(
    running: Running,
    reason: Reason,
    drain_timeout: Duration,
    signals: &mut Signals,
) -> anyhow::Result<()> {
    notify("STOPPING=1");
    running.plane.begin_drain();
    if reason == Reason::Asked {
        drain(&running, drain_timeout, signals).await;
    }
    running.control.stop();
    running.plane.stop().await;
    let panicked = running.threads.into_iter().map(JoinHandle::join).filter(Result::is_err).count();
    if panicked > 0 || reason == Reason::WorkerLost {
        bail!("a worker was lost to a panic (its message is above); the process ends rather than serve with the rest");
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
        eprintln!("{}", progress(sessions, timeout));
    }
    tokio::select! {
        () = running.until_ended(workers) => {}
        () = signals.next() => eprintln!("draining: ended by a second signal, {} open", counted(running.open_sessions())),
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
#[path = "shutdown_tests.rs"]
mod tests;
