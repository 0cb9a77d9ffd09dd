//! Places, the queue for them, and bounded load: over real sockets, with a backend that counts for itself.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use lb_core::backend::places::{PlaceLimits, Places};
use lb_core::backend::{Backend, BackendId};
use lb_core::config::{Mode, WorkerConfig};
use lb_core::session::balance::BalanceFactor;

use super::support::*;

const REQUEST: &[u8] = b"GET /r?id=1 HTTP/1.1\r\n\r\n";

fn limits(places: u32, waiting: u32) -> PlaceLimits {
    PlaceLimits { places, waiting }
}

fn places(backend: &Backend) -> &Places {
    backend.places().unwrap()
}

/// A backend that holds every answer back until it is let go, and knows how many connections it has and had at most.
struct Counting {
    backend: Scripted,
    inside: Arc<AtomicU32>,
    most: Arc<AtomicU32>,
    open: Arc<AtomicBool>,
}

impl Counting {
    fn new() -> Self {
        let (inside, most, open) =
            (Arc::<AtomicU32>::default(), Arc::<AtomicU32>::default(), Arc::<AtomicBool>::default());
        let (now, peak, may_answer) = (Arc::clone(&inside), Arc::clone(&most), Arc::clone(&open));
        let backend = Scripted::new(move |mut stream| {
            peak.fetch_max(now.fetch_add(1, SeqCst) + 1, SeqCst);
            read_head(&mut stream);
            until("the test lets go", || may_answer.load(SeqCst));
            // Before the answer: the balancer may send the next as soon as it has that.
            now.fetch_sub(1, SeqCst);
            respond(&mut stream, "served");
        });
        Self { backend, inside, most, open }
    }

    fn let_go(&self) {
        self.open.store(true, SeqCst);
    }
}

fn ask(plane: &Plane) -> TcpStream {
    let mut client = plane.connect();
    client.write_all(REQUEST).unwrap();
    client
}

/// One place, taken; `waiting` clients in the queue behind it.
fn with_waiting(
    config: WorkerConfig,
    max_waiting: u32,
    waiting: u32,
) -> (Counting, Plane, Arc<Backend>, Vec<TcpStream>) {
    let counting = Counting::new();
    let plane = Plane::start(config);
    let backend = plane.route_to_limited(&[counting.backend.addr], Some(limits(1, max_waiting))).remove(0);
    let mut clients = vec![ask(&plane)];
    until("the place is taken", || counting.inside.load(SeqCst) == 1);
    for number in 1..=waiting {
        clients.push(ask(&plane));
        until("it waits", || places(&backend).waiting() == number);
    }
    (counting, plane, backend, clients)
}

/// A lost wake-up would leave one waiting until its deadline, which is none here; a place given twice would be seen by
/// the backend itself.
#[test]
fn under_load_on_two_workers_all_are_served_and_never_more_than_may_are_at_the_backend() {
    const MAX: u32 = 3;
    let counting = Counting::new();
    counting.let_go();
    let config = WorkerConfig { queue_timeout: Duration::ZERO, ..config() };
    let plane = Plane::with_workers(config, 2);
    let backend = plane.route_to_limited(&[counting.backend.addr], Some(limits(MAX, 1000))).remove(0);
    let served = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                for _ in 0..60 {
                    assert!(read_text(&mut ask(&plane)).ends_with("served"));
                    served.fetch_add(1, SeqCst);
                }
            });
        }
    });
    assert_eq!(served.load(SeqCst), 16 * 60);
    assert!(counting.most.load(SeqCst) <= MAX, "{} at once", counting.most.load(SeqCst));
    assert!(plane.count(|stats| &stats.queued) > 0, "some had to wait");
    plane.all_closed();
    assert_eq!((places(&backend).open(), places(&backend).waiting()), (0, 0));
}

