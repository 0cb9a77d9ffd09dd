//! Carries out what the membership has decided about replicas: starts them, notices their end at once, stops them.
//!
//! One task a replica: launch → `Launched` → `Exited`, or, when told to stop, SIGTERM, a grace, SIGKILL → `Exited`.
//! Every launch is answered by exactly one `Exited` in the end. Decisions are elsewhere: when to start
//! ([`backoff`], `membership::state`), what exactly is started ([`plan`]).

pub(crate) mod backoff;
pub(crate) mod launcher;
mod logs;
pub(crate) mod plan;
mod ports;
pub(crate) mod process;
mod procfs;
pub(crate) mod reaper;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use lb_core::backend::BackendId;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use self::launcher::{Exit, Launcher, Order, Replica};
use crate::membership::state::Input;

/// From SIGTERM to SIGKILL.
const STOP_GRACE: Duration = Duration::from_secs(5);
/// After SIGKILL only a process stuck in the kernel is still there; waiting longer would block our own end.
const KILL_GRACE: Duration = Duration::from_secs(2);

/// The replicas that run.
#[derive(Debug)]
pub(crate) struct Supervisor<L> {
    launcher: Arc<L>,
    results: mpsc::UnboundedSender<Input>,
    /// The way to tell each task to stop its replica.
    stops: HashMap<BackendId, oneshot::Sender<()>>,
}

impl<L: Launcher> Supervisor<L> {
    /// Results of what is asked for go to `results`.
    pub(crate) fn new(launcher: Arc<L>, results: mpsc::UnboundedSender<Input>) -> Self {
        Self { launcher, results, stops: HashMap::new() }
    }

    /// Starts a replica.
    pub(crate) fn launch(&mut self, order: Order) {
        let (stop, stopped) = oneshot::channel();
        self.stops.insert(order.id, stop);
        tokio::spawn(tend(Arc::clone(&self.launcher), order, stopped, self.results.clone()));
    }

    /// Stops one; no harm where it has ended already.
    pub(crate) fn stop(&mut self, id: BackendId) {
        if let Some(stop) = self.stops.remove(&id) {
            // The receiver is gone where the replica ended by itself a moment ago: `Exited` is on its way.
            let _ended_already = stop.send(());
        }
    }

    /// Forgets one that has ended.
    pub(crate) fn ended(&mut self, id: BackendId) {
        self.stops.remove(&id);
    }
}

/// One replica's task.
async fn tend<L: Launcher>(
    launcher: Arc<L>,
    order: Order,
    mut stopped: oneshot::Receiver<()>,
    results: mpsc::UnboundedSender<Input>,
) {
    let id = order.id;
    // Nobody reads the results any more only when the control plane is gone; the replica then ends with this task.
    let tell = |input| drop(results.send(input));
    let mut replica = match launcher.launch(&order).await {
        Ok(replica) => replica,
        Err(exit) => return tell(Input::Exited { id, exit }),
    };
    tell(Input::Launched { id, pid: replica.pid(), addr: replica.addr() });
    let by_itself = tokio::select! {
        exit = replica.ended() => Some(exit),
        _ = &mut stopped => None,
    };
    let exit = match by_itself {
        Some(exit) => exit,
        None => {
            let exit = end(&mut replica).await;
            replica.forget();
            exit
        }
    };
    tell(Input::Exited { id, exit });
}

/// Ends a replica: politely, then not.
async fn end(replica: &mut impl Replica) -> Exit {
    replica.terminate();
    if let Ok(exit) = timeout(STOP_GRACE, replica.ended()).await {
        return exit;
    }
    replica.kill();
    match timeout(KILL_GRACE, replica.ended()).await {
        Ok(exit) => exit,
        Err(_) => {
            tracing::warn!("replica on {} outlives SIGKILL; left behind", replica.addr());
            Exit { how: "still there after SIGKILL".to_owned(), hopeless: false, output: String::new() }
        }
    }
}
