//! One replica's life in its place: launched, ready, down, dead, replaced; and what the time brings.
//!
//! A name belongs to its place until it has been ready once: launches that fail before that are tried again under the
//! same name. Once it was ready and died, the name is gone and the replacement has a new one, in the same seat.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lb_core::backend::{BackendId, Seat};

use super::pause::PAUSED_PATIENCE;
use super::place::{self, Alive, Frozen, Health, Leaving, Life, Moved, Place, Step};
use super::{CallId, Effect, Moment, Sign, SignKind, State};
use crate::events::EventKind;
use crate::membership::command::ChangeError;
use crate::membership::saved::Saved;
use crate::supervisor::launcher::{Exit, Trace};

/// A replica whose checks have failed for so long is stopped and replaced: it had its chance to come back by itself.
const DOWN_PATIENCE: Duration = Duration::from_secs(10);
/// One that has had no good check for so long after its launch hangs; launched again.
const START_PATIENCE: Duration = Duration::from_secs(60);
/// Launches of one replica while an `/add` waits for it. The second is for the port that another program took between
/// our look and the replica's bind.
const PENDING_LAUNCHES_MAX: u32 = 2;

/// When the time alone changes something for a place.
pub(super) fn deadline(place: &Place) -> Option<Instant> {
    match &place.life {
        Life::Absent { launch_at } => *launch_at,
        Life::Launching(_) => None,
        Life::Alive(Alive { frozen: Some(Frozen::Paused { since }), .. }) => Some(*since + PAUSED_PATIENCE),
        Life::Alive(alive) if place.supervised => match alive.health {
            Health::Starting => Some(place.since.at + START_PATIENCE),
            Health::Ready => None,
            Health::Down { .. } => Some(place.since.at + DOWN_PATIENCE),
        },
        Life::Alive(_) => None,
    }
}

impl State {
    pub(super) fn launch(&mut self, index: usize, now: Moment) {
        let id = self.new_id();
        let place = &mut self.places[index];
        place.launches += 1;
        place.trace = None;
        place.enter(Life::Launching(id), now);
        let (name, seat) = (Arc::clone(&place.name), place.seat.number());
        self.effects.push(Effect::Launch { id, name, seat });
    }

    pub(super) fn launched(&mut self, id: BackendId, pid: Option<u32>, addr: SocketAddr, trace: Trace, now: Moment) {
        if let Some(leaving) = self.leaving.iter_mut().find(|leaving| leaving.id == id) {
            leaving.pid = pid;
            return;
        }
        let Some(index) = self.index_of(id) else { return };
        let pid_text = pid.map(|pid| format!("pid {pid}, ")).unwrap_or_default();
        self.come_alive(index, id, pid, addr, now);
        let place = &mut self.places[index];
        // What has a trace before it runs was started in an earlier run.
        let adopted = if place.launches == 0 { "taken over, " } else { "" };
        place.trace = Some(trace);
        self.record_of(index, EventKind::Started, format!("{adopted}{pid_text}{addr}"));
    }

    pub(super) fn resolved(&mut self, name: &str, addr: SocketAddr, now: Moment) {
        let Some(index) = self.places.iter().position(|place| !place.supervised && *place.name == *name) else {
            return;
        };
        let old = self.places[index].alive().map(|alive| alive.backend.addr);
        if old == Some(addr) {
            return;
        }
        self.move_to(index, addr, now);
        let detail = old.map_or_else(|| addr.to_string(), |old| format!("{addr}, no longer {old}"));
        self.record_of(index, EventKind::Started, detail);
    }

    /// A new incarnation at `addr`; the sessions of the old one may finish.
    pub(super) fn move_to(&mut self, index: usize, addr: SocketAddr, now: Moment) {
        self.leave_address(self.places[index].id(), now);
        let id = self.new_id();
        self.come_alive(index, id, None, addr, now);
        self.table_changed = true;
    }

    /// A backend that isn't ours is no longer where it was.
    pub(super) fn leave_address(&mut self, id: Option<BackendId>, now: Moment) {
        let Some(id) = id else { return };
        self.effects.push(Effect::Unwatch(id));
        let deadline = self.limits.drain_timeout.map(|timeout| now.after(timeout));
        self.moved.extend(deadline.map(|deadline| Moved { id, deadline }));
    }