#[test]
fn who_came_first_is_served_first() {
    let order = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&order);
    let backend = Scripted::new(move |mut stream| {
        let head = read_head(&mut stream);
        until("the test lets go", || count.load(SeqCst) > 0);
        respond(&mut stream, &format!("{} {}", count.fetch_add(1, SeqCst), head.lines().next().unwrap_or_default()));
    });
    let plane = Plane::start(config());
    let routed = plane.route_to_limited(&[backend.addr], Some(limits(1, 100))).remove(0);
    let mut clients: Vec<TcpStream> = Vec::new();
    for number in 0..10 {
        let mut client = plane.connect();
        write!(client, "GET /{number} HTTP/1.1\r\n\r\n").unwrap();
        clients.push(client);
        until("it is in", || places(&routed).open() == 1 && places(&routed).waiting() == number);
    }
    order.store(1, SeqCst);
    for (number, mut client) in clients.into_iter().enumerate() {
        let text = read_text(&mut client);
        assert!(text.ends_with(&format!("{} GET /{number} HTTP/1.1", number + 1)), "{text}");
    }
}

#[test]
fn the_deadline_of_the_queue_answers_503() {
    let config = WorkerConfig { queue_timeout: Duration::from_millis(50), ..config() };
    let (counting, plane, backend, mut clients) = with_waiting(config, 10, 0);
    let text = plane.ask(REQUEST);
    assert!(text.starts_with("HTTP/1.1 503 "), "{text}");
    assert_eq!((plane.count(|stats| &stats.queue_timeouts), places(&backend).waiting()), (1, 0));
    assert_eq!(places(&backend).open(), 1, "the one inside isn't touched");
    counting.let_go();
    assert!(read_text(&mut clients[0]).ends_with("served"));
}

#[test]
fn a_full_queue_answers_503_at_once() {
    let (counting, plane, _, clients) = with_waiting(config(), 2, 2);
    assert!(plane.ask(REQUEST).starts_with("HTTP/1.1 503 "));
    assert_eq!(plane.count(|stats| &stats.queue_full), 1);
    counting.let_go();
    for mut client in clients {
        assert!(read_text(&mut client).ends_with("served"));
    }
}

