//! The load of A-3 and `outage`: clients that ask on and on until they are stopped, and a log of what they saw and when.
//!
//! Other than a [`crate::load::run`] it is looked at while it runs: how many requests a replica holds right now, as far as
//! clients can know (the ids in flight that it answered last), and when a replica answered for the first time. What a kill
//! really interrupted is known only afterwards ([`Stream::interrupted`]): an answer may have been on its way already. A
//! client never retries. Must run inside a `LocalSet`; dropping the [`Stream`] ends its clients.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::timeline::Timeline;
use crate::load::{Client, Connections, Tally};

/// Ids asked for, over and over: few enough that each one's replica is known again soon after a change.
const IDS: u64 = 2_000;
/// A request that takes longer has failed.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// A client whose request failed begins its next one after this, so that a dead front isn't asked in a tight loop.
const AFTER_FAILURE: Duration = Duration::from_millis(10);
/// Failures whose time is kept: 100 kills of 240 requests, twice.
const FAILURES_MAX: usize = 50_000;

/// Clients at work.
#[derive(Debug)]
pub(super) struct Stream {
    shared: Rc<Shared>,
    clients: JoinSet<()>,
}

#[derive(Debug)]
struct Shared {
    started: Instant,
    stopped: Cell<bool>,
    next_id: Cell<u64>,
    log: RefCell<Log>,
}

/// What the clients saw. Times are milliseconds since the stream's start.
#[derive(Clone, Debug)]
pub(super) struct Log {
    /// Answered, failed, latencies.
    pub(super) tally: Tally,
    /// Over time.
    pub(super) timeline: Timeline,
    /// In the order of their ends.
    pub(super) failures: Vec<Failure>,
    replicas: Vec<Replica>,
    replica_of_id: HashMap<u64, usize>,
    kill: Option<KillSeen>,
}

/// A request that failed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failure {
    /// When it was sent.
    pub(super) asked_ms: f64,
    /// When its client knew.
    pub(super) at_ms: f64,
}

/// The last kill, as clients see it.
#[derive(Clone, Debug)]
struct KillSeen {
    victim: usize,
    /// When it was gone; as long as that isn't known, later than anything.
    at: Option<Instant>,
    /// When the requests were sent that ended without its answer.
    interrupted: Vec<Instant>,
}

impl KillSeen {
    fn interrupted(&self) -> u64 {
        let held = |asked: &&Instant| self.at.is_none_or(|at| **asked <= at);
        self.interrupted.iter().filter(held).count() as u64
    }
}

#[derive(Clone, Debug)]
struct Replica {
    name: String,
    first_answer_ms: f64,
    /// Requests under way for ids that it answered last.
    in_flight: u64,
}

impl Stream {
    /// Starts `concurrency` clients.
    pub(super) fn start(front: SocketAddr, concurrency: usize) -> Self {
        let shared = Rc::new(Shared {
            started: Instant::now(),
            stopped: Cell::new(false),
            next_id: Cell::new(0),
            log: RefCell::new(Log::new()),
        });
        let mut clients = JoinSet::new();
        for _ in 0..concurrency {
            clients.spawn_local(ask_on(front, Rc::clone(&shared)));
        }
        Self { shared, clients }
    }

    /// Milliseconds since the start.
    pub(super) fn at_ms(&self, instant: Instant) -> f64 {
        self.shared.at_ms(instant)
    }

    /// Requests under way that `name` should have.
    pub(super) fn in_flight(&self, name: &str) -> u64 {
        let log = self.shared.log.borrow();
        log.replicas.iter().find(|replica| replica.name == name).map_or(0, |replica| replica.in_flight)
    }

    /// When `name` answered for the first time.
    pub(super) fn first_answer_ms(&self, name: &str) -> Option<f64> {
        let log = self.shared.log.borrow();
        log.replicas.iter().find(|replica| replica.name == name).map(|replica| replica.first_answer_ms)
    }

    /// `name` is being killed, which may take a while: from here on its interrupted requests are counted.
    pub(super) fn kill(&self, name: &str) {
        let mut log = self.shared.log.borrow_mut();
        let victim = log.replicas.iter().position(|replica| replica.name == name);
        log.kill = victim.map(|victim| KillSeen { victim, at: None, interrupted: Vec::new() });
    }

