//! A worker on the fake kernel, its clock and its control side: what a random run and a directed scenario both stand on.
//!
//! Turns are taken as the real loop takes them: only where an event, a command or a deadline calls for one, so that an
//! edge that is missed stays missed. After every turn the [`super::invariants`] are looked at.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use mio::{Poll, Token, Waker};

use super::invariants;
use super::kernel::FakeKernel;
use super::net::Net;
use crate::access_log::{Outlet, Record};
use crate::backend::places::PlaceLimits;
use crate::backend::{Backend, BackendId, ProxyVersion, Seat, Weight};
use crate::config::WorkerConfig;
use crate::control::{Control, MappingStep, Notify};
use crate::ring::{Member, Owners, Ring, RingConfig, RingTable, Rule, SlotMap};
use crate::session::flow::Readiness;
use crate::worker::admit::{Admission, Door};
use crate::worker::desk::Desk;
use crate::worker::source_limit::SourceLimit;
use crate::worker::stats::WorkerStats;
use crate::worker::token::Target;
use crate::worker::turn::{News, Worker};

/// Ports from here on are given out by the kernel itself.
pub(super) const EPHEMERAL_FROM: u16 = 32_768;
/// Turns at one moment of the clock before a worker counts as spinning: far more than the bytes in all buffers need.
const TURNS_AT_ONCE_MAX: usize = 5_000;

/// What a backend is given beside its address.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Terms {
    pub(super) places: Option<PlaceLimits>,
    pub(super) send_proxy: Option<ProxyVersion>,
}

/// Records that fit the access log's channel: now and then a turn closes more, and some are dropped.
const RECORDS_MAX: usize = 6;

/// Sums over the access log's records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Logged {
    pub(super) records: u64,
    pub(super) replays: u64,
    pub(super) bytes_to_backend: u64,
    pub(super) bytes_to_client: u64,
    /// By the front itself.
    pub(super) answers: u64,
    /// As 503 because the queue's deadline had passed, or reset for it.
    pub(super) queue_timeouts: u64,
}

impl Logged {
    fn add(&mut self, record: &Record) {
        let spent_us: u64 = record.spent_us.iter().sum();
        assert!(spent_us <= record.total_us, "no more is spent than there was: {record:?}");
        assert!(record.replays <= record.attempts, "{record:?}");
        assert!(record.attempts == 0 || record.key.is_some(), "nobody is routed without a key: {record:?}");
        self.records += 1;
        self.replays += u64::from(record.replays);
        self.bytes_to_backend += record.bytes_to_backend;
        self.bytes_to_client += record.bytes_to_client;
        self.answers += u64::from(record.end.status().is_some());
        self.queue_timeouts += u64::from(record.end.queue_timed_out);
    }
}

/// What surrounds one worker.
pub(super) struct Harness {
    pub(super) kernel: Rc<FakeKernel>,
    pub(super) worker: Worker<FakeKernel>,
    pub(super) control: Control,
    pub(super) now_ms: u64,
    /// When the turn before was over.
    asked_ms: u64,
    /// All that were ever made.
    pub(super) backends: Vec<Arc<Backend>>,
    /// What was published last.
    pub(super) table: Option<Arc<RingTable>>,
    /// Backends that may have more sessions than places, or uncounted ones, because their limit was lowered.
    pub(super) lowered: Vec<BackendId>,
    pub(super) owners: Option<Arc<Owners>>,
    ready: Vec<Arc<Backend>>,
    ring: Ring,
    version: u64,
    commanded: bool,
    records: crossbeam_channel::Receiver<Record>,
    /// What the access log's records add up to.
    pub(super) logged: Logged,
    /// Whom the control side's waker belongs to; nobody polls it.
    _poll: Poll,
}

impl Harness {
    pub(super) fn new(config: WorkerConfig, net: Net, listeners: usize, seed: u64) -> Self {
        let poll = Poll::new().unwrap();
        let waker = Arc::new(Waker::new(poll.registry(), Target::Commands.token()).unwrap());
        let nobody: Notify = Arc::new(|| ());
        let (control, mut ports) = Control::link(vec![waker], &nobody);
        let kernel = Rc::new(FakeKernel::new(net));
        let listeners = (0..listeners).map(|number| kernel.listen(Target::Listener(number).token())).collect();
        let sources = NonZeroU32::new(config.connections_per_source).map(|most| Arc::new(SourceLimit::new(most.get())));
        let door = Door { accept_proxy: config.accept_proxy, sources: sources.clone() };
        let admission = Admission::new(Rc::clone(&kernel), listeners, config.connections_max).behind(door);
        let port = ports.pop().expect("one worker is linked");
        let (outlet, records) = Outlet::new(RECORDS_MAX, seed.is_multiple_of(2));
        let config = WorkerConfig { access_log: Some(outlet), ..config };
        let mut desk = Desk::new(Rc::clone(&kernel), Arc::new(config), port, 0, EPHEMERAL_FROM);
        desk.random = fastrand::Rng::with_seed(seed);
        desk.sources = sources;
        let ring = Ring::new(RingConfig::new(Rule::Rendezvous, Some(64), 0).unwrap());
        let worker = Worker::new(admission, desk);
        // 0 is what an unarmed timer says; the clock is past it before a client comes.
        let now_ms = 1;
        Self {
            kernel,
            worker,
            control,
            now_ms,
            asked_ms: now_ms,
            backends: Vec::new(),
            table: None,
            lowered: Vec::new(),
            owners: None,
            ready: Vec::new(),
            ring,
            version: 0,
            commanded: false,
            records,
            logged: Logged::default(),
            _poll: poll,
        }
    }

