//! `/add` and `/rm`: accepted or refused as a whole, then committed or taken back.
//!
//! An accepted `/add` holds its names, seats and ring positions from that moment. Its places get no sessions and are not
//! listed until all of them are ready; then it is committed, and the answer is the list. Where one fails, or the time is
//! up, everything is given back. Nobody sees the half of it: `/rm` doesn't know its names yet, and another `/add` of one
//! of them waits until this one is decided, so the two have an order. Neighbour: [`super::life`] starts and stops.

use std::sync::Arc;
use std::time::Instant;

use lb_core::backend::{Seat, Weight};

use super::place::Place;
use super::{CallId, Effect, Moment, State};
use crate::config::AutoscaleConfig;
use crate::events::EventKind;
use crate::membership::command::{Add, ChangeError, Remove};
use crate::membership::mapping::Mapping;
use crate::membership::names::{is_hostname, shown};

/// An accepted `/add` whose replicas are not all ready.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) call: CallId,
    pub(super) deadline: Instant,
    /// As in [`crate::membership::change::Request`]; it must still hold at the end.
    pub(super) if_match: Vec<u64>,
    pub(super) end: End,
}

/// What is done when all its replicas are ready.
#[derive(Clone, Debug)]
pub(super) enum End {
    /// Nothing more.
    Add,
    /// Nothing more: so many was the number that was asked for.
    Target(u64),
    /// The rest of the way back to this mapping.
    Rollback(Arc<Mapping>),
}

impl End {
    /// What the names of those that were added stand behind.
    pub(super) fn cause(&self) -> String {
        match self {
            Self::Add => "add".to_owned(),
            Self::Target(n) => format!("target {n}: add"),
            Self::Rollback(to) => format!("rollback to {}:", to.epoch),
        }
    }
}

/// An `/add` that names what another one is still about to add.
#[derive(Clone, Debug)]
pub(super) struct Queued {
    call: CallId,
    request: Add,
    deadline: Instant,
    contended: String,
}

impl State {
    pub(super) fn add(&mut self, call: CallId, request: Add, now: Moment) {
        let deadline = (!request.wait.is_zero()).then(|| now.after(request.wait));
        self.add_until(call, request, deadline, now);
    }

    pub(super) fn remove(&mut self, call: CallId, request: &Remove, now: Moment) {
        let removed = self.remove_now(request, "rm", now);
        self.answer(call, removed);
    }

    /// `what`: the words before their names.
    pub(super) fn remove_now(&mut self, request: &Remove, what: &str, now: Moment) -> Result<(), ChangeError> {
        let names = self.choose_removed(request)?;
        self.changes += 1;
        self.say_cause(what, &names);
        for name in names {
            self.take_out(&name, String::new(), now);
        }
        Ok(())
    }

    /// One that counts no more; it drains.
    pub(super) fn take_out(&mut self, name: &str, why: String, now: Moment) {
        let place = self.take_place(name);
        self.numbers.free(place.seat.number());
        self.record(EventKind::Removed, &place.name, place.seat, why);
        self.leave(place, now);
    }

    /// Answers a call whose replicas are all ready now.
    pub(super) fn commit_if_ready(&mut self, call: CallId, now: Moment) {
        let mut places = self.places.iter_mut().filter(|place| place.call == Some(call));
        if !places.all(|place| place.is_ready()) {
            return;
        }
        let Some(index) = self.pending.iter().position(|pending| pending.call == call) else { return };
        let Pending { if_match, end, .. } = self.pending[index].clone();
        let still_holds = self.check_epoch(&if_match).and_then(|()| match &end {
            End::Rollback(to) => self.check_rollback(to),
            End::Add | End::Target(_) => Ok(()),
        });
        if let Err(error) = still_holds {
            return self.take_back(call, error, now);
        }
        let mut added = Vec::new();
        for place in self.places.iter_mut().filter(|place| place.call == Some(call)) {
            place.call = None;
            place.listed = true;
            added.push((Arc::clone(&place.name), place.seat));
        }
        for (name, seat) in &added {
            self.record(EventKind::Added, name, *seat, String::new());
        }
        let names: Vec<Arc<str>> = added.into_iter().map(|(name, _)| name).collect();
        self.say_cause(&end.cause(), &names);
        self.changes += 1;
        self.table_changed = true;
        self.pending.retain(|pending| pending.call != call);
        if let End::Rollback(to) = end {
            self.go_back_to(&to, now);
        }
        self.answer(call, Ok(()));
        self.retry_queued(now);
    }

