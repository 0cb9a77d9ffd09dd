//! When many fail their checks at once, it may be the checks that are wrong: who is routed to and given up on then.
//!
//! A member is *hung* where it was up, accepts connections (or swallows them) and gives no good answer in time. One of
//! many is taken out. When more than `--max-ejected` percent of the members would be out for that reason, or nobody else
//! is left, the checks are suspected, all hung ones are routed to again (fail open), and it is said loudly. Whoever refuses
//! connections, has ended, was frozen or was never up isn't hung and stays out: nobody errs about it.
//!
//! While the checks are suspected, hung replicas are replaced one at a time, the next only when the last replacement has
//! passed its checks. A pool that is really hung heals that way; if it is the checks, one replica is lost, not the pool.

use std::sync::Arc;
use std::time::Instant;

use super::place::Place;
use super::{Effect, State, life};
use crate::events::EventKind;

/// The members by what their checks say. An `/add` that isn't answered yet has none, and who is drained is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Census {
    ready: usize,
    hung: usize,
    /// Being replaced because they hung.
    given_up: usize,
    /// All that have an address, or had one when they were given up.
    members: usize,
}

impl Census {
    pub(super) fn of(places: &[Place]) -> Self {
        let mut census = Self::default();
        for place in places.iter().filter(|place| place.takes_keys()) {
            census.members += usize::from(place.alive().is_some() || place.given_up);
            census.given_up += usize::from(place.given_up);
            census.ready += usize::from(place.is_ready());
            census.hung += usize::from(place.is_hung());
        }
        census
    }

    /// Whether the checks are suspected rather than the members. Those that were given up still count: a suspicion
    /// doesn't end by what it has led to.
    pub(super) fn fails_open(self, max_ejected_percent: u32) -> bool {
        let out = (self.hung + self.given_up) as u64;
        self.hung > 0 && (self.ready == 0 || out * 100 > self.members as u64 * u64::from(max_ejected_percent))
    }
}

impl State {
    /// Takes note of what the checks say now. Before each table.
    pub(super) fn judge_checks(&mut self) {
        let census = Census::of(&self.places);
        let fails_open = census.fails_open(self.limits.max_ejected_percent);
        if fails_open == self.fails_open || self.stopping {
            return;
        }
        self.fails_open = fails_open;
        self.table_changed = true;
        let Census { hung, members, .. } = census;
        let (kind, what) = match fails_open {
            true => (EventKind::FailOpen, "the checks are suspected and those are routed to again (--max-ejected)"),
            false => (EventKind::FailOpenEnded, "the checks are believed again"),
        };
        self.fail_opens += u64::from(fails_open);
        let detail = format!("{hung} of {members} members give their checks no good answer; {what}");
        self.effects.push(Effect::Record { kind, name: Arc::from("*"), seat: 0, detail });
    }

    /// When the time alone changes something for a place.
    pub(super) fn deadline_of(&self, place: &Place) -> Option<Instant> {
        let waits = self.fails_open && place.is_hung() && self.places.iter().any(|other| other.given_up);
        life::deadline(place).filter(|_| !waits)
    }
}

#[cfg(test)]
mod tests;