    pub(super) fn healthy(&mut self, id: BackendId, now: Moment) {
        self.forget_sign(id);
        let Some(index) = self.index_of(id) else { return };
        let place = &mut self.places[index];
        let Some(alive) = place.alive_mut() else { return };
        let was_ready = alive.is_ready();
        alive.suspected = None;
        alive.frozen = alive.frozen.filter(|frozen| *frozen != Frozen::Resumed);
        // Its checks were changed, and it is up by the new ones too.
        if was_ready {
            return;
        }
        alive.health = Health::Ready;
        alive.ready_at.get_or_insert(now.at);
        let took = now.at.duration_since(place.since.at);
        place.since = now;
        place.given_up = false;
        let call = place.call;
        let recovered = place.lost_at.take().map(|lost_at| Effect::Recovered(now.at.duration_since(lost_at)));
        self.effects.extend(recovered);
        place.listed |= call.is_none();
        self.table_changed |= call.is_none();
        self.record_of(index, EventKind::Ready, format!("after {} ms", took.as_millis()));
        if let Some(call) = call {
            self.commit_if_ready(call, now);
        }
    }

    pub(super) fn unhealthy(&mut self, id: BackendId, refused: bool, why: String, now: Moment) {
        let Some(index) = self.index_of(id) else { return };
        let place = &mut self.places[index];
        let Some(alive) = place.alive_mut() else { return };
        let was_down = matches!(alive.health, Health::Down { .. });
        let was_up = alive.health == Health::Ready;
        alive.health = Health::Down { refused };
        alive.suspected = None;
        alive.frozen = alive.frozen.filter(|frozen| *frozen != Frozen::Resumed);
        if !was_down {
            place.since = now;
        }
        if was_up {
            place.lost_at = Some(now.at);
        }
        self.eject(index);
        self.table_changed = true;
        self.record_of(index, EventKind::Down, why);
    }

    /// It has ended. What else there is to know of that takes a call to the engine, and the ring doesn't wait for it.
    pub(super) fn ending(&mut self, id: BackendId, at: Instant, now: Moment) {
        self.note_sign(id, Sign { kind: SignKind::Ended, at });
        self.effects.push(Effect::Unwatch(id));
        self.unhealthy(id, true, "it has ended".to_owned(), now);
    }

    pub(super) fn suspected(&mut self, id: BackendId, sign: Sign) {
        self.note_sign(id, sign);
        let refused = sign.kind == SignKind::Refused;
        let Some(index) = self.index_of(id) else { return };
        let Some(alive) = self.places[index].alive_mut() else { return };
        // One event and one probe for a burst of them; a refusal says more than the other kinds.
        if alive.health != Health::Ready || alive.suspected >= Some(refused) {
            return;
        }
        alive.suspected = Some(refused);
        self.effects.push(Effect::Probe { id, refused });
        if refused {
            self.record_of(index, EventKind::ConnectRefused, "by the data path".to_owned());
        }
    }

    pub(super) fn cleared(&mut self, id: BackendId, now: Moment) {
        self.forget_sign(id);
        if let Some(index) = self.index_of(id)
            && let Some(alive) = self.places[index].alive_mut()
        {
            alive.suspected = None;
            self.thaw(index, now);
        }
    }

    pub(super) fn exited(&mut self, id: BackendId, exit: &Exit, at: Instant, now: Moment) {
        if let Some(index) = self.leaving.iter().position(|leaving| leaving.id == id) {
            let gone = self.leaving.remove(index);
            self.record(EventKind::Stopped, &gone.name, gone.seat, exit.how.clone());
            return;
        }
        let Some(index) = self.index_of(id) else { return };
        self.note_sign(id, Sign { kind: SignKind::Ended, at });
        self.effects.push(Effect::Unwatch(id));
        let ready_at = self.places[index].alive().and_then(|alive| alive.ready_at);
        self.lost(index, exit, ready_at, now);
    }

