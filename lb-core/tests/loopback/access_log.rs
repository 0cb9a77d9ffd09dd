//! One record a session, whatever became of it: N sessions of each kind give N records that say what happened.
//!
//! How records become lines is lb-admin's; that none is lost or made up under any weather is looked at after every turn
//! of the simulation.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::time::Duration;

use crossbeam_channel::Receiver;
use lb_core::access_log::{Outlet, Record, Stage};
use lb_core::backend::places::PlaceLimits;
use lb_core::config::{Affinity, Mode, WorkerConfig};

use super::support::*;

/// Sessions of each kind.
const SESSIONS: u64 = 20;
const REQUEST: &[u8] = b"GET /r?id=7 HTTP/1.1\r\nHost: a\r\n\r\n";

/// A plane that logs.
struct Logged {
    plane: Plane,
    records: Receiver<Record>,
}

impl Logged {
    fn start(config: WorkerConfig) -> Self {
        Self::with_outlet(config, 1024, false)
    }

    fn with_outlet(config: WorkerConfig, room: usize, raw_keys: bool) -> Self {
        let (outlet, records) = Outlet::new(room, raw_keys);
        Self { plane: Plane::start(WorkerConfig { access_log: Some(outlet), ..config }), records }
    }

    fn before(config: WorkerConfig, backend: &Scripted) -> Self {
        let logged = Self::start(config);
        logged.plane.route_to(&[backend.addr]);
        logged
    }

    /// So many clients send the same at once; what they are answered.
    fn ask_all(&self, sent: &[u8]) -> Vec<String> {
        let client = |_| {
            let mut client = self.plane.connect();
            client.write_all(sent).unwrap();
            client
        };
        let mut clients: Vec<_> = (0..SESSIONS).map(client).collect();
        clients.iter_mut().map(read_text).collect()
    }

    /// The records of all sessions so far, which have to be over.
    fn records(&self) -> Vec<Record> {
        self.plane.all_closed();
        let records: Vec<Record> = self.records.try_iter().collect();
        assert_eq!(self.plane.count(|stats| &stats.access_log_dropped), 0);
        records
    }
}

/// Two letters, the word, and the status of the front's own answer.
fn ends(records: &[Record]) -> Vec<(String, &'static str, Option<u16>)> {
    records.iter().map(|record| (letters(record), record.end.reason(), record.end.status())).collect()
}

fn letters(record: &Record) -> String {
    record.end.letters().iter().collect()
}

/// Every one of `SESSIONS` records ended so.
fn assert_all(records: &[Record], end: &str, reason: &str, status: Option<u16>) {
    let expected = vec![(end.to_owned(), reason, status); SESSIONS as usize];
    assert_eq!(ends(records), expected);
}

fn spent(record: &Record, stage: Stage) -> Duration {
    Duration::from_micros(record.spent_us[stage as usize])
}

#[test]
fn a_session_that_is_served_says_by_whom_for_what_and_how_much() {
    let backend = Scripted::saying("hello");
    let logged = Logged::start(config());
    let routed = logged.plane.route_to(&[backend.addr]);
    let mut clients = Vec::new();
    for _ in 0..SESSIONS {
        let mut client = logged.plane.connect();
        client.write_all(REQUEST).unwrap();
        assert!(read_text(&mut client).ends_with("hello"));
        clients.push(client.local_addr().unwrap());
    }
    let records = logged.records();
    assert_all(&records, "--", "complete", None);
    assert_eq!(records.iter().map(|record| record.number).collect::<Vec<_>>(), (1..=SESSIONS).collect::<Vec<_>>());
    let clients_logged: Vec<SocketAddr> = records.iter().map(|record| record.client).collect();
    assert_eq!(clients_logged, clients);
    for record in &records {
        let key = record.key.as_ref().unwrap();
        assert_eq!((key.hash, key.by.word()), (config().hasher.hash(b"7"), "query"));
        assert_eq!(key.slot, Some(ring_of(1).slot_map().slot_of(key.hash)));
        assert_eq!(key.raw, None, "nobody asked for it");
        assert_eq!(record.backend.as_ref().unwrap().id, routed[0].id);
        assert_eq!((record.table_version, record.attempts, record.replays), (1, 1, 0));
        assert_eq!(record.bytes_to_backend, REQUEST.len() as u64);
        assert!(record.spent_us.iter().sum::<u64>() <= record.total_us);
    }
    let bytes: u64 = records.iter().map(|record| record.bytes_to_client).sum();
    assert_eq!(bytes, logged.plane.count(|stats| &stats.bytes_to_client));
}

#[test]
fn with_affinity_request_each_request_is_a_session_and_has_its_record() {
    let config = WorkerConfig { affinity: Affinity::Request, ..config() };
    let logged = Logged::before(config, &Scripted::saying("hello"));
    (0..SESSIONS).for_each(|_| assert!(logged.plane.ask(REQUEST).ends_with("hello")));
    assert_all(&logged.records(), "--", "response_complete", None);
}

