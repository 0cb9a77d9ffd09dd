//! Back to an earlier mapping: its seats, weights, limits and drained flags, hence every slot to whom it belonged then.
//!
//! Seats that are gone get new replicas in those very seats, under made-up names (a name never comes back); seats that
//! came since are removed and drain. What lb doesn't run can't be made or removed here, so a mapping with other
//! `--backend`s or discovered ones is refused. The new replicas are waited for like those of an `/add`; until then nobody
//! is removed, and where one fails nothing has changed.

use std::sync::Arc;

use super::change::End;
use super::place::Place;
use super::request::Waiter;
use super::{Moment, State};
use crate::membership::command::ChangeError;
use crate::membership::mapping::{Mapping, Seated};

impl State {
    pub(super) fn roll_back(
        &mut self,
        epoch: u64,
        waiter: Option<Waiter>,
        now: Moment,
    ) -> Result<Option<(Waiter, End)>, ChangeError> {
        let to = self.history.get(epoch).map(Arc::clone).ok_or(ChangeError::UnknownEpoch(epoch))?;
        if !self.pending.is_empty() {
            return Err(ChangeError::Busy);
        }
        self.check_foreign(&to)?;
        let missing: Vec<&Seated> = to.members.iter().filter(|member| self.index_of_seat(member).is_none()).collect();
        self.check_replicas_max(to.members.iter().filter(|member| member.supervised).count())?;
        self.seat_again(&missing, waiter, now)?;
        self.changes += 1;
        match waiter.filter(|_| !missing.is_empty()) {
            Some(waiter) => Ok(Some((waiter, End::Rollback(to)))),
            None => {
                self.go_back_to(&to, now);
                Ok(None)
            }
        }
    }

    /// Whether what a rollback has found when it began still holds, now that its replicas are ready.
    pub(super) fn check_rollback(&self, to: &Mapping) -> Result<(), ChangeError> {
        let all_there = to.members.iter().all(|member| self.index_of_seat(member).is_some());
        // Another call may hold places on the circle that are to be given back to whom they belonged.
        if !all_there || self.pending.len() > 1 {
            return Err(ChangeError::Busy);
        }
        self.check_foreign(to)
    }

    /// Everybody of `to` is there and nobody's call is undecided: the others leave, and those that stay are as they were.
    pub(super) fn go_back_to(&mut self, to: &Mapping, now: Moment) {
        let surplus = self.places.iter().filter(|place| to.member(&place.seat).is_none());
        for name in surplus.map(|place| Arc::clone(&place.name)).collect::<Vec<_>>() {
            self.take_out(&name, format!("by the rollback to epoch {}", to.epoch), now);
        }
        self.give_places_back(to);
        // The lighter ones first: so the sum never exceeds what it was before or is afterwards.
        let mut members: Vec<&Seated> = to.members.iter().collect();
        let grows =
            |member: &&Seated| self.index_of_seat(member).map(|index| self.places[index].weight < member.weight);
        members.sort_by_key(grows);
        for member in members {
            let Some(index) = self.index_of_seat(member) else { continue };
            self.set_weight(index, member.weight).expect("the ring has had these weights together");
            self.set_drained(index, member.drained);
            self.set_max_connections(index, member.max_connections);
        }
        self.table_changed = true;
        self.causes.clear();
        self.say_cause(&format!("rollback to {}", to.epoch), &[]);
    }

    /// Under `assignment` a seat that came back was placed beside some that have left by now.
    fn give_places_back(&mut self, to: &Mapping) {
        let moved: Vec<&Seated> =
            to.members.iter().filter(|member| self.ring.places(&member.seat) != member.places).collect();
        for member in &moved {
            self.ring.remove(&member.seat).expect("every place is a member of the ring");
        }
        for member in moved {
            let Some(index) = self.index_of_seat(member) else { continue };
            let seated = lb_core::ring::Member { seat: member.seat, weight: self.places[index].weight };
            self.ring.restore(seated, &member.places).expect("the ring has had these members together");
            self.places[index].ring_places = self.ring.places(&member.seat);
            self.seats_changed = true;
        }
    }

    fn seat_again(&mut self, missing: &[&Seated], waiter: Option<Waiter>, now: Moment) -> Result<(), ChangeError> {
        debug_assert!(
            !self.places.iter().any(|place| missing.iter().any(|member| member.seat.number() == place.seat.number())),
            "those that aren't ours are the same ones as then, and a replica of that number would sit in that seat"
        );
        let first = self.places.len();
        for member in missing {
            let (name, call) = (self.make_up_name(), waiter.map(|waiter| waiter.call));
            let place = Place::new(name, member.seat, member.weight, now);
            let (drained, max_connections) = (member.drained, member.max_connections);
            let place = Place { call, drained, max_connections, reweighed: true, ..place };
            self.numbers.take_again(member.seat.number());
            if self.take_seat(place, &member.places).is_err() {
                self.numbers.free(member.seat.number());
                self.leave_seats_again(first);
                return Err(ChangeError::RingFull);
            }
        }
        (first..self.places.len()).for_each(|index| self.launch(index, now));
        Ok(())
    }

    /// Undoes `take_seat` for every place from `first` on.
    fn leave_seats_again(&mut self, first: usize) {
        while self.places.len() > first {
            let name = Arc::clone(&self.places[self.places.len() - 1].name);
            let place = self.take_place(&name);
            self.numbers.free(place.seat.number());
        }
    }

    /// Refuses a mapping whose backends that aren't ours are others than those of now.
    fn check_foreign(&self, to: &Mapping) -> Result<(), ChangeError> {
        let missing = to.members.iter().filter(|member| !member.supervised && self.index_of_seat(member).is_none());
        let surplus = self.places.iter().filter(|place| !place.supervised && to.member(&place.seat).is_none());
        let names = missing.map(|member| &*member.name).chain(surplus.map(|place| &*place.name));
        let names: Vec<&str> = names.collect();
        if names.is_empty() {
            return Ok(());
        }
        Err(ChangeError::NotOurs { epoch: to.epoch, names: names.join(", ") })
    }

    fn check_replicas_max(&self, replicas: usize) -> Result<(), ChangeError> {
        let (n, present) = (replicas as u64, self.supervised());
        if n <= present as u64 {
            return Ok(());
        }
        match self.limits.autoscale {
            Some(autoscale) if n > u64::from(autoscale.max) => {
                Err(ChangeError::OverAutoscaleMax { n, max: autoscale.max, present })
            }
            _ if n > u64::from(self.limits.replicas_max) => {
                Err(ChangeError::OverCap { n, max: self.limits.replicas_max, present })
            }
            _ => Ok(()),
        }
    }

    fn index_of_seat(&self, member: &Seated) -> Option<usize> {
        self.places.iter().position(|place| place.seat == member.seat)
    }
}

#[cfg(test)]
mod tests;
