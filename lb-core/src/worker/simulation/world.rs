//! One random run: peers, wire, clock, table and worker take steps in an order that the seed decides; then everybody
//! falls silent, and what is left must end by its deadlines.
//!
//! In calm weather everybody behaves, and everybody must have got everything; what is random is who is fast, how bytes
//! are cut and how much fits where. In a storm nobody need behave, and [`super::judge`] holds them to the promises that
//! are left.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::backend::{Conduct, Served};
use super::client::{Client, Manner};
use super::harness::{EPHEMERAL_FROM, Harness, Terms};
use super::judge;
use super::net::{Host, Net};
use super::pipe::SLOT_BYTES;
use super::seen::Seen;
use super::socket::Room;
use crate::backend::ProxyVersion;
use crate::backend::places::PlaceLimits;
use crate::config::{Affinity, Mode, NonHttp, OnMove, RETRIES_MAX, Splice, WorkerConfig};
use crate::ring::KeyHasher;
use crate::session::balance::BalanceFactor;
use crate::session::flow::Readiness;
use crate::worker::token::{End, SessionKey, Target};

/// Steps of one run before everybody falls silent.
const STEPS: usize = 4_000;
/// Clients that are about at once.
const CLIENTS_MAX: usize = 24;
/// Rounds in which everybody does one thing, until calm peers must be through.
const ROUNDS_MAX: usize = 100_000;
/// The longest deadline that a storm's settings have.
const DEADLINE_MAX_MS: u64 = 70_000;

/// How peers behave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weather {
    Calm,
    Storm,
}

/// What a run came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) steps: usize,
    /// Which ways the worker has taken.
    pub(super) seen: Seen,
    /// Of every byte that anybody got, and of the number of calls.
    digest: u64,
}