    /// Gives back everything that a call had been given.
    pub(super) fn take_back(&mut self, call: CallId, error: ChangeError, now: Moment) {
        let is_rollback = |pending: &Pending| pending.call == call && matches!(pending.end, End::Rollback(_));
        let had_seats_before = self.pending.iter().any(is_rollback);
        while let Some(place) = self.places.iter().find(|place| place.call == Some(call)) {
            let name = Arc::clone(&place.name);
            let place = self.take_place(&name);
            match had_seats_before {
                true => self.numbers.free(place.seat.number()),
                false => self.numbers.give_back(place.seat.number()),
            }
            self.record(EventKind::Removed, &place.name, place.seat, format!("taken back: {error}"));
            self.leave(place, now);
        }
        self.changes += 1;
        self.pending.retain(|pending| pending.call != call);
        self.answer(call, Err(error));
        self.retry_queued(now);
    }

    /// Calls whose time is up.
    pub(super) fn end_late_calls(&mut self, now: Moment) {
        let late: Vec<CallId> = self.pending.iter().filter(|p| p.deadline <= now.at).map(|p| p.call).collect();
        for call in late {
            let unready = self.places.iter().find(|place| place.call == Some(call) && !place.is_ready());
            let name = unready.map(|place| place.name.to_string()).unwrap_or_default();
            self.take_back(call, ChangeError::NotReady(name), now);
        }
        let late = self.queued.extract_if(.., |queued| queued.deadline <= now.at);
        for queued in late.collect::<Vec<_>>() {
            self.answer(queued.call, Err(ChangeError::NotReady(queued.contended)));
        }
    }

    /// Every call that hasn't been answered gets this error; its places are left to the caller.
    pub(super) fn refuse_open_calls(&mut self, error: &ChangeError) {
        let pending = self.pending.drain(..).map(|pending| pending.call);
        let calls: Vec<CallId> = pending.chain(self.queued.drain(..).map(|queued| queued.call)).collect();
        for call in calls {
            self.answer(call, Err(error.clone()));
        }
    }

    pub(super) fn change_deadlines(&self) -> impl Iterator<Item = Instant> {
        self.pending.iter().map(|p| p.deadline).chain(self.queued.iter().map(|q| q.deadline))
    }

    /// `deadline`: none where nobody waits for the replicas.
    fn add_until(&mut self, call: CallId, request: Add, deadline: Option<Instant>, now: Moment) {
        let pending_name = |name: &&String| self.places.iter().any(|p| p.call.is_some() && *p.name == ***name);
        if let Some(deadline) = deadline
            && !self.draining
            && let Some(name) = request.hostnames.iter().find(pending_name)
        {
            let contended = name.clone();
            self.queued.push(Queued { call, request, deadline, contended });
            return;
        }
        let accepted = self.accept(&request, deadline.map(|_| call), now);
        self.changes += u64::from(accepted.as_ref().is_ok_and(|added| !added.is_empty()));
        match (accepted, deadline) {
            (Err(error), _) => self.answer(call, Err(error)),
            (Ok(added), Some(deadline)) if !added.is_empty() => {
                let pending = Pending { call, deadline, if_match: Vec::new(), end: End::Add };
                self.pending.push(pending);
            }
            (Ok(added), _) => {
                self.say_cause("add", &added);
                self.answer(call, Ok(()));
            }
        }
    }

    /// Checks a request, gives it names, seats and ring positions, and starts it. Says who was added.
    pub(super) fn accept(
        &mut self,
        request: &Add,
        call: Option<CallId>,
        now: Moment,
    ) -> Result<Vec<Arc<str>>, ChangeError> {
        let names = self.choose_added(request)?;
        let before = self.places.len();
        for name in &names {
            let number = self.numbers.give();
            let named = request.hostnames.iter().any(|given| **given == **name);
            let place = Place::new(Arc::clone(name), Seat::numbered(number), Weight::ONE, now);
            // With weight 1 and a seat of its own, there being no room is the only reason.
            if self.take_seat(Place { call, named, ..place }, &[]).is_err() {
                self.numbers.give_back(number);
                self.give_up_seats(before);
                return Err(ChangeError::RingFull);
            }
        }
        for index in before..self.places.len() {
            if call.is_none() {
                let (name, seat) = (Arc::clone(&self.places[index].name), self.places[index].seat);
                self.record(EventKind::Added, &name, seat, String::new());
            }
            self.launch(index, now);
        }
        self.places
            .iter_mut()
            .filter(|place| request.hostnames.iter().any(|given| **given == *place.name))
            .for_each(|place| place.named = true);
        Ok(names)
    }

    /// Undoes `take_seat` for every place from `first` on.
    fn give_up_seats(&mut self, first: usize) {
        while self.places.len() > first {
            let name = Arc::clone(&self.places[self.places.len() - 1].name);
            let place = self.take_place(&name);
            self.numbers.give_back(place.seat.number());
        }
    }

