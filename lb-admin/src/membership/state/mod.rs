//! The membership, pure: inputs and `now` in, effects out. No socket, no clock, no randomness of its own.
//!
//! [`State::apply_all`] takes [`Input`]s (a request, a result of an earlier effect, or the time) and returns the
//! [`Effect`]s that follow; [`super::owner`] carries them out. So a seeded simulation drives exactly this code.
//! - `change`: `/add` and `/rm`, accepted, committed, taken back
//! - `epochs`: the mappings that there have been, numbered
//! - `configure`: other settings while it runs
//! - `life`: launched, ready, down, dead, replaced; what the time brings
//! - `discovered`: backends that come and go with a set that somebody else keeps
//! - `ejection`: from the first sign of a loss to the last worker that knows
//! - `fail_open`: when the checks are suspected rather than those they are about
//! - `restore`: how it begins, with or without what an earlier run has left
//! - `pause`: frozen from outside, and back
//! - `request`: the strict changes of `/v1` and their plans; `edit` and `rollback` are two of them
//! - `scale`: a step of the autoscaler
//! - `place`: the data of one seat and of those that leave
//!
//! Invariants (checked after every input of the simulation): the target is the number of supervised places; a name
//! stands for one place at a time; every place is a member of the ring and nothing else is; what has left never returns.

mod change;
mod configure;
mod discovered;
mod edit;
mod ejection;
mod epochs;
mod fail_open;
mod life;
mod numbers;
mod pause;
mod place;
mod request;
mod restore;
mod rollback;
mod scale;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use lb_core::backend::places::PlaceLimits;
use lb_core::backend::{Backend, BackendId, ProxyVersion, Seat};
use lb_core::ring::{Member, Ring, RingError, RingTable, SlotMap};

use self::change::{Pending, Queued};
use self::discovered::Sets;
use self::ejection::Ejections;
pub(crate) use self::ejection::{Sign, SignKind};
use self::numbers::SeatNumbers;
use self::place::{Leaving, Moved, Place};
use super::change::Request;
use super::command::{Add, ChangeError, Remove};
use super::mapping::{History, Mapping};
use super::names::NameMaker;
use super::saved::Saved;
use super::snapshot::{Scaled, Snapshot};
use crate::config::{AutoscaleConfig, Check, OwnCheck, Settings, StaticBackend};
use crate::discovery::Source;
use crate::events::EventKind;
use crate::health::record::CheckRecord;
use crate::supervisor::launcher::{Exit, Trace};

/// One instant by both clocks: `at` for every deadline, `wall` only for people to read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) at: Instant,
    pub(crate) wall: SystemTime,
}

impl Moment {
    pub(crate) fn now() -> Self {
        Self { at: Instant::now(), wall: SystemTime::now() }
    }

    /// `duration` from now; a year where the clock can't hold more.
    fn after(self, duration: Duration) -> Instant {
        const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);
        self.at + duration.min(YEAR)
    }
}

/// One request for a change; its answer goes to whoever holds the number.
pub(crate) type CallId = u64;

/// What can happen to the membership.
#[derive(Debug)]
pub(crate) enum Input {
    /// `/add`.
    Add(CallId, Add),
    /// `/rm`.
    Remove(CallId, Remove),
    /// A change by `/v1`. It comes alone.
    Change(CallId, Request),
    /// A launch came off.
    Launched { id: BackendId, pid: Option<u32>, addr: SocketAddr, trace: Trace },
    /// A replica has ended; how is found out, and told by `Exited`.
    Ending { id: BackendId, at: Instant },
    /// A replica's process is gone, or was never there; known since `at`.
    Exited { id: BackendId, exit: Exit, at: Instant },
    /// A replica was frozen from outside: it answers nothing until it is resumed.
    Paused { id: BackendId, at: Instant },
    /// It goes on.
    Resumed(BackendId),
    /// The checks say that it is up.
    Healthy(BackendId),
    /// The checks say that it is down.
    Unhealthy { id: BackendId, refused: bool, why: String },
    /// A probe that was asked for found nothing wrong.
    Cleared(BackendId),
    /// The data path has had trouble with it.
    Suspected { id: BackendId, sign: Sign },
    /// The name of a backend that isn't ours has (another) address.
    Resolved { name: Arc<str>, addr: SocketAddr },
    /// The last effects weren't carried out, since what they do for these calls couldn't be written down.
    NotSaved(Vec<CallId>),
    /// The whole set of backends that a source knows of now.
    Discovered { source: Source, backends: Vec<StaticBackend> },
    /// Other settings, as a whole.
    Configure(CallId, Box<Settings>),
    /// Every worker routes by this version or a newer one.
    Applied(u64),
    /// The autoscaler wants so many replicas, after it has seen so many changes by hand.
    Scale { to: u32, changes: u64, why: String },
    /// Time has passed.
    Tick,
    /// No more changes and no more replacements.
    BeginDrain,
    /// Every replica stops.
    Stop,
}

