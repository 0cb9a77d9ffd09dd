//! How the membership begins: with what an earlier run has left, as far as the settings still want it.
//!
//! Settings win. The members come back in their order, with their names, seats and slots of the ring; the target is the
//! one that was left unless somebody asked for another. Replicas that were running are taken over, not started; whatever
//! else the earlier run has left running is ended by one sweep, so surplus replicas are simply not taken over. Of a
//! `--backend` the seat's number comes back, and what was set for it while it ran (a weight holds over its flag's): who it
//! is, the settings say.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use lb_core::backend::{BackendId, Seat, Weight};
use lb_core::ring::{Ring, RingConfig, RingTable};

use super::discovered::Sets;
use super::ejection::Ejections;
use super::numbers::SeatNumbers;
use super::place::{self, Life, Place};
use super::{Effect, Limits, MemberRefused, Moment, State};
use crate::config::{AdminConfig, StaticBackend};
use crate::discovery::Source;
use crate::events::EventKind;
use crate::membership::mapping::{History, Mapping};
use crate::membership::names::{NameMaker, fill};
use crate::membership::saved::{Saved, SavedMember};
use crate::membership::snapshot::Scaled;

impl State {
    /// The first members: those of `saved` and what is missing, the replicas before the `--backend`s. The effects start
    /// and take over replicas and publish the first table.
    pub(crate) fn new(
        config: &AdminConfig,
        workers: usize,
        rng: fastrand::Rng,
        now: Moment,
        saved: Option<Saved>,
    ) -> Result<(Self, Vec<Effect>), MemberRefused> {
        let saved = saved.unwrap_or_default();
        let mut state = Self::empty(config, workers, rng, saved.mapping);
        (state.version, state.reserved, state.last_id) = (saved.epoch, saved.epoch, saved.last_id);
        saved.used_names.iter().for_each(|name| state.names.note(name));
        let (returning, surplus) = divide(&saved.members, wanted(config, &saved), &config.backends);
        let taken: BTreeSet<u32> = returning.iter().map(|member| member.seat).collect();
        state.numbers = SeatNumbers::restored(seats_are_reused(&config.ring), &saved.seats, &taken);
        for member in returning {
            state.come_back(member, &config.backends, now)?;
        }
        for member in surplus.into_iter().filter(|member| member.supervised) {
            state.record(
                EventKind::Removed,
                &member.name,
                Seat::numbered(member.seat),
                "not wanted any more".to_owned(),
            );
        }
        let known = state.places.iter().filter(|place| place.supervised).filter_map(Place::id).collect();
        state.effects.push(Effect::Sweep(known));
        state.fill_up(config, wanted(config, &saved), now)?;
        if let Some(file) = &config.backends_file {
            state.discovered(Source::File, file.backends.clone(), now);
        }
        state.causes.push("start".to_owned());
        state.publish_changes(now);
        state.save_changes();
        let effects = std::mem::take(&mut state.effects);
        Ok((state, effects))
    }

    fn empty(config: &AdminConfig, workers: usize, mut rng: fastrand::Rng, epoch: u64) -> Self {
        let mut ring = Ring::new(config.ring);
        let slots = ring.slot_map();
        let before = Arc::new(Mapping::nothing(&slots, epoch));
        Self {
            limits: Limits {
                replicas_max: config.replicas_max,
                autoscale: config.autoscale,
                drain_timeout: Some(config.drain_timeout).filter(|timeout| !timeout.is_zero()),
                workers,
                places: config.places,
                replica_send_proxy: config.replica_send_proxy,
                keep_replicas: config.keep_replicas,
                max_ejected_percent: config.max_ejected_percent,
            },
            picks: rng.fork(),
            rng,
            history: Arc::new(History::new(Arc::clone(&before))),
            before,
            causes: Vec::new(),
            table: Arc::new(RingTable::new(0, Arc::clone(&slots), [])),
            slots,
            ring,
            numbers: SeatNumbers::new(seats_are_reused(&config.ring)),
            names: NameMaker::new(config.names.made_up.clone()),
            places: Vec::new(),
            leaving: Vec::new(),
            moved: Vec::new(),
            sets: Sets::default(),
            ejections: Ejections::default(),
            pending: Vec::new(),
            queued: Vec::new(),
            last_id: 0,
            version: 0,
            reserved: 0,
            applied: 0,
            replaced: 0,
            changes: 0,
            scaled: Scaled::default(),
            scale_refused: None,
            fails_open: false,
            fail_opens: 0,
            draining: false,
            stopping: false,
            seats_changed: true,
            table_changed: true,
            effects: Vec::new(),
            saved: None,
        }
    }

