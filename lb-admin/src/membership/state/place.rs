//! A place in the membership, who sits in it, and those who have left theirs but still run.
//!
//! A [`Place`] is a seat of the ring with the replica that sits there now. It lasts from the acceptance of the request
//! that made it until `/rm`; replicas come and go in it. A replica without a place is a [`Leaving`] one: it drains or is
//! being stopped, its name is free, and nothing can bring it back.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use lb_core::backend::{Backend, BackendId, BackendState, ProxyVersion, Seat, Weight};

use super::edit::place_limits;
use super::{CallId, Limits, Moment, Watched};
use crate::config::{OwnCheck, StaticBackend};
use crate::discovery::Source;
use crate::health::record::CheckRecord;
use crate::membership::mapping::Seated;
use crate::membership::saved::SavedMember;
use crate::membership::snapshot::{BackendView, Origin};
use crate::supervisor::backoff::Backoff;
use crate::supervisor::launcher::Trace;

/// A seat, and who sits there.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) name: Arc<str>,
    pub(super) seat: Seat,
    pub(super) weight: Weight,
    /// Whether the weight was set while it ran, not by what told of it.
    pub(super) reweighed: bool,
    /// Somebody has said that it gets no new sessions.
    pub(super) drained: bool,
    /// Sessions at a time as set for it alone (0: any number); `None`: as the settings say.
    pub(super) max_connections: Option<u32>,
    /// Started and kept alive by us; else a `--backend`.
    pub(super) supervised: bool,
    /// Whether each connection to a `--backend` begins with a PROXY header; for replicas the settings say it.
    pub(super) send_proxy: Option<ProxyVersion>,
    /// What a backend that isn't ours says about its check.
    pub(super) own_check: OwnCheck,
    /// Who told of it, and in which words; `None`: a replica or a `--backend`.
    pub(super) discovered: Option<(Source, StaticBackend)>,
    /// The replica that sat here hung and was stopped for it; no other has passed its checks since.
    pub(super) given_up: bool,
    /// The `/add` that waits for it: until that is answered the place is nobody else's business.
    pub(super) call: Option<CallId>,
    /// Whether a user gave the name, or asked for it to be there: then the autoscaler leaves it alone.
    pub(super) named: bool,
    /// Whether `/rep` lists the name: it has been ready once (a `--backend`: always).
    pub(super) listed: bool,
    /// Since when `life` is what it is.
    pub(super) since: Moment,
    pub(super) backoff: Backoff,
    /// Launches under this name.
    pub(super) launches: u32,
    /// How often the replica here was lost and launched again or replaced, since start.
    pub(super) restarts: u64,
    /// Since when nobody ready sits here, where somebody did before.
    pub(super) lost_at: Option<Instant>,
    /// The seat's slots, where the ring's rule gives it some that depend on history.
    pub(super) ring_places: Vec<u32>,
    /// What finds the replica again after a restart.
    pub(super) trace: Option<Trace>,
    pub(super) life: Life,
}

/// Where the replica in a place stands.
#[derive(Clone, Debug)]
pub(super) enum Life {
    /// Nobody there: until the next launch is due, or (`None`) a `--backend` without an address yet, or no launch any
    /// more because the process is stopping.
    Absent {
        launch_at: Option<Instant>,
    },
    /// The launcher was asked and hasn't answered.
    Launching(BackendId),
    Alive(Alive),
}

#[derive(Clone, Debug)]
pub(super) struct Alive {
    pub(super) pid: Option<u32>,
    pub(super) backend: Arc<Backend>,
    pub(super) health: Health,
    pub(super) ready_at: Option<Instant>,
    /// The data path has had trouble (`true`: was refused), and the probe that was asked for hasn't answered.
    pub(super) suspected: Option<bool>,
    /// Somebody has frozen it from outside.
    pub(super) frozen: Option<Frozen>,
    /// What its checks have found.
    pub(super) checks: Arc<CheckRecord>,
}

/// How far a frozen replica is from being back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Frozen {
    /// It answers nothing.
    Paused { since: Instant },
    /// It goes on; no good check has said so yet.
    Resumed,
}

impl Alive {
    pub(super) fn is_ready(&self) -> bool {
        self.health == Health::Ready && self.frozen.is_none()
    }
}

/// What the checks say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Health {
    Starting,
    Ready,
    Down { refused: bool },
}