    /// What the time brings.
    pub(super) fn tick(&mut self, now: Moment) {
        self.end_late_calls(now);
        let is_due = |state: &Self, place: &Place| state.deadline_of(place).is_some_and(|deadline| deadline <= now.at);
        let due: Vec<Seat> = self.places.iter().filter(|place| is_due(self, place)).map(|place| place.seat).collect();
        for seat in due {
            // The one before it may have failed a call that both belonged to, or be the one that is replaced first.
            let Some(index) = self.places.iter().position(|place| place.seat == seat && is_due(self, place)) else {
                continue;
            };
            match &self.places[index].life {
                Life::Alive(_) => self.give_up_on(index, now),
                _ => self.launch(index, now),
            }
        }
    }

    pub(super) fn begin_drain(&mut self) {
        self.draining = true;
        // Not the table but the snapshot has; whoever waits for one hears of it.
        self.table_changed = true;
        for place in &mut self.places {
            if let Life::Absent { launch_at } = &mut place.life {
                *launch_at = None;
            }
        }
    }

    pub(super) fn stop(&mut self, now: Moment) {
        self.begin_drain();
        self.table_changed = false;
        self.stopping = true;
        let keep = self.limits.keep_replicas;
        let last_word = if keep {
            self.to_save()
        } else {
            Saved::forgotten(self.reserved, self.history.newest().epoch, self.last_id)
        };
        self.refuse_open_calls(&ChangeError::Stopping);
        for place in std::mem::take(&mut self.places) {
            if place.supervised && keep && place.call.is_none() {
                self.release(place, now);
            } else if place.supervised {
                self.stop_at_once(place, now);
            } else if let Some(id) = place.id() {
                self.effects.push(Effect::Unwatch(id));
            }
        }
        for leaving in self.leaving.iter_mut().filter(|leaving| leaving.is_draining()) {
            leaving.step = Step::Stopping;
            self.effects.push(Effect::Stop(leaving.id));
        }
        self.save(last_word, true);
    }

    /// A replica whose place was taken away: drained where it may have sessions, else stopped.
    pub(super) fn leave(&mut self, place: Place, now: Moment) {
        if !place.listed || place.alive().is_none() {
            return self.stop_at_once(place, now);
        }
        // The table without it is published at the end of this very input.
        let version = self.version + 1;
        let deadline = self.limits.drain_timeout.map(|timeout| now.after(timeout));
        self.push_leaving(place, Step::Draining { version, deadline }, now);
    }

    pub(super) fn stop_drained(&mut self, now: Moment) {
        let applied = self.applied;
        for leaving in self.leaving.iter_mut().filter(|leaving| leaving.is_drained(applied, now.at)) {
            if leaving.is_late(now.at) {
                self.effects.push(Effect::Evict(leaving.id));
            }
            leaving.step = Step::Stopping;
            self.effects.push(Effect::Stop(leaving.id));
        }
        let late = self.moved.extract_if(.., |moved| now.at >= moved.deadline);
        self.effects.extend(late.map(|moved| Effect::Evict(moved.id)));
    }

    fn stop_at_once(&mut self, place: Place, now: Moment) {
        if let Some(id) = place.id() {
            self.effects.push(Effect::Stop(id));
            self.push_leaving(place, Step::Stopping, now);
        }
    }

    fn release(&mut self, place: Place, now: Moment) {
        if let Some(id) = place.id() {
            self.effects.push(Effect::Release(id));
            self.push_leaving(place, Step::Stopping, now);
        }
    }

    fn push_leaving(&mut self, place: Place, step: Step, now: Moment) {
        let Some(id) = place.id() else { return };
        self.effects.push(Effect::Unwatch(id));
        if matches!(step, Step::Draining { .. }) {
            self.effects.push(Effect::Retire(id));
        }
        let (pid, backend) = match place.life {
            Life::Alive(alive) => (alive.pid, Some(alive.backend)),
            _ => (None, None),
        };
        let Place { name, seat, weight, .. } = place;
        self.leaving.push(Leaving { id, name, seat, weight, since: now.wall, pid, backend, step });
    }

