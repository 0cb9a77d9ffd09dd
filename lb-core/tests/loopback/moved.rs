//! A mapping that gives keys to somebody else, over real sockets and several workers.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, mpsc};

use lb_core::backend::{Backend, BackendId, Counter, Seat};
use lb_core::config::{OnMove, WorkerConfig};
use lb_core::control::{Control, MappingStep};
use lb_core::ring::{Owners, Ring, RingTable};

use super::support::*;

const SESSIONS: usize = 60;

/// Two workers, three backends that answer and keep the connection open, and sessions with different keys.
struct Moving {
    plane: Plane,
    ring: Ring,
    backends: Vec<Arc<Backend>>,
    clients: Vec<TcpStream>,
    _scripts: Vec<Scripted>,
}

impl Moving {
    fn start(config: WorkerConfig) -> Self {
        let scripts: Vec<Scripted> = (0..3)
            .map(|_| {
                Scripted::new(|mut stream| {
                    while !read_head(&mut stream).is_empty() {
                        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
                    }
                })
            })
            .collect();
        let plane = Plane::with_workers(config, 2);
        let addrs: Vec<_> = scripts.iter().map(|script| script.addr).collect();
        let backends = plane.backends_at(&addrs, None);
        let mut moving = Self { plane, ring: ring_of(3), backends, clients: Vec::new(), _scripts: scripts };
        moving.publish(1, None);
        let joined = (0..SESSIONS).map(|id| {
            let mut client = moving.plane.connect();
            ask(&mut client, id).unwrap();
            client
        });
        moving.clients = joined.collect();
        moving
    }

    /// All are ready; the owners are those without the drained one.
    fn publish(&mut self, version: u64, drained: Option<Seat>) {
        let owners = Arc::new(self.owners_without(drained));
        let table =
            RingTable::new(version, self.ring.slot_map(), self.backends.iter().cloned()).with_owners(owners, version);
        self.plane.control.publish(&Arc::new(table));
        until("the table is applied", || self.plane.control.applied_version() == version);
    }

    fn owners_without(&mut self, drained: Option<Seat>) -> Owners {
        Owners::new(&self.ring.slot_map(), |member| Some(member.seat) != drained)
    }

    fn step(&mut self, drained: Option<Seat>) -> MappingStep {
        let [before, after] = [None, drained].map(|drained| Arc::new(self.owners_without(drained)));
        MappingStep { before, after, until_version: u64::MAX }
    }

    fn count(&mut self, drained: Seat) -> u64 {
        let (sender, counted) = mpsc::channel();
        let step = self.step(Some(drained));
        let _asked = self.plane.control.count_moved(step, move |count| sender.send(count).unwrap());
        counted.recv_timeout(PATIENCE).unwrap()
    }

    fn open(&self, id: BackendId) -> u64 {
        self.backends.iter().find(|backend| backend.id == id).map_or(0, |backend| backend.counters.open_sessions())
    }
}

fn ask(client: &mut TcpStream, id: usize) -> std::io::Result<()> {
    client.write_all(format!("GET /r?id={id} HTTP/1.1\r\n\r\n").as_bytes())?;
    let mut answer = [0; 40];
    client.read_exact(&mut answer)
}

#[test]
fn the_sessions_that_would_move_are_counted_exactly_over_all_workers() {
    let mut moving = Moving::start(config());
    let first = moving.backends[0].clone();
    let there = moving.open(first.id);
    assert!(there > 0 && there < SESSIONS as u64);
    assert_eq!(moving.count(first.seat), there);
    assert_eq!(moving.plane.count(|stats: &_| -> &Counter { &stats.moved_kept }), 0, "a question moves nobody");
    // And afterwards, of those who were there before: who comes now is routed by the new mapping.
    let step = MappingStep { until_version: 1, ..moving.step(Some(first.seat)) };
    moving.publish(2, Some(first.seat));
    let mut newcomers: Vec<_> = (0..SESSIONS).map(|_| moving.plane.connect()).collect();
    newcomers.iter_mut().enumerate().for_each(|(id, client)| ask(client, id).unwrap());
    let (sender, counted) = mpsc::channel();
    let _asked = moving.plane.control.count_moved(step, move |count| sender.send(count).unwrap());
    assert_eq!(counted.recv_timeout(PATIENCE), Ok(there));
}

#[test]
fn close_ends_the_sessions_that_moved_and_keep_none() {
    for on_move in [OnMove::Close, OnMove::Keep] {
        let mut moving = Moving::start(WorkerConfig { on_move, on_move_rate: 0, ..config() });
        let first = moving.backends[0].clone();
        let there = moving.open(first.id);
        moving.publish(2, Some(first.seat));
        let ended = if on_move == OnMove::Close { there } else { 0 };
        until("all of them are counted", || {
            moving.plane.count(|stats| &stats.moved_closed) + moving.plane.count(|stats| &stats.moved_kept) == there
        });
        assert_eq!(moving.plane.count(|stats| &stats.moved_closed), ended);
        let mut clients = std::mem::take(&mut moving.clients);
        let outcomes = clients.iter_mut().enumerate().map(|(id, client)| ask(client, id));
        let gone: Vec<ErrorKind> = outcomes.filter_map(|outcome| Some(outcome.err()?.kind())).collect();
        assert_eq!(gone.len() as u64, ended, "{gone:?}");
    }
}

#[test]
fn a_count_that_nobody_waits_for_is_given_up_and_without_workers_nothing_moves() {
    let mut moving = Moving::start(config());
    let step = moving.step(None);
    drop(moving.plane.control.count_moved(step.clone(), |_| ()));
    let seat = moving.backends[0].seat;
    assert_eq!(moving.count(seat), moving.open(moving.backends[0].id), "the next one is served");
    let (sender, counted) = mpsc::channel();
    let alone = Control::without_workers();
    let _asked = alone.count_moved(step, move |count| sender.send(count).unwrap());
    assert_eq!(counted.recv(), Ok(0));
}
