//! A reload: other settings while it runs, all of them or none.
//!
//! Who wrote them has checked that they go together; here is found out whether they go with what is there by now (names
//! that are taken, a ring that is full). If they don't, nothing has happened. What was changed through the admin API stays as long as
//! the settings say nothing else about it than before: a weight that was set holds until the settings name another one, and
//! the number of replicas until they ask for another. Neighbour: [`super::discovered`] applies a set of backends.

use std::cmp::Reverse;
use std::sync::Arc;
use std::time::Duration;

use super::{CallId, Effect, Moment, State};
use crate::config::Settings;
use crate::discovery::Source;
use crate::events::EventKind;
use crate::membership::command::{Add, ChangeError};

/// Whose event it is.
const NAME: &str = "configuration";

impl State {
    pub(super) fn configure(&mut self, call: CallId, settings: &Settings, now: Moment) {
        let before = self.clone();
        let done = if self.draining { Err(ChangeError::Stopping) } else { self.go_by(settings, now) };
        match &done {
            Ok(()) => {
                let (name, detail) = (NAME.into(), settings.what.clone());
                self.effects.push(Effect::Record { kind: EventKind::Reloaded, name, seat: 0, detail });
            }
            Err(_) => *self = before,
        }
        self.answer(call, done);
    }

    fn go_by(&mut self, settings: &Settings, now: Moment) -> Result<(), ChangeError> {
        self.limits.drain_timeout = Some(settings.drain_timeout).filter(|timeout| !timeout.is_zero());
        self.limits.max_ejected_percent = settings.max_ejected_percent;
        self.limits.autoscale = settings.autoscale;
        if let Some((replica, backend)) = &settings.checks {
            self.effects.push(Effect::CheckBy { replica: replica.clone(), backend: backend.clone() });
            (0..self.places.len()).for_each(|index| self.check_anew(index));
        }
        self.discovered(Source::Settings, settings.backends.clone(), now);
        if let Some(why) = self.skipped(Source::Settings) {
            return Err(ChangeError::Unfit(format!("--backend {why}")));
        }
        settings.replicas.map_or(Ok(()), |replicas| self.resize(replicas as usize, now))
    }

    /// More under made-up names, or fewer: first those that aren't ready, then the newest.
    fn resize(&mut self, replicas: usize, now: Moment) -> Result<(), ChangeError> {
        let present = self.supervised();
        if replicas > present {
            let more = Some((replicas - present) as u64);
            let names = self.accept(&Add { n: more, hostnames: Vec::new(), wait: Duration::ZERO }, None, now)?;
            self.say_cause("reload: add", &names);
        }
        let is_decided = |place: &&super::Place| place.supervised && place.call.is_none();
        let mut places: Vec<_> = self.places.iter().enumerate().filter(|(_, place)| is_decided(place)).collect();
        places.sort_by_key(|(index, place)| (place.is_ready(), Reverse(*index)));
        let fewer = present.saturating_sub(replicas);
        let names: Vec<Arc<str>> = places.iter().take(fewer).map(|(_, place)| Arc::clone(&place.name)).collect();
        if !names.is_empty() {
            self.say_cause("reload: rm", &names);
        }
        for name in names {
            self.take_out(&name, "by a reload".to_owned(), now);
        }
        self.changes += u64::from(replicas != present);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
