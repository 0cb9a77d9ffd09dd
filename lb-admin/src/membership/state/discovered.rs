//! Backends that come and go with a set that somebody else keeps: a file, or the containers that run.
//!
//! A source tells its whole set each time, and what has changed is applied: a new one gets a place, one that is gone leaves
//! the ring at once and its sessions may finish, a changed one keeps its place. A name that somebody else has, or one for
//! whom the ring has no room, is skipped and said once, and tried again with the next word of the source. Neighbours:
//! [`crate::discovery`] tells the sets, [`super::life`] what becomes of a backend with an address.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::place::{Health, Place, static_place};
use super::{Effect, Moment, State};
use crate::config::StaticBackend;
use crate::discovery::Source;
use crate::discovery::diff::{Diff, diff};
use crate::events::EventKind;

/// What the sources have told.
#[derive(Clone, Debug, Default)]
pub(super) struct Sets(BTreeMap<Source, Set>);

#[derive(Clone, Debug, Default)]
struct Set {
    wanted: Vec<StaticBackend>,
    /// What couldn't be had of it, in words.
    skipped: Vec<String>,
}

impl State {
    /// The whole set of one source, names all different.
    pub(super) fn discovered(&mut self, source: Source, wanted: Vec<StaticBackend>, now: Moment) {
        let before = self.sets.0.remove(&source).unwrap_or_default();
        if self.draining || (before.wanted == wanted && before.skipped.is_empty()) {
            self.sets.0.insert(source, before);
            return;
        }
        let told =
            |place: &Place| place.discovered.as_ref().filter(|(by, _)| *by == source).map(|(_, said)| said.clone());
        let present: Vec<StaticBackend> = self.places.iter().filter_map(told).collect();
        let Diff { gone, changed, new } = diff(&present, &wanted);
        let said = |sign: &str, name: &str| Arc::from(format!("{sign}{name}"));
        let came = new.iter().map(|backend| said("+", &backend.name));
        let stayed = changed.iter().map(|backend| said("~", &backend.name));
        let steps: Vec<Arc<str>> = came.chain(gone.iter().map(|name| said("-", name))).chain(stayed).collect();
        self.say_cause(&format!("{source}:"), &steps);
        for name in &gone {
            self.dismiss(name, now);
        }
        let mut skipped = Vec::new();
        for backend in changed {
            skipped.extend(self.change_backend(source, backend, now).err());
        }
        for backend in new {
            skipped.extend(self.seat_backend(source, backend, now).err());
        }
        for why in skipped.iter().filter(|why| !before.skipped.contains(why)) {
            self.effects.push(Effect::Warn(format!("{source}: {why}")));
        }
        self.sets.0.insert(source, Set { wanted, skipped });
    }

    /// What couldn't be had of the last word of a source.
    pub(super) fn skipped(&self, source: Source) -> Option<&String> {
        self.sets.0.get(&source)?.skipped.first()
    }

    fn seat_backend(&mut self, source: Source, backend: &StaticBackend, now: Moment) -> Result<(), String> {
        let name = &backend.name;
        if let Some(index) = self.index_of_name(name) {
            let whose = if self.places[index].supervised { "a replica" } else { "another backend" };
            return Err(format!("'{name}' is left out: {whose} has that name"));
        }
        let number = self.numbers.give();
        let place = Place { discovered: Some((source, backend.clone())), ..static_place(backend, number, now) };
        if let Err(refused) = self.take_seat(place, &[]) {
            self.numbers.give_back(number);
            return Err(format!("'{name}' is left out: {refused}"));
        }
        self.effects.push(Effect::Resolve { name: name.as_str().into(), host: backend.host.clone() });
        Ok(())
    }

    fn dismiss(&mut self, name: &str, now: Moment) {
        let place = self.take_place(name);
        self.numbers.free(place.seat.number());
        self.effects.push(Effect::Unresolve(Arc::clone(&place.name)));
        self.record(EventKind::Removed, &place.name, place.seat, String::new());
        self.leave_address(place.id(), now);
    }

    fn change_backend(&mut self, source: Source, backend: &StaticBackend, now: Moment) -> Result<(), String> {
        let index = self.index_of_name(&backend.name).expect("it was found among the places");
        let (_, before) = self.places[index].discovered.replace((source, backend.clone())).expect("by this source");
        let mut refused = Ok(());
        if backend.weight != before.weight
            && let Err(why) = self.reweigh(index, backend)
        {
            // Its weight isn't what was said: with the next word it is tried again.
            let said = StaticBackend { weight: before.weight, ..backend.clone() };
            self.places[index].discovered = Some((source, said));
            refused = Err(why);
        }
        if backend.host != before.host {
            // The old address serves until the new one is known.
            self.effects.push(Effect::Resolve { name: backend.name.as_str().into(), host: backend.host.clone() });
        }
        let place = &mut self.places[index];
        place.own_check = backend.check.clone();
        place.send_proxy = backend.send_proxy;
        let addr = place.alive().map(|alive| alive.backend.addr);
        match addr {
            Some(addr) if backend.send_proxy != before.send_proxy => self.move_to(index, addr, now),
            Some(_) if backend.check != before.check => self.check_anew(index),
            _ => {}
        }
        self.record_of(index, EventKind::Changed, "as its source says".to_owned());
        refused
    }

    fn reweigh(&mut self, index: usize, backend: &StaticBackend) -> Result<(), String> {
        let place = &mut self.places[index];
        self.ring
            .set_weight(&place.seat, backend.weight)
            .map_err(|why| format!("'{}' keeps its weight: {why}", backend.name))?;
        place.weight = backend.weight;
        place.reweighed = false;
        self.seats_changed = true;
        Ok(())
    }

    /// By another check: one that is up stays so until that one says otherwise.
    pub(super) fn check_anew(&mut self, index: usize) {
        let place = &mut self.places[index];
        let Some(alive) = place.alive_mut() else { return };
        if alive.health != Health::Ready {
            alive.health = Health::Starting;
        }
        alive.suspected = None;
        let watch = place.watched();
        self.effects.extend(watch.map(Effect::Watch));
        self.table_changed = true;
    }
}

#[cfg(test)]
mod tests;
