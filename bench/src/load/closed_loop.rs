//! Runs a [`Plan`]: `concurrency` clients, each sending its next request when the last one is answered.
//!
//! In a closed loop a slow balancer slows its clients down, so latencies say nothing about a fixed arrival rate.
//! Must run inside a `LocalSet`: the clients share the [`Tally`] without a lock.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Instant;

use tokio::task::JoinSet;

use super::{Client, Plan, Tally};

/// How far a run is, and the way to end it early. Clones share one state.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gauge(Rc<GaugeState>);

#[derive(Debug, Default)]
struct GaugeState {
    begun: Cell<u64>,
    done: Cell<u64>,
    stopped: Cell<bool>,
}

impl Gauge {
    /// Requests that have ended, answered or failed.
    pub(crate) fn done(&self) -> u64 {
        self.0.done.get()
    }

    /// No request is begun after this; those in flight are waited for.
    pub(crate) fn stop(&self) {
        self.0.stopped.set(true);
    }

    fn begin(&self, requests_max: u64) -> Option<u64> {
        let index = self.0.begun.get();
        if self.0.stopped.get() || index >= requests_max {
            return None;
        }
        self.0.begun.set(index + 1);
        Some(index)
    }

    fn end(&self) {
        self.0.done.set(self.0.done.get() + 1);
    }
}

/// Sends the plan's requests until one of its bounds is reached or the gauge is stopped.
pub(crate) async fn run(plan: &Plan, gauge: &Gauge) -> Tally {
    let started = Instant::now();
    let tally = Rc::new(RefCell::new(Tally::new()));
    let plan = Rc::new(plan.clone());
    let mut clients = JoinSet::new();
    for _ in 0..plan.concurrency {
        clients.spawn_local(ask_in_turn(Rc::clone(&plan), gauge.clone(), Rc::clone(&tally), started));
    }
    while let Some(ended) = clients.join_next().await {
        ended.expect("a client neither panics nor is cancelled");
    }
    let mut tally = Rc::try_unwrap(tally).expect("all clients have ended").into_inner();
    tally.elapsed = started.elapsed();
    tally
}

async fn ask_in_turn(plan: Rc<Plan>, gauge: Gauge, tally: Rc<RefCell<Tally>>, started: Instant) {
    let mut client = Client::new(plan.front, plan.connections, plan.request_timeout);
    while started.elapsed() < plan.time_max {
        let Some(index) = gauge.begin(plan.requests_max) else { return };
        let id = plan.id_at(index);
        let asked = Instant::now();
        match client.ask(id).await {
            Ok(replica) => tally.borrow_mut().answer(id, replica, asked.elapsed()),
            Err(kind) => {
                tally.borrow_mut().fail(kind);
                // A refused connect returns at once: let the others run, so that a dead front can't starve this thread.
                tokio::task::yield_now().await;
            }
        }
        gauge.end();
    }
}

#[cfg(test)]
mod tests;
