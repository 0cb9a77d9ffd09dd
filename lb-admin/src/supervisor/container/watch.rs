//! What happens to our containers: one event stream, and a list by label every few seconds.
//!
//! Events are hints that come at once; streams break, and one that hangs says nothing. The list is the truth: whatever an
//! event should have said follows from the next list. An engine that doesn't answer says nothing about replicas, so
//! nothing is concluded from it: they go on, checked by their health, and one word is logged when it begins and when it
//! is over. Each container's replica hears what concerns it through a channel of its own.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use tokio::sync::{Notify, mpsc};
use tokio::time::{sleep, timeout};

use super::super::docker::{Condition, Engine, EngineError, Event, Happening, Listed};
use super::ledger::Ledger;
use super::removal::Removals;
use super::spec::{is_of_run, replica_of};

/// Between two lists.
const LIST_INTERVAL: Duration = Duration::from_secs(3);
/// Between two attempts at an event stream, doubling up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// What happened to a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fact {
    Paused,
    Unpaused,
    /// It doesn't run any more, or no longer the program that we started.
    Died,
    /// It isn't there any more.
    Removed,
}

/// Those who want to hear, and what is known.
#[derive(Debug)]
pub(super) struct Watch {
    engine: Arc<Engine>,
    removals: Removals,
    own_label: String,
    run: String,
    ledger: Mutex<Ledger>,
    entries: Mutex<HashMap<String, Entry>>,
    running: AtomicBool,
    /// The engine said nothing when it was last asked.
    silent: AtomicBool,
    /// The event stream has been broken: a container may have been restarted without a trace in the list.
    gap: AtomicBool,
    look_now: Notify,
}

#[derive(Debug)]
struct Entry {
    facts: mpsc::UnboundedSender<(Fact, Instant)>,
    /// A list that was asked for earlier can't hold it.
    since: Instant,
    paused: bool,
    /// Of the start that was ours; empty until it is known.
    started_at: String,
}

impl Watch {
    pub(super) fn new(engine: Arc<Engine>, removals: Removals, own_label: String, run: String) -> Arc<Self> {
        Arc::new(Self {
            engine,
            removals,
            own_label,
            run,
            ledger: Mutex::default(),
            entries: Mutex::default(),
            running: AtomicBool::new(false),
            silent: AtomicBool::new(false),
            gap: AtomicBool::new(false),
            look_now: Notify::new(),
        })
    }

    /// Begins to watch, at the first call. Needs a runtime, which isn't there yet when the launcher is made.
    pub(super) fn begin(self: &Arc<Self>) {
        if !self.running.swap(true, Ordering::Relaxed) {
            tokio::spawn(Arc::clone(self).listen());
            tokio::spawn(Arc::clone(self).patrol());
        }
    }

    /// What happens to a container from now on, and since when it is known.
    pub(super) fn register(&self, id: &str) -> mpsc::UnboundedReceiver<(Fact, Instant)> {
        let (facts, receiver) = mpsc::unbounded_channel();
        let entry = Entry { facts, since: Instant::now(), paused: false, started_at: String::new() };
        self.entries().insert(id.to_owned(), entry);
        receiver
    }

    /// It was started at that time; another time later is another start.
    pub(super) fn started(&self, id: &str, started_at: String) {
        if let Some(entry) = self.entries().get_mut(id) {
            entry.started_at = started_at;
        }
    }

    /// Nobody listens any more.
    pub(super) fn unregister(&self, id: &str) {
        self.entries().remove(id);
    }

    /// The book of incarnations.
    pub(super) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something may have changed that no event tells.
    pub(super) fn look_soon(&self) {
        self.look_now.notify_one();
    }

    async fn patrol(self: Arc<Self>) {
        loop {
            self.look().await;
            let _asked_or_time = timeout(LIST_INTERVAL, self.look_now.notified()).await;
        }
    }

    /// Asks for the list and draws the conclusions.
    pub(super) async fn look(&self) {
        let asked_at = Instant::now();
        let listed = match self.engine.list(&self.own_label).await {
            Ok(listed) => listed,
            Err(error) => return self.note_silence(&error),
        };
        if self.silent.swap(false, Ordering::Relaxed) {
            tracing::info!("the Docker engine answers again");
        }
        self.conclude(&listed, asked_at);
        if self.gap.swap(false, Ordering::Relaxed) {
            self.find_restarted(&listed).await;
        }
    }