impl Place {
    /// An empty place, as accepted.
    pub(super) fn new(name: Arc<str>, seat: Seat, weight: Weight, now: Moment) -> Self {
        Self {
            name,
            seat,
            weight,
            reweighed: false,
            drained: false,
            max_connections: None,
            supervised: true,
            send_proxy: None,
            own_check: OwnCheck::default(),
            discovered: None,
            given_up: false,
            call: None,
            named: false,
            listed: false,
            since: now,
            backoff: Backoff::default(),
            launches: 0,
            restarts: 0,
            lost_at: None,
            ring_places: Vec::new(),
            trace: None,
            life: Life::Absent { launch_at: None },
        }
    }

    /// Whether the settings are what has it here, and no source that tells of it anew.
    pub(super) fn is_of_settings(&self) -> bool {
        self.discovered.as_ref().is_none_or(|(source, _)| *source == Source::Settings)
    }

    pub(super) fn id(&self) -> Option<BackendId> {
        match &self.life {
            Life::Absent { .. } => None,
            Life::Launching(id) => Some(*id),
            Life::Alive(alive) => Some(alive.backend.id),
        }
    }

    pub(super) fn alive(&self) -> Option<&Alive> {
        match &self.life {
            Life::Alive(alive) => Some(alive),
            _ => None,
        }
    }

    pub(super) fn alive_mut(&mut self) -> Option<&mut Alive> {
        match &mut self.life {
            Life::Alive(alive) => Some(alive),
            _ => None,
        }
    }

    pub(super) fn is_ready(&self) -> bool {
        self.alive().is_some_and(Alive::is_ready)
    }

    /// Whether it counts when sessions are given out, healthy or not: no `/add` still waits for its companions, and it
    /// isn't drained.
    pub(super) fn takes_keys(&self) -> bool {
        self.call.is_none() && !self.drained
    }

    /// The backend, where it may get sessions.
    pub(super) fn routable(&self) -> Option<&Arc<Backend>> {
        let alive = self.alive().filter(|alive| alive.is_ready() && self.takes_keys())?;
        Some(&alive.backend)
    }

    /// The backend, where it doesn't answer its checks although nobody says that it refuses, and nobody knows why.
    pub(super) fn hung(&self) -> Option<&Arc<Backend>> {
        Some(&self.alive().filter(|_| self.is_hung())?.backend)
    }

    pub(super) fn is_hung(&self) -> bool {
        let hangs = |alive: &Alive| alive.health == Health::Down { refused: false } && alive.frozen.is_none();
        self.takes_keys() && self.alive().is_some_and(hangs)
    }

    /// The backend, where it doesn't answer because it is frozen.
    pub(super) fn frozen(&self) -> Option<&Arc<Backend>> {
        let may_thaw = |alive: &&Alive| matches!(alive.health, Health::Ready | Health::Down { refused: false });
        let alive = self.alive().filter(may_thaw)?;
        (self.takes_keys() && alive.frozen.is_some()).then_some(&alive.backend)
    }

    /// Whoever is there, to be checked.
    pub(super) fn watched(&self) -> Option<Watched> {
        let alive = self.alive()?;
        Some(Watched {
            backend: Arc::clone(&alive.backend),
            supervised: self.supervised,
            own_check: self.own_check.clone(),
            up: alive.health == Health::Ready,
            checks: Arc::clone(&alive.checks),
        })
    }

    /// To be written down.
    pub(super) fn to_save(&self) -> SavedMember {
        SavedMember {
            name: Arc::clone(&self.name),
            seat: self.seat.number(),
            places: self.ring_places.clone(),
            weight: self.weight.thousandths(),
            supervised: self.supervised,
            listed: self.listed,
            named: self.named,
            reweighed: self.reweighed,
            drained: self.drained,
            max_connections: self.max_connections,
            id: self.id().filter(|_| self.supervised).map(|id| id.0),
            trace: self.trace.clone(),
        }
    }

    /// What an earlier run had set for it.
    pub(super) fn set_as(&mut self, before: &SavedMember) {
        self.reweighed = before.reweighed;
        self.drained = before.drained;
        self.max_connections = before.max_connections;
        let weight = Weight::from_thousandths(before.weight).ok().filter(|_| before.reweighed);
        self.weight = weight.unwrap_or(self.weight);
    }

    /// For the mapping.
    pub(super) fn seated(&self) -> Seated {
        Seated {
            name: Arc::clone(&self.name),
            seat: self.seat,
            weight: self.weight,
            drained: self.drained,
            max_connections: self.max_connections,
            supervised: self.supervised,
            places: self.ring_places.clone(),
        }
    }

    pub(super) fn enter(&mut self, life: Life, now: Moment) {
        self.life = life;
        self.since = now;
    }

    fn origin(&self) -> Origin {
        match self.discovered.as_ref().map(|(source, _)| source) {
            _ if self.supervised => Origin::Replica,
            None | Some(Source::Settings) => Origin::Backend,
            Some(Source::File) => Origin::File,
            Some(Source::Docker) => Origin::Docker,
        }
    }