/// A run under way.
pub(super) struct World {
    pub(super) weather: Weather,
    pub(super) harness: Harness,
    pub(super) clients: Vec<Client>,
    pub(super) served: Vec<Served>,
    pub(super) steps: usize,
    random: fastrand::Rng,
    /// In a storm: most backends die or hang before they have said a byte.
    grim: bool,
    events_max: usize,
    listeners: usize,
    /// Keys that sessions had at some time; events for those that are gone come late.
    keys: Vec<SessionKey>,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let weather = if random.u8(..4) == 0 { Weather::Calm } else { Weather::Storm };
        let storm = weather == Weather::Storm;
        let room = rooms(&mut random);
        let few = storm && random.u8(..4) == 0;
        let descriptors_max = if few { random.usize(6..30) } else { 1_000 };
        let mut net = Net::new(random.u64(..), descriptors_max, room);
        net.jostle_chance = random.choice([0, 8, 100]).expect("there are three");
        net.accepts_lost = storm;
        let config = config(&mut random, weather);
        if config.connections_per_source > 0 {
            net.sources = random.u32(1..5);
        }
        // In calm weather too: that bytes are copied after all is nobody's loss.
        net.pipes_refused = random.u8(..8) == 0;
        net.splices_refused = random.choice([0, 0, 1, 300]).expect("there are four");
        let listeners = random.usize(1..=2);
        let events_max = random.choice([1, 4, 1024]).expect("there are three");
        let mut harness = Harness::new(config, net, listeners, random.u64(..));
        for _ in 0..random.usize(1..=5) {
            add_backend(&mut harness, weather, &mut random);
        }
        let (clients, served, keys) = (Vec::new(), Vec::new(), Vec::new());
        let grim = storm && random.u8(..3) == 0;
        let mut world = Self { weather, harness, clients, served, steps: 0, random, grim, events_max, listeners, keys };
        world.publish();
        world
    }

    /// The whole run.
    pub(super) fn run(mut self) -> Outcome {
        for _ in 0..STEPS {
            self.step();
        }
        self.finish();
        self.fall_silent();
        judge::judge(&self);
        self.outcome()
    }

    fn outcome(&self) -> Outcome {
        let mut digest = DefaultHasher::new();
        self.clients.iter().for_each(|client| (&client.got, client.end.is_some()).hash(&mut digest));
        self.served.iter().for_each(|served| (&served.got, served.end.is_some()).hash(&mut digest));
        self.harness.kernel.net().syscalls.hash(&mut digest);
        let seen = Seen::of(self.harness.stats());
        Outcome { steps: self.steps, seen, digest: digest.finish() }
    }

    fn storm(&self) -> bool {
        self.weather == Weather::Storm
    }

    fn step(&mut self) {
        self.steps += 1;
        match self.random.u8(..100) {
            0..5 => self.new_client(),
            5..30 => self.client_acts(),
            30..50 => self.backend_acts(),
            50..75 => self.harness.kernel.net().deliver_something(),
            75..93 => self.turn(),
            93..97 => self.clock_runs(),
            97 if self.storm() => self.hosts_change(),
            98 if self.storm() => self.late_event(),
            _ => self.harness.settle(),
        }
    }

    fn new_client(&mut self) {
        if self.clients.iter().filter(|client| !client.gone).count() >= CLIENTS_MAX {
            return;
        }
        let listener = self.random.usize(..self.listeners);
        let Some(id) = self.harness.kernel.net().client_connects(listener) else { return };
        let good = Manner::Good { fin_first: self.random.bool() };
        let manner = match self.random.u8(..12) {
            _ if !self.storm() => good,
            0 => Manner::Stays,
            1 => Manner::NeverReads,
            2 => Manner::Silent { after: self.random.usize(..100) },
            3 => Manner::Resets { after: self.random.u32(..60) },
            4 => Manner::Closes { after: self.random.u32(..60) },
            _ => good,
        };
        let config = &self.harness.worker.desk.config;
        let calm = self.weather == Weather::Calm;
        self.clients.push(Client::new(self.clients.len(), id, config, manner, calm, &mut self.random));
    }

    fn client_acts(&mut self) {
        let live: Vec<usize> = (0..self.clients.len()).filter(|&number| !self.clients[number].gone).collect();
        if let Some(&number) = self.random.choice(&live) {
            self.clients[number].act(&mut self.harness.kernel.net());
        }
    }

    fn backend_acts(&mut self) {
        self.meet_arrivals();
        let live: Vec<usize> = (0..self.served.len()).filter(|&number| !self.served[number].gone).collect();
        if let Some(&number) = self.random.choice(&live) {
            self.served[number].act(&mut self.harness.kernel.net(), &self.clients);
        }
    }

    fn meet_arrivals(&mut self) {
        while let Some((addr, id)) = { self.harness.kernel.net().arrived.pop_front() } {
            let conduct = conduct(self.weather, self.grim, &mut self.random);
            let backend = self.harness.backends.iter().find(|backend| backend.addr == addr);
            let awaits_header = backend.is_some_and(|backend| backend.send_proxy.is_some());
            self.served.push(Served::new(self.served.len(), id, conduct, awaits_header, &mut self.random));
        }
    }

    fn turn(&mut self) {
        self.harness.turn(self.events_max);
        let keys = self.harness.worker.sessions.keys();
        if let Some(&key) = self.random.choice(&keys) {
            self.keys.push(key);
        }
        for _report in self.harness.control.reports() {}
    }

    fn clock_runs(&mut self) {
        let now_ms = self.harness.now_ms;
        self.harness.now_ms = match self.random.u8(..20) {
            _ if !self.storm() => now_ms + self.random.u64(..3),
            0 => now_ms + self.random.u64(..40_000),
            1..4 => now_ms + self.random.u64(..2_000),
            4..10 => self.harness.wakes_ms().map_or(now_ms, |at| at.max(now_ms)),
            _ => now_ms + self.random.u64(..10),
        };
    }

    fn hosts_change(&mut self) {
        let host = host(self.weather, &mut self.random);
        if let Some(backend) = self.random.choice(&self.harness.backends).cloned()
            && backend.addr.port() < EPHEMERAL_FROM
        {
            self.harness.kernel.net().hosts.insert(backend.addr, host);
        }
        if self.harness.backends.len() < 12 && self.random.u8(..4) == 0 {
            add_backend(&mut self.harness, self.weather, &mut self.random);
        }
        if self.random.u8(..8) == 0 {
            self.harness.kernel.net().watches_refused = 1;
        }
        let pipes_refused = self.random.u8(..4) == 0;
        self.harness.kernel.net().pipes_refused = pipes_refused;
        self.publish();
        self.evict();
        self.limits_grow();
    }

    /// Only upwards: what is above a limit that was lowered breaks no promise, and would hide what does.
    fn limits_grow(&mut self) {
        let Some(backend) = self.random.choice(&self.harness.backends).cloned() else { return };
        let limit = backend.places().and_then(|places| places.limit());
        if let Some(places) = limit.map(|limit| limit + self.random.u32(1..3)) {
            self.harness.limit_places(&backend, PlaceLimits { places, waiting: self.random.u32(..6) });
        }
    }

    fn publish(&mut self) {
        let (storm, random) = (self.storm(), &mut self.random);
        let ready: Vec<_> =
            self.harness.backends.iter().filter(|_| !storm || random.u8(..4) > 0).map(Arc::clone).collect();
        self.harness.publish(ready);
    }

    /// Backends that are in no table any more may be rid of their sessions.
    fn evict(&mut self) {
        let table = self.harness.table.as_ref().expect("one was published");
        let gone = |id| table.backends().all(|ready| ready.id != id);
        let gone: Vec<_> = self.harness.backends.iter().map(|backend| backend.id).filter(|&id| gone(id)).collect();
        if let Some(&id) = self.random.choice(&gone)
            && self.random.u8(..3) == 0
        {
            self.harness.evict(id);
        }
    }

    /// An event that was fetched for a session that is gone, after somebody else has its place (D13, haproxy 237e6a0d6).
    fn late_event(&mut self) {
        // Not asked of the sessions one by one: whether they know who is gone is what is tested.
        let live = self.harness.worker.sessions.keys();
        let gone = |key: &SessionKey| !live.contains(key);
        let Some(key) = self.random.choice(&self.keys).copied().filter(gone) else { return };
        let end = if self.random.bool() { End::Client } else { End::backend(1) };
        let news = Readiness { readable: true, writable: true, hangup: true, error: true };
        let before = self.harness.stats().stale_events.read();
        self.harness.turn_with(std::iter::once((Target::Socket(key, end).token(), news)));
        assert_eq!(self.harness.stats().stale_events.read(), before + 1, "a stale event is dropped and counted");
    }

    /// Everybody does what he still means to do, while the clock hardly runs.
    fn finish(&mut self) {
        for _ in 0..ROUNDS_MAX {
            let mut net = self.harness.kernel.net();
            self.clients.iter_mut().for_each(|client| client.act(&mut net));
            net.deliver_all();
            drop(net);
            self.harness.settle();
            self.meet_arrivals();
            let mut net = self.harness.kernel.net();
            self.served.iter_mut().for_each(|served| served.act(&mut net, &self.clients));
            net.deliver_all();
            drop(net);
            self.harness.settle();
            let clients = self.clients.iter().filter(|client| !client.gone).count();
            let served = self.served.iter().filter(|served| !served.gone).count();
            self.steps += clients + served;
            if clients + served == 0 || self.is_stuck() {
                return;
            }
        }
        let left: Vec<_> = self.clients.iter().filter(|client| !client.gone).collect();
        let served: Vec<_> = self.served.iter().filter(|served| !served.gone).collect();
        panic!("calm peers are not through after {ROUNDS_MAX} rounds: {left:?} {served:?}");
    }

    /// In a storm somebody may wait for somebody who does nothing any more.
    fn is_stuck(&mut self) -> bool {
        self.storm() && self.random.u16(..1_000) == 0
    }

    /// Nobody does anything any more; the clock runs, and every session must end by itself.
    fn fall_silent(&mut self) {
        let clients = self.clients.len() as u64;
        for _ in 0..=clients {
            self.harness.pass(DEADLINE_MAX_MS);
            self.steps += 1;
            if self.harness.worker.sessions.len() == 0 {
                break;
            }
        }
        assert_eq!(self.harness.worker.sessions.len(), 0, "sessions that no deadline has ended");
        assert_eq!(self.harness.kernel.net().waiting(), 0, "clients that nobody lets in");
        self.harness.drain(Duration::from_secs(1));
        self.harness.pass(2_000);
        assert!(self.harness.worker.has_ended(), "a worker without sessions ends when it is drained");
        let pooled = 2 * self.harness.worker.desk.pipes.pooled().len();
        assert_eq!(self.harness.kernel.net().descriptors(), 1 + pooled, "the reserve and empty pipes are left");
        self.meet_arrivals();
        let mut net = self.harness.kernel.net();
        net.deliver_all();
        self.clients.iter_mut().for_each(|client| client.hear_the_end(&mut net));
        self.served.iter_mut().for_each(|served| served.hear_the_end(&mut net, &self.clients));
        assert!(net.sockets().is_empty(), "nobody keeps a socket: {:?}", net.sockets());
    }
}

