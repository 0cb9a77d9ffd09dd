//! Looks once a second at what the replicas have to do, and sends the steps that follow to the membership's owner.
//!
//! Sessions are read from the workers' own counters through the membership's snapshot, those that wait for a place among
//! them; sessions of replicas that drain are on their way out and of `--backend`s nobody can start more, so neither
//! counts. CPU time is asked for only where there is a target for it. It decides nothing: [`super::decide`] does.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lb_core::backend::{Backend, BackendId, BackendState};
use tokio::sync::{mpsc, watch};
use tokio::time::{MissedTickBehavior, interval};

use super::Readings;
use super::decide::{Decider, Observed};
use crate::config::AutoscaleConfig;
use crate::membership::snapshot::{BackendView, Snapshot};
use crate::membership::state::Input;
use crate::supervisor::launcher::Launcher;
use crate::supervisor::usage::Usage;

/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A replica that was lost or didn't start more often than this in a row isn't about to be capacity.
const FAILURES_MAX: u32 = 1;

/// What it looks at, and where its steps go.
#[derive(Debug)]
pub(crate) struct Observer<L> {
    /// `None`: the number of replicas is the user's business for now.
    pub(crate) config: watch::Receiver<Option<AutoscaleConfig>>,
    pub(crate) snapshots: watch::Receiver<Arc<Snapshot>>,
    pub(crate) usage: Usage<L>,
    pub(crate) owner: mpsc::UnboundedSender<Input>,
    pub(crate) readings: Arc<Readings>,
}

impl<L: Launcher> Observer<L> {
    /// Runs until the owner has ended.
    pub(crate) async fn run(mut self) {
        let mut decider = None;
        let mut cpu = CpuRate::default();
        let mut looks = interval(LOOK_EVERY);
        // After a stall one look says it all.
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            let asked = *self.config.borrow_and_update();
            if asked != decider.as_ref().map(|(config, _)| *config) {
                decider = asked.map(|config| (config, Decider::new(config, Instant::now())));
            }
            let Some((config, decider)) = &mut decider else {
                self.readings.note_desired(0);
                if self.config.changed().await.is_err() {
                    return;
                }
                continue;
            };
            let cpu_percent = match config.target_cpu {
                Some(_) => cpu.percent(self.usage.cpu_times().await, Instant::now()),
                None => None,
            };
            let snapshot = Arc::clone(&self.snapshots.borrow());
            if snapshot.draining {
                return;
            }
            let seen = observe(&snapshot, cpu_percent);
            let decision = decider.decide(&seen, Instant::now());
            self.readings.note_desired(decision.desired);
            if let Some(step) = decision.step
                && self.owner.send(Input::Scale { to: step.to, changes: seen.changes, why: step.why }).is_err()
            {
                return;
            }
        }
    }
}

fn observe(snapshot: &Snapshot, cpu_percent: Option<f64>) -> Observed {
    let is_member = |view: &&BackendView| view.supervised && view.state != BackendState::Draining;
    let members = || snapshot.backends.iter().filter(is_member);
    let is_coming = |view: &&BackendView| view.state == BackendState::Starting && view.failures <= FAILURES_MAX;
    Observed {
        in_flight: members().filter_map(|view| view.backend.as_deref()).map(in_flight).sum(),
        cpu_percent,
        ready: members().filter(|view| view.state == BackendState::Ready).count() as u32,
        coming: members().filter(is_coming).count() as u32,
        target: snapshot.target,
        changes: snapshot.changes,
    }
}

fn in_flight(backend: &Backend) -> u64 {
    let waiting = backend.places().map_or(0, |places| u64::from(places.waiting()));
    backend.counters.open_sessions() + waiting
}

/// CPU time between two looks.
#[derive(Debug, Default)]
struct CpuRate {
    before: Option<(Instant, HashMap<BackendId, Duration>)>,
}

impl CpuRate {
    /// Of all that were there at both looks together, in percent of one CPU; `None` where none was.
    fn percent(&mut self, times: HashMap<BackendId, Duration>, now: Instant) -> Option<f64> {
        let (at, before) = self.before.replace((now, times.clone()))?;
        let used = times.iter().filter_map(|(id, time)| Some(time.saturating_sub(*before.get(id)?)));
        let used: Vec<Duration> = used.collect();
        let passed = now.duration_since(at).as_secs_f64();
        (!used.is_empty() && passed > 0.0).then(|| 100.0 * used.iter().sum::<Duration>().as_secs_f64() / passed)
    }
}

#[cfg(test)]
mod tests;