/// What is to be done about it, in this order.
#[derive(Clone, Debug)]
pub(crate) enum Effect {
    /// Start a replica; answered by `Launched` or `Exited`.
    Launch { id: BackendId, name: Arc<str>, seat: u32 },
    /// Take over the replica that an earlier `lb serve` left running; answered as a launch.
    Adopt { id: BackendId, name: Arc<str>, seat: u32, trace: Option<Trace> },
    /// End what an earlier `lb serve` has left running, except these.
    Sweep(Vec<BackendId>),
    /// Write this down, where it is urgent before the effects behind it are carried out. At most one an input, and the
    /// first effect.
    Save { saved: Arc<Saved>, urgent: bool },
    /// It drains without a place: its name is free.
    Retire(BackendId),
    /// Let it go on without us; answered by `Exited`.
    Release(BackendId),
    /// Stop it; answered by `Exited`.
    Stop(BackendId),
    /// End the sessions that it still has; it is in no table any more.
    Evict(BackendId),
    /// Check it from now on, or in another way.
    Watch(Watched),
    /// The checks of replicas and of backends are these from now on.
    CheckBy { replica: Check, backend: Check },
    /// No longer.
    Unwatch(BackendId),
    /// Check it now.
    Probe { id: BackendId, refused: bool },
    /// Look the host of this backend up from now on, and no other for it.
    Resolve { name: Arc<str>, host: String },
    /// No longer.
    Unresolve(Arc<str>),
    /// Route by this.
    Publish(Arc<RingTable>),
    /// Give a backend other limits.
    Limit { backend: Arc<Backend>, limits: PlaceLimits },
    /// Answer a call: with the membership as it is now, once every worker routes by it.
    Answer(CallId, Result<(), ChangeError>),
    /// A lost backend is in no worker's table any more, so long after the first sign of its loss.
    Ejected(Duration),
    /// A seat is ready again, so long after it was lost.
    Recovered(Duration),
    /// Note an event.
    Record { kind: EventKind, name: Arc<str>, seat: u32, detail: String },
    /// Say it.
    Warn(String),
}

/// Who is checked, and how.
#[derive(Clone, Debug)]
pub(crate) struct Watched {
    pub(crate) backend: Arc<Backend>,
    /// By the check of replicas; else by that of backends.
    pub(crate) supervised: bool,
    /// What it says of its own over that.
    pub(crate) own_check: OwnCheck,
    /// It is known to be up.
    pub(crate) up: bool,
    /// Where what is found is noted.
    pub(crate) checks: Arc<CheckRecord>,
}

impl Effect {
    /// The call that this effect agrees to.
    pub(crate) fn agreed_call(&self) -> Option<CallId> {
        match self {
            Self::Answer(call, Ok(())) => Some(*call),
            _ => None,
        }
    }
}

/// The membership.
#[derive(Clone, Debug)]
pub(crate) struct State {
    limits: Limits,
    rng: fastrand::Rng,
    /// For who is removed at random, and for nothing else: a plan and the change that follows pick the same ones.
    picks: fastrand::Rng,
    ring: Ring,
    slots: Arc<SlotMap>,
    /// What was published last.
    table: Arc<RingTable>,
    numbers: SeatNumbers,
    names: NameMaker,
    /// In order of addition; a replacement goes to the end.
    places: Vec<Place>,
    leaving: Vec<Leaving>,
    moved: Vec<Moved>,
    sets: Sets,
    ejections: Ejections,
    pending: Vec<Pending>,
    queued: Vec<Queued>,
    last_id: u64,
    /// What is wanted now, and what was before.
    history: Arc<History>,
    /// What was wanted before the inputs that were taken in last.
    before: Arc<Mapping>,
    /// What has been done to the membership by this input, in words.
    causes: Vec<String>,
    version: u64,
    /// Versions up to this one are written down as used.
    reserved: u64,
    applied: u64,
    replaced: u64,
    /// Changes by hand.
    changes: u64,
    scaled: Scaled,
    /// What was said of the last step that couldn't be taken: it is tried again and again.
    scale_refused: Option<String>,
    /// The checks are suspected.
    fails_open: bool,
    fail_opens: u64,
    draining: bool,
    stopping: bool,
    seats_changed: bool,
    table_changed: bool,
    effects: Vec<Effect>,
    /// What was last asked to be written down.
    saved: Option<Arc<Saved>>,
}

