//! Two thousand connections of seeded random traffic, full duplex, in random pieces, a quarter of them aborted: nobody
//! ever sees a byte that isn't his own peer's next one, and whoever isn't aborted gets everything and a clean end.
//!
//! Both ends know from the run's seed and the connection's number what each of them will send. A failure prints the seed;
//! `LB_TRAFFIC_SEED=N cargo test -p lb-core --test loopback traffic` replays it (the plan, not the kernel's timing).

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use lb_core::config::{Splice, WorkerConfig};

use super::support::*;

const CONNECTIONS: u64 = 2000;
const CLIENTS_AT_ONCE: usize = 16;

#[test]
fn no_byte_is_lost_doubled_or_anothers_whatever_the_peers_do() {
    let plane = run(config());
    assert_eq!(plane.count(|stats| &stats.pipes_taken), plane.count(|stats| &stats.pipes_returned));
}

/// The same through pipes from the first byte on, of which there are too few: some are copied, some change over.
#[test]
fn no_byte_is_lost_doubled_or_anothers_when_all_that_can_be_is_spliced() {
    let plane = run(WorkerConfig { splice: Splice::Always, pipe_bytes: 16_384, pipes_max: 24, ..config() });
    assert!(plane.count(|stats| &stats.spliced_bytes) > 0);
    assert_eq!(plane.count(|stats| &stats.pipes_taken), plane.count(|stats| &stats.pipes_returned));
}

/// All connections through a plane with these settings.
fn run(config: WorkerConfig) -> Plane {
    let seed = std::env::var("LB_TRAFFIC_SEED").map_or_else(|_| fastrand::u64(..), |text| text.parse().unwrap());
    let wrong = Arc::new(Mutex::new(Vec::new()));
    let backends = [(); 3].map(|()| checking_backend(seed, &wrong));
    let plane = Plane::with_workers(config, 2);
    let routed = plane.route_to(&backends.map(|backend| backend.addr));
    let next = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS_AT_ONCE {
            scope.spawn(|| {
                while let Some(id) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|id| *id < CONNECTIONS) {
                    let outcome = Plan::new(seed, id).run(End::Client, open(plane.addr, id));
                    note(&wrong, id, "client", outcome);
                }
            });
        }
    });
    plane.all_closed();
    until("no backend counts a session", || routed.iter().all(|backend| backend.counters.open_sessions() == 0));
    let found = wrong.lock().unwrap();
    assert!(found.is_empty(), "LB_TRAFFIC_SEED={seed}: {} of {CONNECTIONS}, {:#?}", found.len(), found.first());
    plane
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Client,
    Backend,
}

/// What one connection is to carry.
struct Plan {
    seed: u64,
    /// Bytes that the client sends behind its head, and the backend.
    lengths: [usize; 2],
    /// Most bytes in one write.
    piece_max: usize,
    /// Who resets instead of sending its last bytes.
    abort: Option<End>,
}

impl Plan {
    fn new(seed: u64, id: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed ^ id.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let (piece_max, length_max) = random.choice([(8, 500), (1000, 20_000), (100_000, 400_000)]).unwrap();
        let abort = match random.u8(..8) {
            0 => Some(End::Client),
            1 => Some(End::Backend),
            _ => None,
        };
        // Not 0: for a backend that ends without a byte the front answers.
        let mut length = || random.usize(1..length_max);
        Self { lengths: [length(), length()], seed: random.u64(..), piece_max, abort }
    }

    /// Sends and checks at once, to the end. `Err` says what was wrong.
    fn run(&self, end: End, mut stream: TcpStream) -> Result<(), String> {
        let (mine, theirs) = if end == End::Client { (0, 1) } else { (1, 0) };
        let aborts = self.abort == Some(end);
        let mut sink = stream.try_clone().unwrap();
        std::thread::scope(|scope| {
            let sending = scope.spawn(move || {
                let sent = self.send(mine, if aborts { self.lengths[mine] / 2 } else { self.lengths[mine] }, &mut sink);
                match aborts {
                    true => reset(sink),
                    false => drop(sink.shutdown(Shutdown::Write)),
                }
                sent
            });
            // Whoever aborts doesn't read, and the reset goes out with the last descriptor.
            let received = if aborts { Ok(()) } else { self.check(theirs, &mut stream) };
            let sent = sending.join().unwrap();
            if self.abort.is_none() { sent.and(received) } else { received }
        })
    }

    fn bytes(&self, whose: usize) -> Vec<u8> {
        let mut random = fastrand::Rng::with_seed(self.seed + whose as u64);
        std::iter::repeat_with(|| random.u8(..)).take(self.lengths[whose]).collect()
    }

    fn send(&self, whose: usize, count: usize, sink: &mut TcpStream) -> Result<(), String> {
        let mut random = fastrand::Rng::with_seed(!self.seed + whose as u64);
        let bytes = self.bytes(whose);
        let mut rest = &bytes[..count];
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(random.usize(1..=self.piece_max).min(rest.len()));
            sink.write_all(piece)
                .map_err(|error| format!("{} of {count} bytes sent, then {error}", count - rest.len()))?;
            rest = after;
        }
        Ok(())
    }

    fn check(&self, whose: usize, source: &mut TcpStream) -> Result<(), String> {
        let expected = self.bytes(whose);
        let mut got = Vec::new();
        let end = source.read_to_end(&mut got);
        // A backend that is gone before the front has read a byte of it is answered for.
        if self.abort == Some(End::Backend) && got.starts_with(b"HTTP/1.1 502 ") {
            return Ok(());
        }
        if !expected.starts_with(&got) {
            let same = expected.iter().zip(&got).take_while(|(one, other)| one == other).count();
            return Err(format!("{} bytes received, of which {same} are right", got.len()));
        }
        match end {
            _ if self.abort.is_some() => Ok(()),
            Ok(_) if got.len() == expected.len() => Ok(()),
            end => Err(format!("{} of {} bytes received, then {end:?}", got.len(), expected.len())),
        }
    }
}

/// Connects and sends the head.
fn open(addr: SocketAddr, id: u64) -> TcpStream {
    let mut stream = connect(addr);
    stream.set_nodelay(true).unwrap();
    write!(stream, "POST /r?id={id} HTTP/1.1\r\n\r\n").unwrap();
    stream
}

fn checking_backend(seed: u64, wrong: &Arc<Mutex<Vec<String>>>) -> Scripted {
    let wrong = Arc::clone(wrong);
    Scripted::new(move |mut stream| {
        stream.set_nodelay(true).unwrap();
        let head = read_head(&mut stream);
        let id = head.strip_prefix("POST /r?id=").and_then(|rest| rest.split(' ').next()?.parse().ok());
        // A client's abort may overtake its head.
        let Some(id) = id.filter(|_| head.ends_with("\r\n\r\n")) else { return };
        note(&wrong, id, "backend", Plan::new(seed, id).run(End::Backend, stream));
    })
}

fn note(wrong: &Mutex<Vec<String>>, id: u64, end: &str, outcome: Result<(), String>) {
    if let Err(what) = outcome {
        wrong.lock().unwrap().push(format!("connection {id}, {end}: {what}"));
    }
}