#[test]
fn a_replay_and_a_refused_connect_are_counted_in_the_record_of_their_session() {
    let closing = Scripted::new(|mut stream| drop(read_head(&mut stream)));
    let alive = Scripted::saying("alive");
    for (bad, replays) in [(closing.addr, 1), (dead_addr(), 0)] {
        let logged = Logged::start(config());
        let backends = logged.plane.route_to(&[bad, alive.addr]);
        for id in 0..SESSIONS {
            let request = format!("GET /r?id={id} HTTP/1.1\r\n\r\n");
            assert!(logged.plane.ask(request.as_bytes()).ends_with("alive"));
        }
        let records = logged.records();
        assert_all(&records, "--", "complete", None);
        for (id, record) in (0..SESSIONS).zip(&records) {
            let met_the_bad = owner_of(&backends, id) == backends[0].id;
            let expected = if met_the_bad { (2, replays) } else { (1, 0) };
            assert_eq!((record.attempts, record.replays), expected, "id {id}");
            assert_eq!(record.backend.as_ref().unwrap().id, backends[1].id, "who served it");
        }
        assert!(records.iter().any(|record| record.attempts == 2));
    }
}

#[test]
fn a_side_that_resets_in_the_middle_of_the_response_is_named() {
    for (client_resets, end, reason) in [(true, "CD", "client_reset"), (false, "BD", "backend_reset")] {
        let backend = Scripted::new(move |mut stream| {
            read_head(&mut stream);
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart").unwrap();
            // Until the client has it, and then for as long as it likes.
            let _ended = stream.read(&mut [0]);
            if !client_resets {
                reset(stream);
            }
        });
        let logged = Logged::before(config(), &backend);
        for _ in 0..SESSIONS {
            let mut client = logged.plane.connect();
            client.write_all(REQUEST).unwrap();
            client.read_exact(&mut [0; 42]).unwrap();
            match client_resets {
                true => reset(client),
                false => {
                    client.write_all(b"!").unwrap();
                    assert!(client.read_to_end(&mut Vec::new()).is_err(), "a reset is passed on");
                }
            }
        }
        assert_all(&logged.records(), end, reason, None);
    }
}

#[test]
fn heads_that_are_wrong_late_or_missing_are_the_clients_doing() {
    let short = WorkerConfig { head_timeout: Duration::from_millis(500), ..config() };
    let long_line = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(9000));
    for (sent, end, reason, status) in [
        ("GET /\r\n\r\n", "CH", "answered", Some(400)),
        (&*long_line, "CH", "answered", Some(431)),
        ("GET / HTTP/1.1\r\nHost:", "cH", "answered", Some(408)),
        ("", "cH", "head_timeout", None),
    ] {
        let logged = Logged::before(short.clone(), &Scripted::saying("unreachable"));
        logged.ask_all(sent.as_bytes());
        let records = logged.records();
        assert_all(&records, end, reason, status);
        assert!(records.iter().all(|record| record.key.is_none() && record.backend.is_none() && record.attempts == 0));
    }
    let logged = Logged::before(config(), &Scripted::saying("unreachable"));
    (0..SESSIONS).for_each(|_| drop(logged.plane.connect()));
    assert_all(&logged.records(), "CH", "no_request", None);
}

#[test]
fn the_fronts_own_answers_for_want_of_a_backend_say_why() {
    let closing = Scripted::new(|mut stream| drop(read_head(&mut stream)));
    let silent = Scripted::new(|mut stream| drop(stream.read_to_end(&mut Vec::new())));
    let black_hole = BlackHole::new();
    let hasty = WorkerConfig {
        first_byte_timeout: Duration::from_millis(500),
        connect_timeout: Duration::from_millis(500),
        retries: 0,
        ..config()
    };
    for (addr, end, status) in [
        (None, "LH", 503),
        (Some(dead_addr()), "BC", 502),
        (Some(black_hole.addr), "bC", 504),
        (Some(closing.addr), "BW", 502),
        (Some(silent.addr), "bW", 504),
    ] {
        let logged = Logged::start(hasty.clone());
        logged.plane.route_to(addr.as_slice());
        logged.ask_all(REQUEST);
        let records = logged.records();
        assert_all(&records, end, "answered", Some(status));
        assert!(records.iter().all(|record| record.backend.is_some() == addr.is_some()));
        assert!(records.iter().all(|record| record.key.as_ref().is_some_and(|key| key.by.word() == "query")));
    }
}