    /// A member of the earlier run takes its seat again.
    fn come_back(
        &mut self,
        member: &SavedMember,
        backends: &[StaticBackend],
        now: Moment,
    ) -> Result<(), MemberRefused> {
        if let Some(backend) = backends.iter().find(|backend| *backend.name == *member.name) {
            return self.take_static_seat(backend, Some(member), member.seat, now);
        }
        let weight = Weight::from_thousandths(member.weight).unwrap_or(Weight::ONE);
        let place = Place::new(Arc::clone(&member.name), Seat::numbered(member.seat), weight, now);
        let mut place = Place { listed: member.listed, named: member.named, trace: member.trace.clone(), ..place };
        place.set_as(member);
        self.take_seat(place, &member.places)?;
        match member.id {
            Some(id) => self.adopt(self.places.len() - 1, BackendId(id), now),
            None => self.come_back_empty(self.places.len() - 1, now.at),
        }
        Ok(())
    }

    fn take_static_seat(
        &mut self,
        backend: &StaticBackend,
        before: Option<&SavedMember>,
        number: u32,
        now: Moment,
    ) -> Result<(), MemberRefused> {
        let mut place = place::static_place(backend, number, now);
        if let Some(before) = before {
            place.set_as(before);
        }
        self.take_seat(place, before.map_or(&[], |before| &before.places))?;
        self.effects.push(Effect::Resolve { name: backend.name.as_str().into(), host: backend.host.clone() });
        Ok(())
    }

    fn adopt(&mut self, index: usize, id: BackendId, now: Moment) {
        let place = &mut self.places[index];
        place.enter(Life::Launching(id), now);
        let (name, seat, trace) = (Arc::clone(&place.name), place.seat.number(), place.trace.clone());
        self.effects.push(Effect::Adopt { id, name, seat, trace });
    }

    /// Its replica had died and its successor was still to be launched.
    fn come_back_empty(&mut self, index: usize, at: Instant) {
        let place = &mut self.places[index];
        place.listed = false;
        place.life = Life::Absent { launch_at: Some(at) };
    }

    /// The replicas and `--backend`s that aren't there yet.
    fn fill_up(&mut self, config: &AdminConfig, wanted: usize, now: Moment) -> Result<(), MemberRefused> {
        let numbered = (1_u64..).map(|n| fill(&config.names.first, "n", &n.to_string()));
        let is_free =
            |name: &String| !self.names.is_used(name) && !config.backends.iter().any(|backend| backend.name == *name);
        let missing = wanted.saturating_sub(self.supervised());
        let names: Vec<String> = numbered.filter(is_free).take(missing).collect();
        for name in names {
            let seat = Seat::numbered(self.numbers.give());
            self.take_seat(Place::new(name.into(), seat, Weight::ONE, now), &[])?;
            self.launch(self.places.len() - 1, now);
        }
        for backend in &config.backends {
            if !self.places.iter().any(|place| *place.name == *backend.name) {
                let number = self.numbers.give();
                self.take_static_seat(backend, None, number, now)?;
            }
        }
        Ok(())
    }
}

/// How many replicas there shall be.
fn wanted(config: &AdminConfig, saved: &Saved) -> usize {
    let left = saved.target.filter(|_| !config.replicas_given).map(|target| target.min(config.replicas_max));
    let wanted = left.unwrap_or(config.replicas);
    config.autoscale.map_or(wanted, |autoscale| wanted.clamp(autoscale.min, autoscale.max)) as usize
}

/// Those who come back, and those who don't: the newest replicas beyond `wanted`, those whose name is a `--backend`'s
/// now, and `--backend`s that are none any more.
fn divide<'a>(
    members: &'a [SavedMember],
    wanted: usize,
    backends: &[StaticBackend],
) -> (Vec<&'a SavedMember>, Vec<&'a SavedMember>) {
    let mut room = wanted;
    members.iter().partition(|member| {
        let is_backend = backends.iter().any(|backend| *backend.name == *member.name);
        if !member.supervised || is_backend {
            return is_backend && !member.supervised;
        }
        let comes_back = room > 0;
        room = room.saturating_sub(1);
        comes_back
    })
}

/// The `assignment` hash places a seat by its number, so a number that was used stays that seat's for ever.
fn seats_are_reused(ring: &RingConfig) -> bool {
    !ring.digits_are_numbers()
}

#[cfg(test)]
mod tests;