#[test]
fn a_client_that_cannot_be_answered_is_reset_where_the_queue_is_full() {
    let config = WorkerConfig { mode: Mode::Tcp, ..config() };
    let (counting, plane, ..) = with_waiting(config, 0, 0);
    let mut refused = plane.connect();
    assert_eq!(refused.read(&mut [0]).unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    counting.let_go();
}

#[test]
fn a_client_that_resets_leaves_the_queue_at_once() {
    let (counting, plane, backend, mut clients) = with_waiting(config(), 10, 3);
    reset(clients.remove(2));
    until("it has left", || places(&backend).waiting() == 2);
    counting.let_go();
    for mut client in clients {
        assert!(read_text(&mut client).ends_with("served"));
    }
    plane.all_closed();
    assert_eq!(places(&backend).open(), 0);
}

#[test]
fn a_client_that_has_ended_its_half_still_waits_for_its_answer() {
    let (counting, _plane, _, clients) = with_waiting(config(), 10, 2);
    clients.iter().for_each(|client| client.shutdown(Shutdown::Write).unwrap());
    counting.let_go();
    for mut client in clients {
        assert!(read_text(&mut client).ends_with("served"));
    }
}

#[test]
fn what_a_waiting_client_sends_meanwhile_arrives_whole() {
    const HEAD: &str = "POST /r?id=1 HTTP/1.1\r\n\r\n";
    const BODY: usize = 1_000_000;
    let (may_end, ended) = (Arc::new(AtomicBool::new(false)), Arc::<AtomicBool>::default());
    let held = Arc::clone(&may_end);
    let backend = Scripted::new(move |mut stream| {
        let mut all = Vec::new();
        stream.read_to_end(&mut all).unwrap();
        until("the test lets go", || held.load(SeqCst));
        write!(stream, "{}", all.len()).unwrap();
    });
    let plane = Plane::start(config());
    let routed = plane.route_to_limited(&[backend.addr], Some(limits(1, 10))).remove(0);
    let mut first = ask(&plane);
    first.shutdown(Shutdown::Write).unwrap();
    until("the place is taken", || places(&routed).open() == 1);
    let sender = {
        let (mut client, sent) = (plane.connect(), Arc::clone(&ended));
        thread::spawn(move || {
            client.write_all(HEAD.as_bytes()).unwrap();
            client.write_all(&vec![b'x'; BODY]).unwrap();
            client.shutdown(Shutdown::Write).unwrap();
            sent.store(true, SeqCst);
            read_text(&mut client)
        })
    };
    until("it waits", || places(&routed).waiting() == 1);
    may_end.store(true, SeqCst);
    assert_eq!(sender.join().unwrap(), (HEAD.len() + BODY).to_string());
    assert_eq!(read_text(&mut first), REQUEST.len().to_string());
}

#[test]
fn a_session_whose_backend_goes_while_it_waits_is_routed_again() {
    let (counting, plane, gone, mut clients) = with_waiting(config(), 10, 3);
    let other = Scripted::saying("another");
    plane.route_to(&[other.addr]);
    for mut client in clients.drain(1..) {
        assert!(read_text(&mut client).ends_with("another"));
    }
    assert_eq!(places(&gone).waiting(), 0);
    counting.let_go();
    assert!(read_text(&mut clients[0]).ends_with("served"), "the one inside stays with its backend");
}

#[test]
fn a_session_whose_backend_goes_while_it_waits_and_leaves_nobody_is_told() {
    let (_counting, plane, gone, mut clients) = with_waiting(config(), 10, 2);
    plane.route_to(&[]);
    for mut client in clients.drain(1..) {
        assert!(read_text(&mut client).starts_with("HTTP/1.1 503 "));
    }
    assert_eq!(places(&gone).waiting(), 0);
}

/// The count of connections drifted until nothing was accepted any more (haproxy #2951): each way in which a session can
/// end gives its place back, and so does each way in which it can fail to begin.
#[test]
fn the_count_returns_to_zero_however_sessions_end() {
    let backend = Scripted::new(|mut stream| {
        let head = read_head(&mut stream);
        match head.split_whitespace().nth(1).unwrap_or_default() {
            "/answered" => respond(&mut stream, "ok"),
            "/reset" => reset(stream),
            "/silent" => _ = stream.read(&mut [0]),
            "/cut" => _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"),
            _ => {}
        }
    });
    let short = WorkerConfig {
        first_byte_timeout: Duration::from_millis(30),
        queue_timeout: Duration::from_millis(30),
        connect_timeout: Duration::from_millis(30),
        ..config()
    };
    let plane = Plane::with_workers(short, 2);
    let hole = BlackHole::new();
    let addrs = [backend.addr, dead_addr(), hole.addr];
    for round in 0..8 {
        for addr in addrs {
            let routed = plane.route_to_limited(&[addr, backend.addr], Some(limits(2, 2)));
            let clients: Vec<_> = ["/answered", "/reset", "/silent", "/cut", "/closed", "/gone", "/left"]
                .map(|path| {
                    let mut client = plane.connect();
                    write!(client, "GET {path} HTTP/1.1\r\n\r\n").unwrap();
                    match path {
                        "/gone" => reset(client),
                        "/left" => drop(client),
                        _ => return Some(client),
                    }
                    None
                })
                .into();
            if round % 2 == 0 {
                // Sessions that wait are routed again, those inside are evicted.
                plane.route_to(&[backend.addr]);
                routed.iter().for_each(|backend| plane.control.evict(backend.id));
            }
            for mut client in clients.into_iter().flatten() {
                let _answered_or_reset = client.read_to_end(&mut Vec::new());
            }
            plane.all_closed();
            for backend in &routed {
                assert_eq!((places(backend).open(), places(backend).waiting()), (0, 0), "round {round}");
                assert_eq!(backend.counters.open_sessions(), 0);
            }
        }
    }
}

#[test]
fn bounded_load_sends_what_is_too_much_for_the_owner_to_the_next_of_its_slot() {
    let counting = [Counting::new(), Counting::new()];
    let config = WorkerConfig { balance_factor: Some(BalanceFactor::parse("1.5").unwrap()), ..config() };
    let plane = Plane::start(config);
    let addrs = [counting[0].backend.addr, counting[1].backend.addr];
    let backends = plane.route_to_limited(&addrs, Some(limits(0, 0)));
    let mut clients = Vec::new();
    for number in 1..=8 {
        // One key: without the factor all of them would go to one backend.
        clients.push(ask(&plane));
        until("it is there", || backends.iter().map(|backend| places(backend).open()).sum::<u32>() == number);
    }
    let mut open: Vec<u32> = backends.iter().map(|backend| places(backend).open()).collect();
    open.sort_unstable();
    assert_eq!(open, [2, 6], "ceil(1.5 * 8 / 2) at the owner");
    assert_eq!(plane.count(|stats| &stats.spilled), 2);
    counting.iter().for_each(Counting::let_go);
    for mut client in clients {
        assert!(read_text(&mut client).ends_with("served"));
    }
}

#[test]
fn with_bounded_load_a_full_backend_has_no_queue_before_the_others_are_full_too() {
    let counting = [Counting::new(), Counting::new()];
    let config = WorkerConfig { balance_factor: Some(BalanceFactor::MAX), ..config() };
    let plane = Plane::start(config);
    let backends = plane.route_to_limited(&[counting[0].backend.addr, counting[1].backend.addr], Some(limits(1, 10)));
    let mut clients: Vec<TcpStream> = Vec::new();
    for number in 1..=2 {
        clients.push(ask(&plane));
        until("it is there", || backends.iter().map(|backend| places(backend).open()).sum::<u32>() == number);
    }
    clients.push(ask(&plane));
    until("the third waits", || backends.iter().map(|backend| places(backend).waiting()).sum::<u32>() == 1);
    counting.iter().for_each(Counting::let_go);
    for mut client in clients {
        assert!(read_text(&mut client).ends_with("served"));
    }
}

/// A server that was deleted while sessions still used it (haproxy 1b8c5abee): they go on, and end when they are told to.
#[test]
fn a_backend_removed_while_in_use_keeps_its_sessions_until_they_are_evicted() {
    let (counting, plane, removed, mut clients) = with_waiting(config(), 10, 0);
    let id: BackendId = removed.id;
    let weak = Arc::downgrade(&removed);
    let other = Scripted::saying("another");
    plane.route_to(&[other.addr]);
    assert!(plane.ask(REQUEST).ends_with("another"));
    assert_eq!(places(&removed).open(), 1);
    drop(removed);
    assert!(weak.upgrade().is_some(), "its session holds it");
    plane.control.evict(BackendId(id.0 + 1_000_000));
    plane.control.evict(id);
    assert_eq!(clients[0].read(&mut [0]).unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    assert_eq!(plane.count(|stats| &stats.evicted), 1);
    plane.all_closed();
    until("nobody holds it", || weak.upgrade().is_none());
    counting.let_go();
    assert!(plane.ask(REQUEST).ends_with("another"));
}

#[test]
fn a_connect_under_way_to_an_evicted_backend_goes_on_to_the_next() {
    let hole = BlackHole::new();
    let plane = Plane::start(WorkerConfig { connect_timeout: Duration::ZERO, ..config() });
    let removed = plane.route_to(&[hole.addr]).remove(0);
    let mut client = ask(&plane);
    until("it is let in", || plane.open_sessions() == 1);
    let other = Scripted::saying("another");
    plane.route_to(&[other.addr]);
    plane.control.evict(removed.id);
    assert!(read_text(&mut client).ends_with("another"));
}
