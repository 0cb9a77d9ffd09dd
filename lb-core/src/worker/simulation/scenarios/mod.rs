//! Single rows of FAULTS.md, and bugs that other proxies really had, played by script on the simulated kernel: the same
//! worker, edges and invariants as in a random run, but nothing is left to chance.
//!
//! [`Stage`] is what they share. The wire moves everything whenever [`Stage::settle`] is called, and nothing otherwise.

mod backends;
mod bugs;
mod door;
mod facts;
mod moved;
mod overload;
mod overslept;
mod places;
mod relay;
mod replay;
mod silence;
mod splicing;

use std::net::SocketAddr;

use super::harness::{EPHEMERAL_FROM, Harness, Terms};
use super::net::{Host, Net, SocketId};
use super::socket::{End, Room};
use crate::config::WorkerConfig;
use crate::ring::KeyHasher;
use crate::session::answer::Status;

/// More than the bytes of any scenario.
const PLENTY: usize = 8 * 1024 * 1024;
/// Buffers like a real kernel's at their smallest.
const SMALL: Room = Room { receive: 8 * 1024, send: 8 * 1024, inbox: 8 * 1024 };
/// Wire and worker take turns so often before they must be through.
const SETTLE_ROUNDS_MAX: usize = 10_000;

fn config() -> WorkerConfig {
    WorkerConfig::new(KeyHasher::new([7; 16], false))
}

/// A worker, and scripted peers at both of its ends.
struct Stage {
    harness: Harness,
}

impl Stage {
    fn new() -> Self {
        Self::with(config(), Room { receive: PLENTY, send: PLENTY, inbox: PLENTY })
    }

    fn with(config: WorkerConfig, room: Room) -> Self {
        Self { harness: Harness::new(config, Net::new(0, 1_000, room), 2, 0) }
    }

    /// With one good backend.
    fn before_a_backend() -> Self {
        let mut stage = Self::new();
        stage.backends(&[Host::Near]);
        stage
    }

    /// Publishes backends at hosts of this nature.
    fn backends(&mut self, hosts: &[Host]) {
        self.backends_on(Terms::default(), hosts);
    }

    fn backends_on(&mut self, terms: Terms, hosts: &[Host]) {
        for (number, &host) in (1..).zip(hosts) {
            let port = if host == Host::Itself { EPHEMERAL_FROM } else { 8_000 } + number;
            let addr = SocketAddr::from(([127, 0, 0, 1], port));
            self.harness.kernel.net().hosts.insert(addr, host);
            self.harness.add_backend(addr, terms);
        }
        let all = self.harness.backends.clone();
        self.harness.publish(all);
        self.settle();
    }

    /// A request whose first choice is the backend with this number, counted from 0.
    fn request_for(&self, backend: usize) -> Vec<u8> {
        let table = self.harness.table.as_ref().expect("a table was published");
        let hasher = &self.harness.worker.desk.config.hasher;
        let is_first = |id: &usize| {
            let first = table.lookup(hasher.hash(id.to_string().as_bytes()));
            first.is_some_and(|first| first.id == self.harness.backends[backend].id)
        };
        let id = (0..).find(is_first).expect("every backend owns a slot");
        format!("GET /r?id={id} HTTP/1.1\r\n\r\n").into_bytes()
    }

    fn client(&mut self) -> SocketId {
        let client = self.harness.kernel.net().client_connects(0).expect("the queue has room");
        self.settle();
        client
    }

    /// The connection that a backend has been given since this was last asked.
    fn arrived(&mut self) -> SocketId {
        self.arrival().expect("a backend has been connected to")
    }

    fn arrival(&mut self) -> Option<SocketId> {
        self.harness.kernel.net().arrived.pop_front().map(|(_, id)| id)
    }

    /// A client and a backend that are joined; the backend has read the head.
    fn joined(&mut self) -> (SocketId, SocketId) {
        let client = self.client();
        self.say(client, &self.request_for(0));
        let backend = self.arrived();
        assert_eq!(self.hear(backend), (self.request_for(0), None));
        (client, backend)
    }

    /// A peer sends all of this, and the worker does with it what it does.
    fn say(&mut self, peer: SocketId, bytes: &[u8]) {
        let mut said = 0;
        while said < bytes.len() {
            let taken = self.harness.kernel.net().socket(peer).peer_send(&bytes[said..]);
            assert!(taken > 0, "{said} of {} bytes could be said", bytes.len());
            said += taken;
            self.settle();
        }
    }

    fn fin(&mut self, peer: SocketId) {
        self.harness.kernel.net().socket(peer).peer_fin();
        self.settle();
    }

    fn reset(&mut self, peer: SocketId) {
        self.harness.kernel.net().peer_reset(peer);
        self.settle();
    }

    /// All that a peer has got since it last listened, and how that ended.
    fn hear(&mut self, peer: SocketId) -> (Vec<u8>, Option<End>) {
        self.settle();
        let mut got = Vec::new();
        loop {
            let before = got.len();
            let end = self.harness.kernel.net().socket(peer).peer_read(usize::MAX, &mut got);
            self.settle();
            if got.len() == before {
                return (got, end);
            }
        }
    }

    fn heard_answer(&mut self, client: SocketId, status: Status) {
        let (got, end) = self.hear(client);
        assert_eq!(String::from_utf8_lossy(&got), String::from_utf8_lossy(status.response()));
        assert_eq!(end, Some(End::Fin));
    }

    /// Wire and worker go on until neither has anything to do.
    fn settle(&mut self) {
        for _ in 0..SETTLE_ROUNDS_MAX {
            self.harness.settle();
            self.harness.kernel.net().deliver_all();
            if !self.harness.turn(1024) {
                self.harness.settle();
                return;
            }
        }
        panic!("wire and worker never come to rest");
    }

    /// The clock runs; the wire moves at its end.
    fn pass(&mut self, ms: u64) {
        self.harness.pass(ms);
        self.settle();
    }

    fn open_sessions(&self) -> usize {
        self.harness.worker.sessions.len()
    }
}

/// Bytes that tell where they stand.
fn counted(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at / 251) as u8 ^ at as u8).collect()
}
