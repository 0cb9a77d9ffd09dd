//! A new epoch whenever the mapping has changed: once for all that one word of the owner has brought.
//!
//! Whoever changes something says what it was ([`State::say_cause`]); whether that has made another mapping is found by
//! comparison, so nothing is counted twice and nothing is forgotten. What is applied and what is only planned are
//! compared by the same code. Neighbours: [`crate::membership::mapping`] has the words, [`super::State::apply_all`] asks.

use std::fmt::Write;
use std::sync::Arc;

use lb_core::ring::Owners;

use super::{Effect, Moment, State};
use crate::events::EventKind;
use crate::membership::mapping::{Mapping, Seated};

/// Of a list of names, so many are said.
const NAMES_SAID_MAX: usize = 8;

impl State {
    /// What has just been done, for the mapping that comes of it.
    pub(super) fn say_cause(&mut self, what: &str, names: &[Arc<str>]) {
        let mut cause = what.to_owned();
        for name in names.iter().take(NAMES_SAID_MAX) {
            // Writing to a string can't fail.
            let _written = write!(cause, " {name}");
        }
        if let Some(more) = names.len().checked_sub(NAMES_SAID_MAX).filter(|more| *more > 0) {
            let _written = write!(cause, " and {more} more");
        }
        self.causes.push(cause);
    }

    /// Compares what is wanted now with the newest mapping. Before each table; the slots are those of now.
    pub(super) fn note_mapping(&mut self, now: Moment) {
        // An `/add` that isn't decided may still be taken back.
        let members: Vec<Seated> =
            self.places.iter().filter(|place| place.call.is_none()).map(|place| place.seated()).collect();
        let causes = std::mem::take(&mut self.causes).join("; ");
        let newest = self.history.newest();
        let is_first = newest.cause.is_empty();
        if !is_first && newest.is_of(&members) {
            if newest.members != members {
                Arc::make_mut(&mut self.history).rename(members);
            }
            return;
        }
        let mut takers: Vec<_> =
            self.places.iter().filter(|place| place.takes_keys()).map(|place| place.seat.identity()).collect();
        takers.sort_unstable();
        let owners = Owners::new(&self.slots, |member| takers.binary_search(&member.seat.identity()).is_ok());
        debug_assert!(!causes.is_empty(), "whoever changes the mapping says so");
        let mapping = newest.next(now.wall, causes, members, owners);
        self.record_mapping(&mapping);
        let history = Arc::make_mut(&mut self.history);
        history.push(mapping);
    }

    fn record_mapping(&mut self, mapping: &Mapping) {
        let percent = |slots: f64| slots * 100.0 / f64::from(mapping.diff.slots);
        let detail = format!(
            "epoch {}: {}; {:.2} % moved, {:.2} % had to, {} slots needlessly",
            mapping.epoch,
            mapping.cause,
            percent(f64::from(mapping.diff.moved)),
            percent(mapping.diff.ideal),
            mapping.diff.unnecessary
        );
        self.effects.push(Effect::Record { kind: EventKind::Mapped, name: Arc::from("*"), seat: 0, detail });
    }
}

#[cfg(test)]
mod tests;
