//! A step of the autoscaler: more replicas under made-up names, or one fewer.
//!
//! Nobody waits for it, so it is like an `/add` with `wait=0`. It was decided by what was seen a moment ago: where a user
//! has changed something since, it is let be. Taken out is what costs least: one that isn't ready, else the newest; never
//! one that a user has named. Neighbours: [`super::change`] does the same by hand, [`crate::autoscale`] decides.

use std::sync::Arc;

use super::place::Place;
use super::{Effect, Moment, State};
use crate::events::EventKind;
use crate::membership::command::{Add, ChangeError};

/// Whose events these are.
const NAME: &str = "autoscale";

impl State {
    pub(super) fn scale(&mut self, to: u32, changes: u64, why: &str, now: Moment) {
        let from = self.supervised() as u32;
        if self.draining || changes != self.changes || self.limits.autoscale.is_none() || to == from {
            return;
        }
        let done = if to > from { self.scale_up(to - from, now) } else { self.scale_down(from - to, now) };
        let after = self.supervised();
        match done {
            Ok(()) => {
                self.scale_refused = None;
                self.say_cause(&format!("autoscale {from} -> {after}: {why}"), &[]);
                self.record_step(format!("{from} → {after}: {why}"));
            }
            Err(error) => {
                let refused = format!("{from} → {to} isn't possible: {error}");
                if self.scale_refused.as_ref() != Some(&refused) {
                    self.record_step(refused.clone());
                    self.scale_refused = Some(refused);
                }
            }
        }
    }

    fn scale_up(&mut self, more: u32, now: Moment) -> Result<(), StepRefused> {
        let request = Add { n: Some(more.into()), hostnames: Vec::new(), wait: std::time::Duration::ZERO };
        self.accept(&request, None, now)?;
        self.scaled.up += 1;
        Ok(())
    }

    fn scale_down(&mut self, fewer: u32, now: Moment) -> Result<(), StepRefused> {
        let is_ours = |(_, place): &(usize, &Place)| place.supervised && place.call.is_none() && !place.named;
        let mut ours: Vec<(usize, &Place)> = self.places.iter().enumerate().filter(is_ours).collect();
        ours.sort_by_key(|(index, place)| (place.is_ready(), std::cmp::Reverse(*index)));
        let names: Vec<Arc<str>> = ours.iter().take(fewer as usize).map(|(_, place)| Arc::clone(&place.name)).collect();
        if names.is_empty() {
            return Err(StepRefused::AllNamed);
        }
        for name in names {
            self.take_out(&name, "by the autoscaler".to_owned(), now);
        }
        self.scaled.down += 1;
        Ok(())
    }

    fn record_step(&mut self, detail: String) {
        self.effects.push(Effect::Record { kind: EventKind::Scaled, name: NAME.into(), seat: 0, detail });
    }
}

/// Why a step wasn't taken.
#[derive(Debug, thiserror::Error)]
enum StepRefused {
    #[error(transparent)]
    Change(#[from] ChangeError),
    #[error("all that are left were named by a user; /rm takes them out")]
    AllNamed,
}

#[cfg(test)]
mod tests;