#[test]
fn a_wait_for_a_place_is_timed_and_one_in_vain_is_the_balancers_doing() {
    let wait = Duration::from_millis(50);
    let slow = Scripted::new(|mut stream| drop(stream.read_to_end(&mut Vec::new())));
    let logged = Logged::start(WorkerConfig { queue_timeout: wait, ..config() });
    logged.plane.route_to_limited(&[slow.addr], Some(PlaceLimits { places: 1, waiting: SESSIONS as u32 }));
    let mut first = logged.plane.connect();
    first.write_all(REQUEST).unwrap();
    until("it has the place", || logged.plane.count(|stats| &stats.routed) == 1);
    let ask = || {
        let mut client = logged.plane.connect();
        client.write_all(REQUEST).unwrap();
        client
    };
    let mut waiting: Vec<_> = (0..SESSIONS).map(|_| ask()).collect();
    waiting.iter_mut().for_each(|client| assert!(read_text(client).starts_with("HTTP/1.1 503 ")));
    first.shutdown(Shutdown::Both).unwrap();
    drop((first, waiting));
    let mut records = logged.records();
    let at = records.iter().position(|record| letters(record) != "lQ").expect("the one with the place");
    assert_eq!(records.remove(at).number, 1);
    assert_all(&records, "lQ", "answered", Some(503));
    // A turn's clock is read once: a millisecond may be missing.
    assert!(records.iter().all(|record| spent(record, Stage::Queue) + Duration::from_millis(1) >= wait));
}

#[test]
fn where_the_key_came_from_is_said_and_the_key_itself_only_where_asked() {
    let backend = Scripted::new(|mut stream| {
        let _all = stream.read_to_end(&mut Vec::new());
    });
    let http = |key: &str, head: &str| (Mode::Http, key.to_owned(), head.to_owned());
    let raw = "\x16\x03\x01 no http at all\r\n";
    for ((mode, key, sent), by, value) in [
        (http("query:id", "GET /?id=a%0Ab HTTP/1.1\r\n\r\n"), "query", Some(&b"a\nb"[..])),
        (http("header:x-id", "GET / HTTP/1.1\r\nX-Id: 9\r\n\r\n"), "header", Some(b"9")),
        (http("cookie:sid", "GET / HTTP/1.1\r\nCookie: sid=8\r\n\r\n"), "cookie", Some(b"8")),
        (http("path", "GET /p?q HTTP/1.1\r\n\r\n"), "path", Some(b"/p")),
        (http("query:id,random", "GET / HTTP/1.1\r\n\r\n"), "random", None),
        (http("source", "GET / HTTP/1.1\r\n\r\n"), "source", None),
        (http("query:id", raw), "raw", None),
        ((Mode::Tcp, "source".to_owned(), "x".to_owned()), "source", None),
    ] {
        for raw_keys in [false, true] {
            let config = WorkerConfig { mode, keys: key.parse().unwrap(), ..config() };
            let logged = Logged::with_outlet(config, 16, raw_keys);
            logged.plane.route_to(&[backend.addr]);
            let mut client = logged.plane.connect();
            client.write_all(sent.as_bytes()).unwrap();
            client.shutdown(Shutdown::Write).unwrap();
            let _answer = client.read_to_end(&mut Vec::new());
            let records = logged.records();
            let key = records[0].key.as_ref().unwrap();
            assert_eq!((records.len(), key.by.word(), key.raw.as_deref()), (1, by, value.filter(|_| raw_keys)));
        }
    }
}

#[test]
fn the_client_that_a_proxy_header_announces_is_the_client() {
    let logged = Logged::before(WorkerConfig { accept_proxy: true, ..config() }, &Scripted::saying("hello"));
    let request = [b"PROXY TCP4 192.0.2.7 192.0.2.1 4711 80\r\n", REQUEST].concat();
    assert!(logged.plane.ask(&request).ends_with("hello"));
    let mut unannounced = logged.plane.connect();
    unannounced.write_all(REQUEST).unwrap();
    assert!(unannounced.read_to_end(&mut Vec::new()).is_err(), "it is reset");
    let records = logged.records();
    assert_eq!(records[0].client, "192.0.2.7:4711".parse().unwrap());
    assert_eq!(records[0].bytes_to_backend, REQUEST.len() as u64, "the header is ours");
    assert_eq!(letters(&records[1]), "CA");
}

#[test]
fn a_channel_that_nobody_empties_costs_records_and_each_is_counted() {
    let logged = Logged::with_outlet(config(), 3, false);
    logged.plane.route_to(&[Scripted::saying("hello").addr]);
    (0..SESSIONS).for_each(|_| assert!(logged.plane.ask(REQUEST).ends_with("hello")));
    logged.plane.all_closed();
    assert_eq!(logged.records.try_iter().count(), 3);
    assert_eq!(logged.plane.count(|stats| &stats.access_log_dropped), SESSIONS - 3);
}
