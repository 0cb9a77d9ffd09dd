//! What the benches measure, set up: tables, requests, and running workers to hand a table to.
//!
//! Everything is fixed (ids, secret, sizes), so a count of instructions is the same in every run.

use std::cell::Cell;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::Receiver;
use lb_core::backend::{Backend, BackendId, Seat, Weight};
use lb_core::config::WorkerConfig;
use lb_core::control::Control;
use lb_core::net::listen::Fronts;
use lb_core::ring::{KeyHash, KeyHasher, Member, Ring, RingConfig, RingTable, Rule, SlotMap};
use lb_core::session::key::{KeySource, KeySources};
use lb_core::session::request::Context;
use lb_core::worker::{self, DataPlane};

/// What a small client sends.
pub(crate) const REQUEST: &[u8] = b"GET /home?id=123456 HTTP/1.1\r\nHost: 127.0.0.1:5000\r\nUser-Agent: curl/8.5.0\r\n\
    Accept: */*\r\nConnection: close\r\n\r\n";
const SECRET: [u8; 16] = *b"lb-core benches!";
/// Keys that look-ups go through.
const KEYS: u32 = 4096;
/// Workers that a table is handed to.
const WORKERS: usize = 2;
/// A worker that takes longer is stuck.
const APPLIED_WITHIN: Duration = Duration::from_secs(20);

/// Hashes of six-digit ids.
pub(crate) fn keys() -> Vec<KeyHash> {
    let hasher = KeyHasher::new(SECRET, false);
    (0..KEYS).map(|n| hasher.hash((100_000 + n * 211).to_string().as_bytes())).collect()
}

/// Times from nothing to a second, as many short ones as long ones.
pub(crate) fn times_us() -> Vec<u64> {
    (0..KEYS).map(|n| u64::from(n.wrapping_mul(0x9e37_79b9) & 0xf_ffff) >> (n % 20)).collect()
}

/// Seats 1 to `backends`.
pub(crate) fn ring_of(rule: Rule, backends: u32) -> Ring {
    let mut ring = Ring::new(RingConfig::new(rule, None, 0).expect("the default slot count fits"));
    for number in 1..=backends {
        let member = Member { seat: Seat::numbered(number), weight: Weight::ONE };
        ring.add(member).expect("so few seats fit every rule");
    }
    ring
}

/// The table of that ring, all backends ready.
pub(crate) fn table_of(rule: Rule, backends: u32) -> RingTable {
    table(1, ring_of(rule, backends).slot_map())
}

fn table(version: u64, slots: Arc<SlotMap>) -> RingTable {
    let seats: Vec<Seat> = slots.members().iter().map(|member| member.seat).collect();
    let backend = |seat: Seat| {
        let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
        let name = format!("S{}", seat.number()).into();
        Arc::new(Backend::new(BackendId(u64::from(seat.number())), name, seat, addr, WORKERS))
    };
    RingTable::new(version, slots, seats.into_iter().map(backend))
}

/// Requests under default settings.
pub(crate) struct Requests(WorkerConfig);

impl Requests {
    /// With the id in the query as key.
    pub(crate) fn new() -> Self {
        Self(config())
    }

    /// What `decide` is told besides the bytes.
    pub(crate) fn context(&self) -> Context<'_> {
        Context { config: &self.0, client: IpAddr::V4(Ipv4Addr::LOCALHOST), random: 0 }
    }
}

fn config() -> WorkerConfig {
    let keys = KeySources(vec![KeySource::Query("id".to_owned()), KeySource::Random]);
    WorkerConfig { keys, ..WorkerConfig::new(KeyHasher::new(SECRET, false)) }
}

/// Running workers, and who waits for them.
pub(crate) struct HandOver {
    control: Control,
    threads: Vec<JoinHandle<()>>,
    applied: Receiver<()>,
    slots: Arc<SlotMap>,
    version: Cell<u64>,
}

impl HandOver {
    /// Starts the workers, and hands them a first table.
    pub(crate) fn start() -> Self {
        let (tell, applied) = crossbeam_channel::unbounded();
        // After the end nobody waits.
        let notify = Arc::new(move || {
            let _nobody_waits = tell.send(());
        });
        let fronts = Fronts::bind(&[SocketAddr::from((Ipv4Addr::LOCALHOST, 0))], WORKERS).expect("port 0 is free");
        let DataPlane { control, threads } = worker::start(config(), fronts, notify).expect("workers start");
        let slots = ring_of(Rule::Rendezvous, 3).slot_map();
        let hand_over = Self { control, threads, applied, slots, version: Cell::new(0) };
        hand_over.publish_and_wait();
        hand_over
    }

    /// Publishes the next version and waits until every worker routes by it.
    pub(crate) fn publish_and_wait(&self) -> u64 {
        let table = self.next_table();
        self.publish(&table);
        while self.control.applied_version() < table.version() {
            self.applied.recv_timeout(APPLIED_WITHIN).expect("a worker applies a table at once");
        }
        table.version()
    }

    /// The next version, not published yet.
    pub(crate) fn next_table(&self) -> Arc<RingTable> {
        self.version.set(self.version.get() + 1);
        Arc::new(table(self.version.get(), Arc::clone(&self.slots)))
    }

    /// Sends it to the workers; doesn't wait.
    pub(crate) fn publish(&self, table: &Arc<RingTable>) {
        self.control.publish(table);
    }
}

impl Drop for HandOver {
    fn drop(&mut self) {
        self.control.stop();
        for thread in self.threads.drain(..) {
            thread.join().expect("a worker doesn't panic");
        }
    }
}