    /// A backend in a seat of its own; not published yet.
    pub(super) fn add_backend(&mut self, addr: SocketAddr, terms: Terms) -> Arc<Backend> {
        let number = self.backends.len() as u32 + 1;
        let seat = Seat::numbered(number);
        self.ring.add(Member { seat, weight: Weight::ONE }).unwrap();
        let backend = Backend::new(BackendId(u64::from(number)), format!("S{number}").into(), seat, addr, 1);
        let backend = backend.with_places(terms.places).with_proxy_header(terms.send_proxy);
        self.backends.push(Arc::new(backend));
        Arc::clone(&self.backends[self.backends.len() - 1])
    }

    pub(super) fn publish(&mut self, ready: impl IntoIterator<Item = Arc<Backend>>) {
        self.version += 1;
        self.ready = ready.into_iter().collect();
        let slots = self.ring.slot_map();
        if self.owners.as_ref().is_none_or(|owners| owners.members() != slots.members()) {
            self.owners = Some(Arc::new(Owners::new(&slots, |_| true)));
        }
        self.send_table();
    }

    /// The same backends are ready, under another mapping.
    pub(super) fn owners_are(&mut self, owners: Arc<Owners>) {
        self.version += 1;
        self.owners = Some(owners);
        self.send_table();
    }

    fn send_table(&mut self) {
        let table = RingTable::new(self.version, self.ring.slot_map(), self.ready.iter().cloned());
        let table = Arc::new(table.with_owners(self.owners.clone().expect("there is a mapping"), self.version));
        self.control.publish(&table);
        self.table = Some(table);
        self.commanded = true;
    }

    pub(super) fn drain(&mut self, deadline: Duration) {
        self.control.drain(deadline);
        self.commanded = true;
    }

    pub(super) fn evict(&mut self, backend: BackendId) {
        self.control.evict(backend);
        self.commanded = true;
    }

    /// How many sessions would move by this mapping, once the worker has counted.
    pub(super) fn count_moved(&mut self, after: Owners) -> Receiver<u64> {
        let (sender, counted) = mpsc::channel();
        let before = self.owners.clone().expect("there is a mapping");
        let step = MappingStep { before, after: Arc::new(after), until_version: u64::MAX };
        let asked = self.control.count_moved(step, move |count| sender.send(count).expect("it is awaited"));
        self.commanded = true;
        self.settle();
        drop(asked);
        counted
    }

    /// The slots of the table that was published last.
    pub(super) fn slots(&self) -> Arc<SlotMap> {
        Arc::clone(self.table.as_ref().expect("one was published").slots())
    }

    pub(super) fn limit_places(&mut self, backend: &Backend, limits: PlaceLimits) {
        let most = |places: u32| if places == 0 { u32::MAX } else { places };
        let before = backend.places().and_then(|places| places.limit()).unwrap_or(u32::MAX);
        if most(limits.places) < before {
            self.lowered.push(backend.id);
        }
        self.control.limit_places(backend, limits);
        self.commanded = true;
    }

    pub(super) fn stats(&self) -> &WorkerStats {
        &self.worker.desk.port.shared.stats
    }

    /// When the worker's sleep ends by itself.
    pub(super) fn wakes_ms(&self) -> Option<u64> {
        self.worker.wakes_ms(self.now_ms)
    }

    /// One turn with at most `events_max` events, where the real loop would take one. Whether it was.
    pub(super) fn turn(&mut self, events_max: usize) -> bool {
        let events = self.kernel.net().events(events_max);
        let called = std::mem::take(&mut self.commanded) || self.wakes_ms().is_some_and(|at| at <= self.now_ms);
        if events.is_empty() && !called {
            return false;
        }
        let fetched = events.len();
        let due = self.worker.sessions.len();
        let began_at = self.kernel.net().syscalls;
        self.kernel.net().turn_began_at = began_at;
        // A sleep begins when the turn before is over, and so does the question.
        let asked_at = Duration::from_millis(std::mem::replace(&mut self.asked_ms, self.now_ms));
        let news = News { asked_at, events: events.into_iter(), room: events_max };
        self.worker.turn(Duration::from_millis(self.now_ms), news);
        let calls = self.kernel.net().syscalls - began_at;
        self.records.try_iter().for_each(|record| self.logged.add(&record));
        invariants::bounded(self, calls, fetched + due);
        invariants::hold(self);
        true
    }

    /// One turn with events that the kernel hasn't told now.
    pub(super) fn turn_with(&mut self, events: impl Iterator<Item = (Token, Readiness)>) {
        let now = Duration::from_millis(self.now_ms);
        self.worker.turn(now, News { asked_at: now, events, room: usize::MAX });
    }

    /// Turns until the worker would sleep. One that never would is spinning.
    pub(super) fn settle(&mut self) {
        for _ in 0..TURNS_AT_ONCE_MAX {
            if !self.turn(1024) {
                invariants::nothing_missed(self);
                return;
            }
        }
        panic!("the worker spins: {TURNS_AT_ONCE_MAX} turns at {} ms and still awake", self.now_ms);
    }

    /// Lets the clock run on by `ms`, with every wake on the way, while nobody else does anything.
    pub(super) fn pass(&mut self, ms: u64) {
        let until_ms = self.now_ms + ms;
        self.settle();
        while let Some(wakes_ms) = self.wakes_ms().filter(|&at| at <= until_ms) {
            assert!(wakes_ms > self.now_ms, "a worker that has settled is due in the future");
            self.now_ms = wakes_ms;
            self.settle();
        }
        self.now_ms = until_ms;
    }
}
