//! When each backend is probed, and who hears of it.
//!
//! One task a backend: probe, decide, wait. The wait is jittered, so that a thousand backends aren't probed in one
//! breath, and is cut short when the data path reports trouble. For the same reason the first probes of many that come
//! at once are staggered; one that comes alone is probed at once. Neighbour: [`super::rise_fall`] says how long.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use lb_core::backend::BackendId;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until, timeout};

use super::probe::{Probe, probe};
use super::record::CheckRecord;
use super::resolve::resolve;
use super::rise_fall::{Change, Outcome, Pace, RiseFall};
use crate::config::{AdminConfig, Check};
use crate::membership::state::{Input, Watched};

/// Two probes are apart so far at least, however often the data path asks: a backend that resets every session but
/// passes its checks must not be probed without pause.
const ASKED_INTERVAL_MIN: Duration = Duration::from_millis(10);
/// Spread of a wait to either side.
const JITTER: f64 = 0.1;
/// Between the first probes of backends that come at the same time.
const STAGGER_STEP: Duration = Duration::from_millis(1);
/// However many come at the same time, nobody's first probe is put off longer.
const STAGGER_MAX: Duration = Duration::from_secs(1);

/// The backends that are checked.
#[derive(Debug)]
pub(crate) struct Checks {
    replica_check: Check,
    backend_check: Check,
    found: mpsc::UnboundedSender<Input>,
    watches: HashMap<BackendId, Watch>,
    /// One a name that is looked up.
    resolvers: HashMap<Arc<str>, AbortHandle>,
    stagger: Stagger,
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
        Self {
            replica_check: config.replica_check.clone(),
            backend_check: config.backend_check.clone(),
            found,
            watches: HashMap::new(),
            resolvers: HashMap::new(),
            stagger: Stagger::default(),
        }
    }

    /// Whoever is watched from now on is checked so; [`Checks::watch`] puts it into effect for one that is.
    pub(crate) fn check_by(&mut self, replica: Check, backend: Check) {
        (self.replica_check, self.backend_check) = (replica, backend);
    }

    /// Looks up `host` for the backend `name`, now and every 30 s, until another host is looked up for it or none.
    pub(crate) fn resolve(&mut self, name: Arc<str>, host: String) {
        let task = tokio::spawn(resolve(Arc::clone(&name), host, self.found.clone())).abort_handle();
        if let Some(before) = self.resolvers.insert(name, task) {
            before.abort();
        }
    }

    /// No longer.
    pub(crate) fn unresolve(&mut self, name: &str) {
        if let Some(task) = self.resolvers.remove(name) {
            task.abort();
        }
    }

    /// Begins to check a backend, or checks it in another way from now on.
    pub(crate) fn watch(&mut self, watched: &Watched) {
        let backend = &watched.backend;
        let all = if watched.supervised { &self.replica_check } else { &self.backend_check };
        let check = all.with(&watched.own_check);
        let pace = Pace { rise: check.rise, fall: check.fall, interval: check.interval };
        let probe = Probe { addr: backend.addr, check, send_proxy: backend.send_proxy };
        let (asks, asked) = mpsc::channel(1);
        let record = RiseFall::new(pace, watched.up);
        let seen = Arc::clone(&watched.checks);
        let patrol = Patrol { id: backend.id, found: self.found.clone(), asked, record, seen };
        let first = self.stagger.first_probe(Instant::now());
        let task = tokio::spawn(patrol.run(probe, first)).abort_handle();
        if let Some(before) = self.watches.insert(backend.id, Watch { task, asks }) {
            before.task.abort();
        }
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

/// When those that come at the same time are probed first.
#[derive(Debug, Default)]
pub(super) struct Stagger {
    /// Nobody's first probe is later yet.
    last: Option<Instant>,
}

impl Stagger {
    /// For one that comes now.
    pub(super) fn first_probe(&mut self, now: Instant) -> Instant {
        let after_the_last = self.last.map_or(now, |last| (last + STAGGER_STEP).max(now));
        let first = after_the_last.min(now + STAGGER_MAX);
        self.last = Some(first);
        first
    }
}

/// One backend's task.
struct Patrol {
    id: BackendId,
    found: mpsc::UnboundedSender<Input>,
    asked: mpsc::Receiver<bool>,
    record: RiseFall,
    /// For people and `/metrics`.
    seen: Arc<CheckRecord>,
}

/// Why a probe was asked for; holds until one is good.
#[derive(Clone, Copy)]
struct Suspicion {
    refused: bool,
}

impl Patrol {
    async fn run(mut self, asked: Probe, first: Instant) {
        sleep_until(first).await;
        let start = Instant::now();
        let mut suspicion: Option<Suspicion> = None;
        loop {
            let probed_at = Instant::now();
            let outcome = probe(&asked).await;
            self.seen.note(&outcome, probed_at.elapsed(), SystemTime::now());
            let change = self.record.observe(&outcome, suspicion.is_some_and(|suspicion| suspicion.refused));
            self.tell(change, suspicion.is_some() && outcome == Outcome::Good);
            if outcome == Outcome::Good {
                suspicion = None;
            }
            let wait = jittered(self.record.interval(start.elapsed()));
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