    /// The victim of the last kill was gone then: what was sent later, it never had.
    pub(super) fn gone(&self, at: Instant) {
        if let Some(kill) = &mut self.shared.log.borrow_mut().kill {
            kill.at = Some(at);
        }
    }

    /// Requests that were under way to the victim of the last kill and have ended since without its answer: failed, or
    /// answered by another.
    pub(super) fn interrupted(&self) -> u64 {
        self.shared.log.borrow().kill.as_ref().map_or(0, KillSeen::interrupted)
    }

    /// Lets requests under way end, and gives out what was seen.
    pub(super) async fn stop(mut self) -> Log {
        self.shared.stopped.set(true);
        while let Some(ended) = self.clients.join_next().await {
            ended.expect("a client neither panics nor is cancelled");
        }
        let mut log = self.shared.log.borrow().clone();
        log.tally.elapsed = self.shared.started.elapsed();
        log
    }
}

impl Log {
    fn new() -> Self {
        Self {
            tally: Tally::new(),
            timeline: Timeline::default(),
            failures: Vec::new(),
            replicas: Vec::new(),
            replica_of_id: HashMap::new(),
            kill: None,
        }
    }

    /// The name of the replica that the timeline counts under `index`.
    pub(super) fn name(&self, index: usize) -> Option<&str> {
        self.replicas.get(index).map(|replica| replica.name.as_str())
    }

    /// A request that `holder` should have had has ended, answered by `answerer` or not at all.
    fn ended(&mut self, holder: usize, asked: Instant, answerer: Option<&str>) {
        if let Some(kill) = &mut self.kill
            && holder == kill.victim
            && answerer != Some(self.replicas[holder].name.as_str())
        {
            kill.interrupted.push(asked);
        }
    }

    fn replica(&mut self, name: &str, at_ms: f64) -> usize {
        // A replica that came last is looked for first: over a hundred kills the old ones pile up.
        self.replicas.iter().rposition(|replica| replica.name == name).unwrap_or_else(|| {
            self.replicas.push(Replica { name: name.to_owned(), first_answer_ms: at_ms, in_flight: 0 });
            self.replicas.len() - 1
        })
    }
}

impl Shared {
    fn at_ms(&self, instant: Instant) -> f64 {
        instant.saturating_duration_since(self.started).as_secs_f64() * 1000.0
    }
}

async fn ask_on(front: SocketAddr, shared: Rc<Shared>) {
    let mut client = Client::new(front, Connections::OnePerRequest, REQUEST_TIMEOUT);
    while !shared.stopped.get() {
        let id = 1 + shared.next_id.get() % IDS;
        shared.next_id.set(id);
        let holder = shared.log.borrow().replica_of_id.get(&id).copied();
        if let Some(holder) = holder {
            shared.log.borrow_mut().replicas[holder].in_flight += 1;
        }
        let asked = Instant::now();
        let answer = client.ask(id).await;
        let at_ms = shared.at_ms(Instant::now());
        let failed = answer.is_err();
        // Given back before the wait: the others write into the same log.
        {
            let mut log = shared.log.borrow_mut();
            if let Some(holder) = holder {
                log.replicas[holder].in_flight -= 1;
                log.ended(holder, asked, answer.as_ref().ok().copied());
            }
            match answer {
                Ok(name) => {
                    let replica = log.replica(name, at_ms);
                    log.replica_of_id.insert(id, replica);
                    log.timeline.answer(at_ms, replica);
                    log.tally.answer(id, name, asked.elapsed());
                }
                Err(kind) => {
                    log.timeline.fail(at_ms);
                    log.tally.fail(kind);
                    if log.failures.len() < FAILURES_MAX {
                        let asked_ms = shared.at_ms(asked);
                        log.failures.push(Failure { asked_ms, at_ms });
                    }
                }
            }
        }
        if failed {
            sleep(AFTER_FAILURE).await;
        }
    }
}

#[cfg(test)]
mod tests;