/// The ring didn't take a member in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no place in the ring for '{name}': {why}")]
pub struct MemberRefused {
    name: Arc<str>,
    why: RingError,
}

/// The settings that decisions depend on.
#[derive(Clone, Debug)]
struct Limits {
    replicas_max: u32,
    autoscale: Option<AutoscaleConfig>,
    /// `None`: no deadline.
    drain_timeout: Option<Duration>,
    workers: usize,
    places: Option<PlaceLimits>,
    replica_send_proxy: Option<ProxyVersion>,
    keep_replicas: bool,
    max_ejected_percent: u32,
}

/// So many versions are written down as used at a time: a table must not wait for the disk, nor a version come twice.
const VERSIONS_RESERVED: u64 = 1000;
/// How often a draining replica's sessions are counted: nobody tells when the last one ends.
const DRAIN_POLL: Duration = Duration::from_millis(20);

impl State {
    /// Takes one input in.
    #[cfg(test)]
    pub(crate) fn apply(&mut self, input: Input, now: Moment) -> Vec<Effect> {
        self.apply_all(vec![input], now)
    }

    /// Takes inputs in, one after the other, for one table and one thing to write down at the most: that of the last.
    pub(crate) fn apply_all(&mut self, inputs: Vec<Input>, now: Moment) -> Vec<Effect> {
        self.before = Arc::clone(self.history.newest());
        for input in inputs {
            self.take_in(input, now);
        }
        self.stop_drained(now);
        self.judge_checks();
        self.publish_changes(now);
        self.save_changes();
        std::mem::take(&mut self.effects)
    }

    fn take_in(&mut self, input: Input, now: Moment) {
        match input {
            Input::Add(call, request) => self.add(call, request, now),
            Input::Remove(call, request) => self.remove(call, &request, now),
            Input::Change(call, request) => self.request(call, &request, now),
            Input::Launched { id, pid, addr, trace } => self.launched(id, pid, addr, trace, now),
            Input::Paused { id, at } => self.paused(id, at, now),
            Input::Resumed(id) => self.resumed(id),
            Input::Ending { id, at } => self.ending(id, at, now),
            Input::Exited { id, exit, at } => self.exited(id, &exit, at, now),
            Input::Healthy(id) => self.healthy(id, now),
            Input::Unhealthy { id, refused, why } => self.unhealthy(id, refused, why, now),
            Input::Cleared(id) => self.cleared(id, now),
            Input::Suspected { id, sign } => self.suspected(id, sign),
            Input::Resolved { name, addr } => self.resolved(&name, addr, now),
            Input::NotSaved(calls) => self.not_saved(calls, now),
            Input::Configure(call, settings) => self.configure(call, &settings, now),
            Input::Discovered { source, backends } => self.discovered(source, backends, now),
            Input::Applied(version) => self.applied(version, now),
            Input::Scale { to, changes, why } => self.scale(to, changes, &why, now),
            Input::Tick => self.tick(now),
            Input::BeginDrain => self.begin_drain(),
            Input::Stop => self.stop(now),
        }
    }

    /// When `Tick` is due, if nothing else happens.
    pub(crate) fn next_deadline(&self, now: Instant) -> Option<Instant> {
        let changes = self.change_deadlines();
        let places = self.places.iter().filter_map(|place| self.deadline_of(place));
        let drains = self.leaving.iter().any(Leaving::is_draining).then(|| now + DRAIN_POLL);
        let moved = self.moved.iter().map(|moved| moved.deadline);
        changes.chain(places).chain(drains).chain(moved).min()
    }

    /// Whether an `/add` still waits for its replicas.
    pub(crate) fn has_open_calls(&self) -> bool {
        !self.pending.is_empty()
    }

    /// What was last asked to be written down.
    pub(crate) fn last_saved(&self) -> Option<&Arc<Saved>> {
        self.saved.as_ref()
    }

    /// Whether everything has stopped after `Stop`.
    pub(crate) fn is_over(&self) -> bool {
        self.stopping && self.leaving.is_empty()
    }