    /// A replica that still runs but has been down, or not come up, for too long.
    fn give_up_on(&mut self, index: usize, now: Moment) {
        let place = &mut self.places[index];
        let for_how_long = match place.alive().and_then(|alive| alive.frozen) {
            Some(Frozen::Paused { since }) => format!("paused for {} ms", now.at.duration_since(since).as_millis()),
            _ => format!("no good check for {} s", now.at.duration_since(place.since.at).as_secs()),
        };
        let ready_at = place.alive().and_then(|alive| alive.ready_at);
        place.given_up |= place.is_hung();
        let alive = std::mem::replace(&mut place.life, Life::Absent { launch_at: None });
        let left = Place { life: alive, ..Place::new(Arc::clone(&place.name), place.seat, place.weight, now) };
        self.stop_at_once(left, now);
        self.lost(index, &Exit { how: for_how_long, hopeless: false, output: String::new() }, ready_at, now);
    }

    /// The place is empty: its call fails, or it is filled again.
    fn lost(&mut self, index: usize, exit: &Exit, ready_at: Option<Instant>, now: Moment) {
        self.eject(index);
        self.table_changed = true;
        let place = &mut self.places[index];
        let was_listed = std::mem::take(&mut place.listed);
        if was_listed {
            place.lost_at.get_or_insert(now.at);
        }
        place.enter(Life::Absent { launch_at: None }, now);
        let call = place.call;
        if let Some(call) = call {
            self.record_of(index, EventKind::StartFailed, exit.to_string());
            return self.lost_before_answer(index, call, exit, now);
        }
        if was_listed {
            self.record_of(index, EventKind::Died, exit.to_string());
        }
        if self.draining {
            return;
        }
        let ready_for = ready_at.map(|ready_at| now.at.duration_since(ready_at));
        self.places[index].restarts += 1;
        let backoff = &mut self.places[index].backoff;
        let delay = backoff.after_failure(ready_for, &mut self.rng);
        let failures = backoff.failures();
        let index = if was_listed {
            self.rename(index, delay)
        } else {
            let again = format!("{exit}; failure {failures} in a row, again in {} ms", delay.as_millis());
            self.record_of(index, EventKind::StartFailed, again);
            index
        };
        self.places[index].life = Life::Absent { launch_at: Some(now.at + delay) };
        if delay.is_zero() {
            self.launch(index, now);
        }
    }

    /// The `/add` that waits for it fails, unless a second launch may help.
    fn lost_before_answer(&mut self, index: usize, call: CallId, exit: &Exit, now: Moment) {
        let place = &self.places[index];
        if place.launches < PENDING_LAUNCHES_MAX && !exit.hopeless && !self.draining {
            return self.launch(index, now);
        }
        let name = place.name.to_string();
        self.take_back(call, ChangeError::StartFailed { name, why: exit.to_string() }, now);
    }

    /// A new replica is to sit here: a new name, at the end of the list.
    fn rename(&mut self, index: usize, delay: Duration) -> usize {
        let name = self.make_up_name();
        let mut place = self.places.remove(index);
        let dead = std::mem::replace(&mut place.name, name);
        place.launches = 0;
        place.named = false;
        self.places.push(place);
        self.replaced += 1;
        let index = self.places.len() - 1;
        self.record_of(index, EventKind::Replacing, format!("takes the seat of {dead} in {} ms", delay.as_millis()));
        index
    }

    fn come_alive(&mut self, index: usize, id: BackendId, pid: Option<u32>, addr: SocketAddr, now: Moment) {
        let place = &mut self.places[index];
        let backend = place::backend_at(place, id, addr, &self.limits);
        let alive = Alive {
            pid,
            backend,
            health: Health::Starting,
            ready_at: None,
            suspected: None,
            frozen: None,
            checks: Arc::default(),
        };
        place.enter(Life::Alive(alive), now);
        let watch = place.watched();
        self.effects.extend(watch.map(Effect::Watch));
    }

    pub(super) fn index_of(&self, id: BackendId) -> Option<usize> {
        self.places.iter().position(|place| place.id() == Some(id))
    }

    fn new_id(&mut self) -> BackendId {
        self.last_id += 1;
        BackendId(self.last_id)
    }

    pub(super) fn record_of(&mut self, index: usize, kind: EventKind, detail: String) {
        let place = &self.places[index];
        let (name, seat) = (Arc::clone(&place.name), place.seat);
        self.record(kind, &name, seat, detail);
    }
}

#[cfg(test)]
mod tests;