    fn conclude(&self, listed: &[Listed], asked_at: Instant) {
        for container in listed {
            let fact = match container.condition {
                Condition::Created => None,
                Condition::Running => Some(Fact::Unpaused),
                Condition::Paused => Some(Fact::Paused),
                Condition::Ended => Some(Fact::Died),
            };
            let is_registered = self.entries().contains_key(&container.id);
            match (is_registered, fact) {
                (true, Some(fact)) => self.tell(&container.id, fact, Instant::now()),
                (true, None) => {}
                (false, _) => self.remove_if_stray(container),
            }
        }
        let missing = |(id, entry): (&String, &Entry)| {
            (entry.since < asked_at && listed.iter().all(|container| container.id != *id)).then(|| id.clone())
        };
        let missing: Vec<String> = self.entries().iter().filter_map(missing).collect();
        missing.iter().for_each(|id| self.tell(id, Fact::Removed, Instant::now()));
    }

    fn remove_if_stray(&self, container: &Listed) {
        let Listed { labels, .. } = container;
        let is_ours = is_of_run(labels, &self.run);
        let is_stray = replica_of(labels).is_some_and(|id| self.ledger().is_stray(id, is_ours));
        // A dead one that is kept for a while has its time; one that somebody has started again hasn't.
        let is_kept = container.condition == Condition::Ended && self.removals.includes(&container.id);
        if is_stray && !is_kept {
            self.removals.begin(&container.id, Duration::ZERO);
        }
    }

    /// A container that was restarted while nobody listened looks as if nothing had happened.
    async fn find_restarted(&self, listed: &[Listed]) {
        for container in listed.iter().filter(|container| container.condition == Condition::Running) {
            let of_ours = self.entries().get(&container.id).map(|entry| entry.started_at.clone());
            let Some(of_ours) = of_ours.filter(|started_at| !started_at.is_empty()) else { continue };
            match self.engine.inspect(&container.id).await {
                Ok(now) if now.started_at != of_ours => self.tell(&container.id, Fact::Died, Instant::now()),
                Ok(_) | Err(EngineError::NotFound(_)) => {}
                // Looked at again after the next list.
                Err(_) => return self.gap.store(true, Ordering::Relaxed),
            }
        }
    }

    async fn listen(self: Arc<Self>) {
        let mut pause = FIRST_PAUSE;
        loop {
            if let Ok(mut events) = self.engine.events(&self.own_label).await {
                self.look_soon();
                while let Some(Ok(event)) = events.next().await {
                    pause = FIRST_PAUSE;
                    self.note(&event);
                }
            }
            self.gap.store(true, Ordering::Relaxed);
            self.look_soon();
            sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    fn note(&self, event: &Event) {
        match event.what {
            Happening::Died => self.tell(&event.id, Fact::Died, event.at),
            Happening::Removed => self.tell(&event.id, Fact::Removed, event.at),
            Happening::Paused => self.tell(&event.id, Fact::Paused, event.at),
            Happening::Unpaused => self.tell(&event.id, Fact::Unpaused, event.at),
            // Ours, or one of ours that we have given up: the list tells them apart.
            Happening::Started if self.entries().contains_key(&event.id) => {}
            Happening::Started => self.look_soon(),
        }
    }

    /// Passes a fact on where it is news.
    fn tell(&self, id: &str, fact: Fact, at: Instant) {
        let mut entries = self.entries();
        let Some(entry) = entries.get_mut(id) else { return };
        match fact {
            Fact::Paused | Fact::Unpaused => {
                let paused = fact == Fact::Paused;
                if std::mem::replace(&mut entry.paused, paused) != paused {
                    let _nobody_listens = entry.facts.send((fact, at));
                }
            }
            Fact::Died | Fact::Removed => {
                let _nobody_listens = entry.facts.send((fact, at));
                entries.remove(id);
            }
        }
    }

    fn note_silence(&self, error: &EngineError) {
        if !self.silent.swap(true, Ordering::Relaxed) {
            tracing::warn!("{error}; replicas are taken to live on, nothing is started or removed until it answers");
        }
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<String, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
