//! How long it takes from the first sign that a backend is lost until no worker routes to it any more. Pure.
//!
//! A sign is a connect that a worker had refused, a request that it lost, the end of a process, or the engine's event;
//! each carries the time at which it was seen, not the one at which we hear of it. What follows a good check is another
//! story and begins anew. Once a table without the backend is published its version is waited for, and when the last
//! worker routes by that one the time is told: as an event, and for the metric. Whoever leaves because somebody wanted it
//! to is no ejection, and neither is one that only the checks have found out: nobody knows since when it was gone.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use lb_core::backend::{Backend, BackendId, Seat};

use super::{Effect, Moment, State};
use crate::events::EventKind;

/// The first that was heard of a loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sign {
    pub(crate) kind: SignKind,
    /// When it was seen, by whoever saw it.
    pub(crate) at: Instant,
}

/// What was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignKind {
    /// A worker's connect was refused.
    Refused,
    /// A worker's connect got no answer in time.
    ConnectTimedOut,
    /// A worker's request was lost before the first byte of its response.
    LostRequest,
    /// Its end, or the engine's event.
    Ended,
    /// It was frozen, says the engine.
    Paused,
}

impl SignKind {
    fn in_words(self) -> &'static str {
        match self {
            Self::Refused => "a connect was refused",
            Self::ConnectTimedOut => "a connect got no answer",
            Self::LostRequest => "a request was lost",
            Self::Ended => "it ended",
            Self::Paused => "it was paused",
        }
    }
}

/// Those of whom something was heard, and those that are on their way out.
#[derive(Clone, Debug, Default)]
pub(super) struct Ejections {
    signs: HashMap<BackendId, Sign>,
    /// In order of version.
    leaving: Vec<Ejection>,
}

#[derive(Clone, Debug)]
struct Ejection {
    id: BackendId,
    version: u64,
    sign: Sign,
    name: Arc<str>,
    seat: Seat,
}

impl State {
    /// Something was heard of one that gets sessions; what came first counts.
    pub(super) fn note_sign(&mut self, id: BackendId, sign: Sign) {
        let gets_sessions = self.places.iter().any(|place| place.id() == Some(id) && place.routable().is_some());
        if gets_sessions {
            self.ejections.signs.entry(id).or_insert(sign);
        }
    }

    /// Nothing is wrong with it after all.
    pub(super) fn forget_sign(&mut self, id: BackendId) {
        self.ejections.signs.remove(&id);
    }

    /// It loses its place in the table of the next version.
    pub(super) fn eject(&mut self, index: usize) {
        let place = &self.places[index];
        let (name, seat) = (Arc::clone(&place.name), place.seat);
        let Some(id) = place.id() else { return };
        let Some(sign) = self.ejections.signs.remove(&id) else { return };
        let version = self.version + 1;
        self.ejections.leaving.push(Ejection { id, version, sign, name, seat });
    }

    /// Every worker routes by this version or a newer one: tells of those that are out.
    pub(super) fn applied(&mut self, version: u64, now: Moment) {
        self.applied = self.applied.max(version);
        let out: Vec<Ejection> =
            self.ejections.leaving.extract_if(.., |ejection| ejection.version <= self.applied).collect();
        for Ejection { sign, name, seat, .. } in out {
            let took = now.at.saturating_duration_since(sign.at);
            let detail = format!("{:.1} ms after {}", took.as_secs_f64() * 1000.0, sign.kind.in_words());
            self.effects.push(Effect::Ejected(took));
            self.record(EventKind::Ejected, &name, seat, detail);
        }
    }
}

impl Ejections {
    /// This table goes out now. Whoever is in it after all (the checks are suspected, or all are frozen) isn't leaving, and
    /// of whoever isn't in it no sign is needed any more.
    pub(super) fn published(&mut self, version: u64, routable: &[Arc<Backend>]) {
        let is_in = |id: BackendId| routable.iter().any(|backend| backend.id == id);
        self.leaving.retain(|ejection| ejection.version != version || !is_in(ejection.id));
        self.signs.retain(|id, _| is_in(*id));
    }
}

#[cfg(test)]
mod tests;