    /// The membership for everybody else.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let members = self.places.iter().map(Place::view);
        Snapshot {
            version: self.version,
            backends: members.chain(self.leaving.iter().map(Leaving::view)).collect(),
            target: self.supervised() as u32,
            history: Arc::clone(&self.history),
            slots: Arc::clone(&self.slots),
            table: Arc::clone(&self.table),
            draining: self.draining,
            replaced: self.replaced,
            changes: self.changes,
            scaled: self.scaled,
            fails_open: self.fails_open,
            fail_opens: self.fail_opens,
        }
    }

    /// Puts a place into the ring, on these slots if it had some there in an earlier run.
    fn take_seat(&mut self, mut place: Place, ring_places: &[u32]) -> Result<(), MemberRefused> {
        let member = Member { seat: place.seat, weight: place.weight };
        self.ring.restore(member, ring_places).map_err(|why| MemberRefused { name: Arc::clone(&place.name), why })?;
        place.ring_places = self.ring.places(&place.seat);
        self.names.note(&place.name);
        self.places.push(place);
        self.seats_changed = true;
        Ok(())
    }

    fn supervised(&self) -> usize {
        self.places.iter().filter(|place| place.supervised).count()
    }

    fn record(&mut self, kind: EventKind, name: &Arc<str>, seat: Seat, detail: String) {
        self.effects.push(Effect::Record { kind, name: Arc::clone(name), seat: seat.number(), detail });
    }

    /// The slots are computed anew only where the seats have changed; a backend that comes or goes costs a small copy.
    fn publish_changes(&mut self, now: Moment) {
        if self.seats_changed {
            self.slots = self.ring.slot_map();
        }
        if (self.seats_changed || self.table_changed) && !self.stopping {
            self.note_mapping(now);
        }
        if self.seats_changed || self.table_changed {
            self.version += 1;
            let routable = self.routable();
            self.ejections.published(self.version, &routable);
            let mapping = self.history.newest();
            let table = RingTable::new(self.version, Arc::clone(&self.slots), routable)
                .with_owners(Arc::clone(&mapping.owners), mapping.epoch);
            self.table = Arc::new(table);
            // Before anything that waits for its version, such as an answer.
            self.effects.insert(0, Effect::Publish(Arc::clone(&self.table)));
        }
        self.seats_changed = false;
        self.table_changed = false;
        // Long before they are used up, so that no table waits for the disk.
        if self.version + VERSIONS_RESERVED / 2 > self.reserved {
            self.reserved = self.version + VERSIONS_RESERVED;
        }
    }

    fn save_changes(&mut self) {
        if self.stopping {
            // What `stop` has written is the last word.
            return;
        }
        let saved = self.to_save();
        let urgent = self.saved.as_ref().is_none_or(|older| saved.is_urgent(older));
        if self.saved.as_deref() != Some(&saved) {
            self.save(saved, urgent);
        }
    }

    fn save(&mut self, saved: Saved, urgent: bool) {
        let saved = Arc::new(saved);
        self.saved = Some(Arc::clone(&saved));
        self.effects.insert(0, Effect::Save { saved, urgent });
    }

    fn to_save(&self) -> Saved {
        // Those that their source tells of anew at the next start are like those that nobody has been promised yet.
        let is_lasting = |place: &&Place| place.call.is_none() && place.is_of_settings();
        let passing = self.places.iter().filter(|place| !is_lasting(place));
        let members = self.places.iter().filter(is_lasting);
        Saved {
            epoch: self.reserved,
            mapping: self.history.newest().epoch,
            last_id: self.last_id,
            target: Some(members.clone().filter(|place| place.supervised).count() as u32),
            seats: self.numbers.saved(passing.map(|place| place.seat.number())),
            used_names: Arc::clone(self.names.used()),
            members: members.map(Place::to_save).collect(),
        }
    }

    /// The ready ones; where the checks are suspected, also those whose checks only time out or go wrong; where that comes
    /// to nobody, the frozen ones: a session that is tried can't fare worse than one that is refused.
    fn routable(&self) -> Vec<Arc<Backend>> {
        let ready = self.places.iter().filter_map(Place::routable);
        let hung = self.places.iter().filter(|_| self.fails_open).filter_map(Place::hung);
        let answering: Vec<_> = ready.chain(hung).cloned().collect();
        if answering.is_empty() { self.places.iter().filter_map(Place::frozen).cloned().collect() } else { answering }
    }
}

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod world;