    /// Of whoever is there now.
    fn container(&self) -> Option<String> {
        match self.trace.as_ref().filter(|_| self.alive().is_some()) {
            Some(Trace::Container { id, .. }) => Some(id.clone()),
            _ => None,
        }
    }

    pub(super) fn view(&self) -> BackendView {
        let state = match self.alive().map(|alive| alive.health) {
            // A `--backend` without an address doesn't start; it is down until its name resolves.
            None if !self.supervised => BackendState::Down,
            None | Some(Health::Starting) => BackendState::Starting,
            Some(Health::Ready) if self.is_ready() => BackendState::Ready,
            Some(Health::Ready) => BackendState::Down,
            Some(Health::Down { .. }) => BackendState::Down,
        };
        BackendView {
            name: Arc::clone(&self.name),
            seat: self.seat.number(),
            weight: self.weight,
            drained: self.drained,
            // Ready, but one of its companions isn't: it gets no sessions yet.
            state: if state == BackendState::Ready && self.call.is_some() { BackendState::Starting } else { state },
            since: self.since.wall,
            supervised: self.supervised,
            origin: self.origin(),
            container: self.container(),
            pid: self.alive().and_then(|alive| alive.pid),
            listed: self.listed,
            failures: self.backoff.failures(),
            restarts: self.restarts,
            checks: self.alive().map(|alive| Arc::clone(&alive.checks)),
            backend: self.alive().map(|alive| Arc::clone(&alive.backend)),
        }
    }
}

/// A replica without a place, until its process is gone.
#[derive(Clone, Debug)]
pub(super) struct Leaving {
    pub(super) id: BackendId,
    pub(super) name: Arc<str>,
    pub(super) seat: Seat,
    pub(super) weight: Weight,
    pub(super) since: SystemTime,
    pub(super) pid: Option<u32>,
    pub(super) backend: Option<Arc<Backend>>,
    pub(super) step: Step,
}

/// How far it has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Its sessions may finish. It is out of the tables from `version` on.
    Draining { version: u64, deadline: Option<Instant> },
    /// It has been told to stop.
    Stopping,
}

impl Leaving {
    pub(super) fn is_draining(&self) -> bool {
        matches!(self.step, Step::Draining { .. })
    }

    /// Whether a draining one has nothing left to do.
    pub(super) fn is_drained(&self, applied: u64, now: Instant) -> bool {
        let Step::Draining { version, deadline } = self.step else { return false };
        let open = self.backend.as_ref().map_or(0, |backend| backend.counters.open_sessions());
        // Until every worker has applied the version, one may still route a session to it.
        (applied >= version && open == 0) || deadline.is_some_and(|deadline| now >= deadline)
    }

    /// Whether its sessions have had their time.
    pub(super) fn is_late(&self, now: Instant) -> bool {
        matches!(self.step, Step::Draining { deadline: Some(deadline), .. } if now >= deadline)
    }

    pub(super) fn view(&self) -> BackendView {
        BackendView {
            name: Arc::clone(&self.name),
            seat: self.seat.number(),
            weight: self.weight,
            drained: false,
            state: BackendState::Draining,
            since: self.since,
            supervised: true,
            origin: Origin::Replica,
            container: None,
            pid: self.pid,
            listed: false,
            failures: 0,
            restarts: 0,
            checks: None,
            backend: self.backend.clone(),
        }
    }
}

/// An address that a backend which isn't ours had before it got another or left: its sessions may finish until then.
#[derive(Clone, Debug)]
pub(super) struct Moved {
    pub(super) id: BackendId,
    pub(super) deadline: Instant,
}

/// What [`Place::new`] doesn't know of a `--backend`.
pub(super) fn static_place(backend: &StaticBackend, number: u32, now: Moment) -> Place {
    let (name, send_proxy, own_check) = (backend.name.as_str(), backend.send_proxy, backend.check.clone());
    let place = Place::new(name.into(), Seat::named(name, number), backend.weight, now);
    let discovered = Some((Source::Settings, backend.clone()));
    Place { supervised: false, listed: true, send_proxy, own_check, discovered, ..place }
}

/// A launched replica's backend.
pub(super) fn backend_at(place: &Place, id: BackendId, addr: SocketAddr, limits: &Limits) -> Arc<Backend> {
    let send_proxy = if place.supervised { limits.replica_send_proxy } else { place.send_proxy };
    let backend = Backend::new(id, Arc::clone(&place.name), place.seat, addr, limits.workers);
    Arc::new(backend.with_places(place_limits(place, limits)).with_proxy_header(send_proxy))
}
