//! A strict change: judged by its condition, then made, or planned by making it to a copy.
//!
//! [`State::plan`] and the change itself go through the same code, so that a plan can't promise what a change doesn't
//! keep; they only differ in that nobody waits for the replicas of a plan. A change that adds some waits for them like an
//! `/add` and is committed or taken back with its call (`change`). Neighbours: `edit`, `rollback`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::change::{End, Pending};
use super::{CallId, Moment, State};
use crate::membership::change::{Change, Changed, Request};
use crate::membership::command::{Add, ChangeError, Remove};
use crate::membership::mapping::Mapping;
use crate::membership::names::shown;

/// Who waits for new replicas, and until when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiter {
    pub(super) call: CallId,
    deadline: Instant,
}

impl State {
    pub(super) fn request(&mut self, call: CallId, request: &Request, now: Moment) {
        match self.make(Some(call), request, now) {
            Err(error) => self.answer(call, Err(error)),
            Ok(None) => self.answer(call, Ok(())),
            Ok(Some((waiter, end))) => {
                let Waiter { call, deadline } = waiter;
                self.pending.push(Pending { call, deadline, if_match: request.if_match.clone(), end });
            }
        }
    }

    /// What would come of it. The replicas that it would add count as ready.
    pub(crate) fn plan(&self, request: &Request, now: Moment) -> Result<Changed, ChangeError> {
        let mut planned = self.clone();
        planned.make(None, request, now)?;
        for place in &mut planned.places {
            let is_new = !self.places.iter().any(|before| before.seat == place.seat);
            place.listed |= is_new && place.call.is_none();
        }
        planned.publish_changes(now);
        let (before, after) = (Arc::clone(self.history.newest()), Arc::clone(planned.history.newest()));
        Ok(Changed { snapshot: Arc::new(planned.snapshot()), before, after })
    }

    /// The mappings before and after the inputs that were taken in last.
    pub(crate) fn last_step(&self) -> (Arc<Mapping>, Arc<Mapping>) {
        (Arc::clone(&self.before), Arc::clone(self.history.newest()))
    }

    /// Makes it; who waits for its replicas, where somebody has to.
    fn make(
        &mut self,
        call: Option<CallId>,
        request: &Request,
        now: Moment,
    ) -> Result<Option<(Waiter, End)>, ChangeError> {
        if self.draining {
            return Err(ChangeError::Stopping);
        }
        self.check_epoch(&request.if_match)?;
        let waiter = |wait: Duration| {
            let call = call.filter(|_| !wait.is_zero())?;
            Some(Waiter { call, deadline: now.after(wait) })
        };
        match &request.change {
            Change::Add(add) => {
                self.check_new_names(&add.hostnames)?;
                self.add_for(add, waiter(add.wait), End::Add, now)
            }
            Change::Remove(remove) => self.remove_now(remove, "rm", now).map(|()| None),
            Change::Edit { name, edit } => self.edit(name, edit).map(|()| None),
            Change::Target { n, wait } => self.retarget(*n, waiter(*wait), now),
            Change::Rollback { epoch, wait } => self.roll_back(*epoch, waiter(*wait), now),
        }
    }

    /// Whether the mapping has one of these numbers; of none, any will do.
    pub(super) fn check_epoch(&self, if_match: &[u64]) -> Result<(), ChangeError> {
        let epoch = self.history.newest().epoch;
        if if_match.is_empty() || if_match.contains(&epoch) { Ok(()) } else { Err(ChangeError::EpochIs { epoch }) }
    }

    /// Also those that an undecided call is about to add.
    fn check_new_names(&self, names: &[String]) -> Result<(), ChangeError> {
        let is_taken =
            |(index, name): &(usize, &String)| self.index_of_name(name).is_some() || names[..*index].contains(*name);
        match names.iter().enumerate().find(is_taken) {
            Some((_, taken)) => Err(ChangeError::NameTaken(shown(taken))),
            None => Ok(()),
        }
    }

    fn retarget(&mut self, n: u64, waiter: Option<Waiter>, now: Moment) -> Result<Option<(Waiter, End)>, ChangeError> {
        let present = self.supervised() as u64;
        if n > present {
            let add = Add { n: Some(n - present), hostnames: Vec::new(), wait: Duration::ZERO };
            return self.add_for(&add, waiter, End::Target(n), now);
        }
        if n < present {
            let remove = Remove { n: Some(present - n), hostnames: Vec::new() };
            self.remove_now(&remove, &format!("target {n}: rm"), now)?;
        }
        Ok(None)
    }

    fn add_for(
        &mut self,
        add: &Add,
        waiter: Option<Waiter>,
        end: End,
        now: Moment,
    ) -> Result<Option<(Waiter, End)>, ChangeError> {
        let names = self.accept(add, waiter.map(|waiter| waiter.call), now)?;
        self.changes += 1;
        match waiter {
            Some(waiter) => Ok(Some((waiter, end))),
            None => {
                self.say_cause(&end.cause(), &names);
                Ok(None)
            }
        }
    }
}

#[cfg(test)]
mod tests;