    fn choose_added(&mut self, request: &Add) -> Result<Vec<Arc<str>>, ChangeError> {
        if self.draining {
            return Err(ChangeError::Stopping);
        }
        let n = count(request.n, &request.hostnames, ChangeError::TooManyNamesToAdd)?;
        let mut names: Vec<Arc<str>> = Vec::new();
        for name in &request.hostnames {
            if self.index_of_name(name).is_none() && !names.iter().any(|other| **other == **name) {
                names.push(name.as_str().into());
            }
        }
        let made_up = n - request.hostnames.len() as u64;
        let present = self.supervised();
        let total = made_up.saturating_add((present + names.len()) as u64);
        if let Some(AutoscaleConfig { max, .. }) = self.limits.autoscale
            && made_up + (names.len() as u64) > 0
            && total > u64::from(max)
        {
            return Err(ChangeError::OverAutoscaleMax { n, max, present });
        }
        if total > u64::from(self.limits.replicas_max) {
            return Err(ChangeError::OverCap { n, max: self.limits.replicas_max, present });
        }
        // Before the first name is made up: a made-up name must not be one of those asked for.
        names.iter().for_each(|name| self.names.note(name));
        names.extend((0..made_up).map(|_| self.make_up_name()));
        Ok(names)
    }

    /// A name that was never used, as far back as that is remembered, and that nobody has now.
    pub(super) fn make_up_name(&mut self) -> Arc<str> {
        loop {
            let name = self.names.make_up(&mut self.rng);
            if self.index_of_name(&name).is_none() {
                return name;
            }
        }
    }

    /// What was asked for couldn't be written down: nothing of it is done.
    pub(super) fn not_saved(&mut self, calls: Vec<CallId>, now: Moment) {
        for call in calls {
            if self.pending.iter().any(|pending| pending.call == call) {
                self.take_back(call, ChangeError::NotSaved, now);
            } else {
                self.answer(call, Err(ChangeError::NotSaved));
            }
        }
    }

    fn choose_removed(&mut self, request: &Remove) -> Result<Vec<Arc<str>>, ChangeError> {
        if self.draining {
            return Err(ChangeError::Stopping);
        }
        let n = count(request.n, &request.hostnames, ChangeError::TooManyNamesToRemove)?;
        let mut chosen: Vec<Arc<str>> = Vec::new();
        for name in &request.hostnames {
            let place = self.places.iter().find(|place| *place.name == **name && place.call.is_none());
            let place = place.ok_or_else(|| ChangeError::UnknownName(shown(name)))?;
            if !place.supervised {
                return Err(ChangeError::NotAReplica(shown(name)));
            }
            if !chosen.contains(&place.name) {
                chosen.push(Arc::clone(&place.name));
            }
        }
        let is_removable = |place: &&Place| place.supervised && place.call.is_none() && !chosen.contains(&place.name);
        let mut others: Vec<&Place> = self.places.iter().filter(is_removable).collect();
        // By seat: replacements in between change the order of the names, and a plan is to hold all the same.
        others.sort_by_key(|place| place.seat.number());
        self.picks.shuffle(&mut others);
        let others = others.into_iter().map(|place| Arc::clone(&place.name));
        let at_random = n - request.hostnames.len() as u64;
        chosen.extend(others.take(usize::try_from(at_random).unwrap_or(usize::MAX)));
        Ok(chosen)
    }

    /// Takes a place out of the membership and out of the ring.
    pub(super) fn take_place(&mut self, name: &str) -> Place {
        let index = self.index_of_name(name).expect("the caller has just found it");
        let place = self.places.remove(index);
        self.ring.remove(&place.seat).expect("every place is a member of the ring");
        self.seats_changed = true;
        place
    }

    pub(super) fn index_of_name(&self, name: &str) -> Option<usize> {
        self.places.iter().position(|place| *place.name == *name)
    }

    fn retry_queued(&mut self, now: Moment) {
        for queued in std::mem::take(&mut self.queued) {
            self.add_until(queued.call, queued.request, Some(queued.deadline), now);
        }
    }

    pub(super) fn answer(&mut self, call: CallId, result: Result<(), ChangeError>) {
        self.effects.push(Effect::Answer(call, result));
    }
}

/// The n that a request means, its names checked.
fn count(n: Option<u64>, hostnames: &[String], too_many: ChangeError) -> Result<u64, ChangeError> {
    let n = n.unwrap_or(hostnames.len() as u64);
    if n == 0 {
        return Err(ChangeError::CountNotPositive);
    }
    if hostnames.len() as u64 > n {
        return Err(too_many);
    }
    match hostnames.iter().find(|name| !is_hostname(name)) {
        Some(bad) => Err(ChangeError::BadName(shown(bad))),
        None => Ok(n),
    }
}

#[cfg(test)]
mod tests;