/// Small, large, or of every size.
fn rooms(random: &mut fastrand::Rng) -> Room {
    let sizes = [600, 5_000, 100_000, 600_000].map(|least| random.usize(least..2 * least));
    let sizes = if random.u8(..4) == 0 { [sizes[3]; 4] } else { sizes };
    let mut one = || random.choice(sizes).expect("there are four");
    Room { receive: one(), send: one(), inbox: one() }
}

fn config(random: &mut fastrand::Rng, weather: Weather) -> WorkerConfig {
    let mut config = WorkerConfig::new(KeyHasher::new([7; 16], false));
    config.affinity = if random.bool() { Affinity::Connection } else { Affinity::Request };
    config.mode = if random.u8(..5) == 0 { Mode::Tcp } else { Mode::Http };
    config.non_http = if random.u8(..4) == 0 { NonHttp::Reject } else { NonHttp::Raw };
    config.idle_timeout = Duration::from_secs(60);
    config.accept_proxy = random.u8(..6) == 0;
    config.splice = random.choice([Splice::Never, Splice::Bulk, Splice::Always]).expect("there are three");
    config.pipe_bytes = random.choice([4, 16, 64]).expect("there are three") * SLOT_BYTES;
    config.pipes_max = random.choice([0, 1, 64]).expect("there are three");
    if random.u8(..3) == 0 {
        config.balance_factor = Some(BalanceFactor::parse("1.25").unwrap());
    }
    if config.mode == Mode::Tcp {
        config.affinity = Affinity::Connection;
        config.first_byte_timeout = Duration::ZERO;
    }
    if weather == Weather::Storm {
        config.retries = random.u32(..=RETRIES_MAX);
        config.retry_budget_percent = random.choice([0, 100, 100, 100]).expect("there are four");
        config.queue_timeout = Duration::from_millis(random.u64(1..8_000));
        config.connections_per_source = random.choice([0, 0, 0, 2]).expect("there are four");
        config.connections_max = random.choice([3, 20, 1000]).expect("there are three");
        config.idle_timeout = Duration::from_secs(random.u64(5..60));
        config.on_move = random.choice([OnMove::Keep, OnMove::Drain, OnMove::Close]).expect("there are three");
        config.on_move_rate = random.choice([0, 1, 100]).expect("there are three");
        config.drain_timeout = Duration::from_millis(random.u64(0..2_000));
    }
    config
}

