//! When each backend is probed, and who hears of it.
//!
//! One task a backend: probe, decide, wait. The wait is jittered, so that a thousand backends aren't probed in one
//! breath, and is cut short when the data path reports trouble. Neighbour: [`super::rise_fall`] says how long.

use std::collections::HashMap;
use std::time::Duration;

use lb_core::backend::{Backend, BackendId};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until, timeout};

use super::probe::{Probe, probe};
use super::resolve::resolve;
use super::rise_fall::{Change, Outcome, RiseFall};
use crate::config::{AdminConfig, Check, StaticBackend};
use crate::membership::state::Input;

/// Two probes are apart so far at least, however often the data path asks: a backend that resets every session but
/// passes its checks must not be probed without pause.
const ASKED_INTERVAL_MIN: Duration = Duration::from_millis(10);
/// Spread of a wait to either side.
const JITTER: f64 = 0.1;

/// The backends that are checked.
#[derive(Debug)]
pub(crate) struct Checks {
    replica_check: Check,
    backend_check: Check,
    found: mpsc::UnboundedSender<Input>,
    watches: HashMap<BackendId, Watch>,
}

#[derive(Debug)]
struct Watch {
    task: AbortHandle,
    /// "Probe now"; whether a connect was refused. One waiting is enough.
    asks: mpsc::Sender<bool>,
}

impl Checks {
    /// What is found goes to `found`.
    pub(crate) fn new(config: &AdminConfig, found: mpsc::UnboundedSender<Input>) -> Self {
        let (replica_check, backend_check) = (config.replica_check.clone(), config.backend_check.clone());
        Self { replica_check, backend_check, found, watches: HashMap::new() }
    }

    /// Looks up the addresses of `backends`, now and every 30 s.
    pub(crate) fn resolve(&self, backends: &[StaticBackend]) {
        for backend in backends {
            tokio::spawn(resolve(backend.clone(), self.found.clone()));
        }
    }

    /// Begins to check a backend.
    pub(crate) fn watch(&mut self, backend: &Backend, supervised: bool) {
        let check = if supervised { self.replica_check.clone() } else { self.backend_check.clone() };
        let probe = Probe { addr: backend.addr, check, send_proxy: backend.send_proxy };
        let (asks, asked) = mpsc::channel(1);
        let patrol = Patrol { id: backend.id, found: self.found.clone(), asked };
        let task = tokio::spawn(patrol.run(probe)).abort_handle();
        self.watches.insert(backend.id, Watch { task, asks });
    }

    /// Ends it.
    pub(crate) fn unwatch(&mut self, id: BackendId) {
        if let Some(watch) = self.watches.remove(&id) {
            watch.task.abort();
        }
    }

    /// Probes it now. `refused`: the data path was.
    pub(crate) fn probe_now(&self, id: BackendId, refused: bool) {
        if let Some(watch) = self.watches.get(&id) {
            let _one_is_waiting_already = watch.asks.try_send(refused);
        }
    }
}

/// One backend's task.
struct Patrol {
    id: BackendId,
    found: mpsc::UnboundedSender<Input>,
    asked: mpsc::Receiver<bool>,
}

/// Why a probe was asked for; holds until one is good.
#[derive(Clone, Copy)]
struct Suspicion {
    refused: bool,
}

impl Patrol {
    async fn run(mut self, asked: Probe) {
        let start = Instant::now();
        let mut record = RiseFall::new();
        let mut suspicion: Option<Suspicion> = None;
        loop {
            let probed_at = Instant::now();
            let outcome = probe(&asked).await;
            let change = record.observe(&outcome, suspicion.is_some_and(|suspicion| suspicion.refused));
            self.tell(change, suspicion.is_some() && outcome == Outcome::Good);
            if outcome == Outcome::Good {
                suspicion = None;
            }
            let wait = jittered(record.interval(start.elapsed()));
            match timeout(wait, self.asked.recv()).await {
                Ok(Some(refused)) => {
                    suspicion = Some(Suspicion { refused });
                    sleep_until(probed_at + ASKED_INTERVAL_MIN).await;
                }
                // Nobody watches this backend any more.
                Ok(None) => return,
                Err(_) => {}
            }
        }
    }

    fn tell(&self, change: Option<Change>, cleared: bool) {
        let id = self.id;
        let input = match change {
            Some(Change::Up) => Input::Healthy(id),
            Some(Change::Down { refused, why }) => Input::Unhealthy { id, refused, why },
            None if cleared => Input::Cleared(id),
            None => return,
        };
        // Fails only when the control plane is gone; this task then ends with the runtime.
        let _owner_is_gone = self.found.send(input);
    }
}

fn jittered(wait: Duration) -> Duration {
    wait.mul_f64(1.0 + JITTER * (2.0 * fastrand::f64() - 1.0))
}
