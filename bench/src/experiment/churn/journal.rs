//! What lb says that happened, and who was there when: `/v1/events`, replayed. Pure.
//!
//! Events have numbers without gaps, so that it is known that none is missing. Between two events the membership is as the
//! first of them has left it: [`Journal::states`]. A replacement counts at once and is listed when it is ready.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::balancer::admin::Event;

/// Everything that happened, replayed.
#[derive(Debug, Default)]
pub(super) struct Journal {
    /// In order; each from its event to the next one's.
    pub(super) states: Vec<State>,
    /// Who counts in the end.
    pub(super) present: BTreeSet<String>,
    /// By calls that were carried out, a replica each.
    pub(super) added: usize,
    pub(super) removed: usize,
    /// Replicas that ended by themselves, or were killed.
    pub(super) died: usize,
    /// Every process that was started.
    pub(super) pids: BTreeSet<i32>,
    /// What can't be.
    pub(super) violations: Vec<String>,
    listed: BTreeSet<String>,
    /// Started, but not (yet) added.
    pending: HashSet<String>,
    made_up_before: HashSet<String>,
}

/// The membership after an event.
#[derive(Clone, Debug)]
pub(super) struct State {
    /// By lb's clock.
    pub(super) at_ms: f64,
    /// Of the names that `/rep` lists.
    pub(super) fingerprint: u64,
    /// What the event has changed: a name that counts from now on (`true`), or no longer.
    pub(super) change: Option<(String, bool)>,
    /// It was a removal by `/rm`.
    pub(super) is_removal: bool,
}

/// The same for equal sets of names, whatever their order.
pub(super) fn fingerprint<'a>(names: impl IntoIterator<Item = &'a String>) -> u64 {
    let hash = |name: &String| {
        let mut hasher = DefaultHasher::new();
        name.hash(&mut hasher);
        hasher.finish()
    };
    names.into_iter().map(hash).fold(0, |all, one| all ^ one)
}

impl Journal {
    /// Replays events from the moment at which `first` were ready, all of them.
    pub(super) fn replay(first: &[String], events: &[Event]) -> Self {
        let all: BTreeSet<String> = first.iter().cloned().collect();
        let mut journal = Self { present: all.clone(), listed: all, ..Self::default() };
        journal.states.push(State { at_ms: 0.0, fingerprint: fingerprint(first), change: None, is_removal: false });
        for pair in events.windows(2) {
            if pair[1].id != pair[0].id + 1 {
                journal.violations.push(format!("events {} to {} are missing", pair[0].id, pair[1].id));
            }
        }
        for event in events {
            journal.take(event);
        }
        for name in &journal.pending {
            journal.violations.push(format!("{name} was started, and never added or taken back"));
        }
        journal
    }

    fn take(&mut self, event: &Event) {
        let name = &event.name;
        let change = match event.kind.as_str() {
            "added" => {
                self.added += 1;
                self.enter(name, "added")
            }
            "replacing" => self.enter(name, "made up for a dead one"),
            "removed" if event.detail.starts_with("taken back") => {
                self.pending.remove(name);
                None
            }
            "removed" => {
                self.removed += 1;
                self.leave(name, "removed")
            }
            "died" => {
                self.died += 1;
                self.leave(name, "died")
            }
            "started" => {
                self.pids.extend(
                    event.detail.strip_prefix("pid ").and_then(|rest| rest.split(',').next()?.parse::<i32>().ok()),
                );
                self.note_started(name);
                None
            }
            "ready" => {
                if self.present.contains(name) {
                    self.listed.insert(name.clone());
                }
                None
            }
            _ => None,
        };
        let is_removal = event.kind == "removed" && change.is_some();
        self.states.push(State { at_ms: event.at_ms, fingerprint: fingerprint(&self.listed), change, is_removal });
    }

    fn enter(&mut self, name: &str, how: &str) -> Option<(String, bool)> {
        if !self.present.insert(name.to_owned()) {
            self.violations.push(format!("{name} was {how} although it was there"));
        }
        if how == "added" {
            // Answered when it was ready.
            self.listed.insert(name.to_owned());
        } else if !self.made_up_before.insert(name.to_owned()) {
            self.violations.push(format!("{name} was {how}, and there was one of that name before"));
        }
        self.pending.remove(name);
        Some((name.to_owned(), true))
    }

    fn leave(&mut self, name: &str, how: &str) -> Option<(String, bool)> {
        if !self.present.remove(name) {
            self.violations.push(format!("{name} {how} although it wasn't there"));
        }
        self.listed.remove(name);
        Some((name.to_owned(), false))
    }

    /// Of those that count a process is started again and again; of others only by a call, which says what came of it.
    fn note_started(&mut self, name: &str) {
        if !self.present.contains(name) {
            self.pending.insert(name.to_owned());
        }
    }

    /// The states that held at some time from `from_ms` to `to_ms`.
    pub(super) fn during(&self, from_ms: f64, to_ms: f64) -> &[State] {
        let first = self.states.partition_point(|state| state.at_ms < from_ms).saturating_sub(1);
        let end = self.states.partition_point(|state| state.at_ms <= to_ms);
        &self.states[first.min(end)..end]
    }

    /// For each name, whether it counted before each state; for look-ups of absence.
    pub(super) fn absences(&self) -> HashMap<String, Vec<(f64, f64)>> {
        let mut absent_since: HashMap<String, f64> = HashMap::new();
        let mut absences: HashMap<String, Vec<(f64, f64)>> = HashMap::new();
        for state in &self.states {
            match &state.change {
                Some((name, true)) => {
                    let since = absent_since.remove(name).unwrap_or(0.0);
                    absences.entry(name.clone()).or_default().push((since, state.at_ms));
                }
                Some((name, false)) => drop(absent_since.insert(name.clone(), state.at_ms)),
                None => {}
            }
        }
        for (name, since) in absent_since {
            absences.entry(name).or_default().push((since, f64::INFINITY));
        }
        absences
    }
}