fn add_backend(harness: &mut Harness, weather: Weather, random: &mut fastrand::Rng) {
    let number = harness.backends.len() as u16 + 1;
    let itself = weather == Weather::Storm && random.u8(..8) == 0;
    let port = if itself { EPHEMERAL_FROM + number } else { 8_000 + number };
    let addr = SocketAddr::from(([127, 0, 0, 1], port));
    let host = if itself { Host::Itself } else { host(weather, random) };
    harness.kernel.net().hosts.insert(addr, host);
    harness.add_backend(addr, terms(harness, weather, random));
}

fn terms(harness: &Harness, weather: Weather, random: &mut fastrand::Rng) -> Terms {
    let waiting = if weather == Weather::Calm { CLIENTS_MAX as u32 } else { random.u32(..6) };
    // Counted where a factor wants to know, as the control side does it.
    let counted = harness.worker.desk.config.balance_factor.map(|_| PlaceLimits { places: 0, waiting: 0 });
    let limits = PlaceLimits { places: random.u32(1..5), waiting };
    let places = if random.bool() { Some(limits) } else { counted };
    let send_proxy = random.choice([None, None, Some(ProxyVersion::V1), Some(ProxyVersion::V2)]);
    Terms { places, send_proxy: send_proxy.expect("there are four") }
}

fn host(weather: Weather, random: &mut fastrand::Rng) -> Host {
    let reachable = if random.bool() { Host::Near } else { Host::Far };
    match random.u8(..10) {
        _ if weather == Weather::Calm => reachable,
        0 => Host::RefusesAtOnce,
        1 => Host::RefusesLater,
        2 => Host::BlackHole,
        3 => Host::NoPortLeft,
        _ => reachable,
    }
}

fn conduct(weather: Weather, grim: bool, random: &mut fastrand::Rng) -> Conduct {
    let some = random.usize(..300);
    match random.u8(..16) {
        _ if weather == Weather::Calm => random.choice([Conduct::Good, Conduct::SpeaksFirst]).expect("there are two"),
        _ if grim && random.bool() => {
            let early = [Conduct::ResetsAfter(0), Conduct::ClosesAfter(0), Conduct::ResetsAtOnce, Conduct::Hangs];
            random.choice(early).expect("there are four")
        }
        0 => Conduct::SpeaksFirst,
        1 => Conduct::ClosesAtOnce,
        2 => Conduct::ResetsAtOnce,
        3 => Conduct::Hangs,
        4 => Conduct::Stopped,
        5 => Conduct::ResetsAfter(some),
        6 => Conduct::ClosesAfter(some),
        7 => Conduct::StallsAfter(some),
        8 => Conduct::NeverReads,
        9 => Conduct::Lingers,
        _ => Conduct::Good,
    }
}
