//! Carries out what the membership has decided about replicas: starts them, notices their end at once, stops them.
//!
//! One task a replica: launched or adopted → `Launched` → `Exited`, or, when told to stop, SIGTERM, a grace, SIGKILL →
//! `Exited`. Every launch and every adoption is answered by exactly one `Exited` in the end. Decisions are elsewhere: when to start
//! ([`backoff`], `membership::state`), what exactly is started ([`plan`]).

pub(crate) mod backoff;
pub(crate) mod container;
pub(crate) mod docker;
pub(crate) mod launcher;
mod logs;
pub(crate) mod output;
pub(crate) mod plan;
mod ports;
pub(crate) mod process;
pub(crate) mod procfs;
pub(crate) mod reaper;
#[cfg(test)]
mod tests;
pub(crate) mod usage;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lb_core::backend::BackendId;
use tokio::sync::mpsc;
use tokio::time::timeout;

use self::launcher::{Exit, Launcher, News, Order, Replica, Trace};
use self::output::Outputs;
use self::usage::{Traces, Usage};
use crate::membership::state::Input;

/// From SIGTERM to SIGKILL.
const STOP_GRACE: Duration = Duration::from_secs(5);

/// The replicas that run.
#[derive(Debug)]
pub(crate) struct Supervisor<L> {
    launcher: Arc<L>,
    results: mpsc::UnboundedSender<Input>,
    /// The way to each replica's task.
    tasks: HashMap<BackendId, mpsc::UnboundedSender<Wish>>,
    traces: Traces,
}

/// What is wanted of a replica that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    /// Give up its name.
    Retire,
    /// End.
    Stop,
    /// Go on without us.
    Release,
}

impl<L: Launcher> Supervisor<L> {
    /// Results of what is asked for go to `results`.
    pub(crate) fn new(launcher: Arc<L>, results: mpsc::UnboundedSender<Input>) -> Self {
        Self { launcher, results, tasks: HashMap::new(), traces: Traces::default() }
    }

    /// Who can be asked for their CPU time.
    pub(crate) fn usage(&self) -> Usage<L> {
        Usage { launcher: Arc::clone(&self.launcher), traces: self.traces.clone() }
    }

    /// Who can be asked for what they have printed.
    pub(crate) fn outputs(&self) -> Outputs {
        Outputs::of(Arc::clone(&self.launcher), self.traces.clone())
    }

    /// Starts a replica.
    pub(crate) fn launch(&mut self, order: Order) {
        let tend = self.tend(order);
        tokio::spawn(async move {
            let launched = tend.launcher.launch(&tend.order).await;
            tend.run(launched).await;
        });
    }

    /// Takes one over that an earlier `lb serve` has left running.
    pub(crate) fn adopt(&mut self, order: Order, trace: Option<Trace>) {
        let tend = self.tend(order);
        tokio::spawn(async move {
            let adopted = tend.launcher.adopt(&tend.order, trace.as_ref()).await;
            tend.run(adopted).await;
        });
    }

    /// Ends what an earlier `lb serve` has left running, except `known` and what is started from now on.
    pub(crate) fn sweep(&self, known: Vec<BackendId>) {
        let launcher = Arc::clone(&self.launcher);
        tokio::spawn(async move { launcher.sweep(&known).await });
    }

    /// Frees its name; it goes on draining.
    pub(crate) fn retire(&self, id: BackendId) {
        self.wish(id, Wish::Retire);
    }

    /// Stops one; no harm where it has ended already.
    pub(crate) fn stop(&self, id: BackendId) {
        self.wish(id, Wish::Stop);
    }

    /// Lets one go on without us.
    pub(crate) fn release(&self, id: BackendId) {
        self.wish(id, Wish::Release);
    }

    /// Waits until what has ended is cleared away too.
    pub(crate) async fn settle(&self) {
        self.launcher.settle().await;
    }

    /// Forgets one that has ended.
    pub(crate) fn ended(&mut self, id: BackendId) {
        self.tasks.remove(&id);
    }

    fn wish(&self, id: BackendId, wish: Wish) {
        if let Some(task) = self.tasks.get(&id) {
            // The receiver is gone where the replica ended by itself a moment ago: `Exited` is on its way.
            let _ended_already = task.send(wish);
        }
    }

    fn tend(&mut self, order: Order) -> Tend<L> {
        let (wish, wishes) = mpsc::unbounded_channel();
        self.tasks.insert(order.id, wish);
        let traces = self.traces.clone();
        Tend { launcher: Arc::clone(&self.launcher), order, wishes, results: self.results.clone(), traces }
    }
}

/// One replica's task.
struct Tend<L> {
    launcher: Arc<L>,
    order: Order,
    wishes: mpsc::UnboundedReceiver<Wish>,
    results: mpsc::UnboundedSender<Input>,
    traces: Traces,
}

impl<L: Launcher> Tend<L> {
    async fn run(mut self, started: Result<L::Replica, Exit>) {
        let id = self.order.id;
        let exit = match started {
            Ok(replica) => {
                self.tell(Input::Launched { id, pid: replica.pid(), addr: replica.addr(), trace: replica.trace() });
                self.traces.insert(id, replica.trace());
                let exit = self.watch(replica).await;
                self.traces.remove(id);
                exit
            }
            Err(exit) => exit,
        };
        self.tell(Input::Exited { id, exit, at: Instant::now() });
    }

    async fn watch(&mut self, mut replica: L::Replica) -> Exit {
        let id = self.order.id;
        loop {
            tokio::select! {
                news = replica.news() => match news {
                    News::Paused(at) => self.tell(Input::Paused { id, at }),
                    News::Ending(at) => self.tell(Input::Ending { id, at }),
                    News::Resumed => self.tell(Input::Resumed(id)),
                    News::Ended(exit) => return exit,
                },
                wish = self.wishes.recv() => match wish {
                    Some(Wish::Retire) => replica.retire(),
                    Some(Wish::Release) => {
                        replica.release();
                        return Exit::because("left running");
                    }
                    Some(Wish::Stop) | None => {
                        let exit = end(&mut replica).await;
                        replica.forget();
                        return exit;
                    }
                },
            }
        }
    }

    /// Nobody reads the results any more only when the control plane is gone; the replica then ends with this task.
    fn tell(&self, input: Input) {
        let _control_plane_is_gone = self.results.send(input);
    }
}

/// Ends a replica: politely, then not.
async fn end<R: Replica>(replica: &mut R) -> Exit {
    replica.terminate();
    if let Ok(exit) = timeout(STOP_GRACE, ended(replica)).await {
        return exit;
    }
    replica.kill();
    match timeout(R::KILL_GRACE, ended(replica)).await {
        Ok(exit) => exit,
        Err(_) => {
            tracing::warn!("replica on {} outlives SIGKILL; left behind", replica.addr());
            Exit::because("still there after SIGKILL")
        }
    }
}

async fn ended(replica: &mut impl Replica) -> Exit {
    loop {
        if let News::Ended(exit) = replica.news().await {
            return exit;
        }
    }
}
