//! Which backend a session reaches: by its key, and by the next one where that is dead.

use std::collections::HashMap;
use std::io::{Read, Write};

use lb_core::config::{Mode, WorkerConfig};
use lb_core::control::Report;

use super::support::*;

fn named() -> [Scripted; 3] {
    ["one", "two", "three"].map(Scripted::saying)
}

fn who(plane: &Plane, id: usize) -> String {
    let response = plane.ask(format!("GET /r?id={id} HTTP/1.1\r\n\r\n").as_bytes());
    response.rsplit("\r\n\r\n").next().unwrap().to_owned()
}

#[test]
fn the_same_id_reaches_the_same_backend_on_every_worker() {
    let backends = named();
    let plane = Plane::with_workers(config(), 3);
    plane.route_to(&backends.each_ref().map(|backend| backend.addr));
    let mut counts: HashMap<String, usize> = HashMap::new();
    for id in 0..100 {
        let first = who(&plane, id);
        for _ in 0..3 {
            assert_eq!(who(&plane, id), first);
        }
        *counts.entry(first).or_default() += 1;
    }
    assert_eq!(counts.len(), 3, "{counts:?}");
}

#[test]
fn a_dead_backends_keys_go_to_the_next_and_the_others_stay() {
    let [one, two, three] = named();
    let plane = Plane::start(config());
    plane.route_to(&[one.addr, two.addr, three.addr]);
    let before: Vec<String> = (0..60).map(|id| who(&plane, id)).collect();
    let dead = dead_addr();
    let routed = plane.route_to(&[one.addr, dead, three.addr]);
    for (id, earlier) in before.iter().enumerate() {
        let now = who(&plane, id);
        assert!(!now.is_empty());
        assert!(earlier == "two" || now == *earlier, "id {id} moved from {earlier} to {now}");
    }
    let refused = plane.count(|stats| &stats.retries);
    assert_eq!(refused, before.iter().filter(|name| *name == "two").count() as u64);
    assert!(plane.control.reports().all(|(_, report)| report == Report::ConnectRefused(routed[1].id)));
    assert_eq!(routed[1].counters.sum(|cell| &cell.connect_failures), refused);
}

/// A backend removed while sessions use it must outlive them (haproxy 1b8c5abee).
#[test]
fn a_new_table_is_followed_by_new_sessions_and_old_sessions_stay() {
    let old = Scripted::new(|mut stream| {
        while read_head(&mut stream).ends_with("\r\n\r\n") {
            stream.write_all(b"old").unwrap();
        }
    });
    let new = Scripted::saying("new");
    let plane = Plane::start(config());
    let before = plane.route_to(&[old.addr]);
    let mut client = plane.connect();
    let mut exchange = || {
        client.write_all(b"GET /r?id=1 HTTP/1.1\r\n\r\n").unwrap();
        let mut got = [0; 3];
        client.read_exact(&mut got).unwrap();
        assert_eq!(&got, b"old");
    };
    exchange();
    plane.route_to(&[new.addr]);
    assert!(plane.ask(b"GET /r?id=1 HTTP/1.1\r\n\r\n").ends_with("new"));
    exchange();
    assert_eq!(before[0].counters.open_sessions(), 1);
    drop(client);
    until("the old backend has no session left", || before[0].counters.open_sessions() == 0);
}

#[test]
fn a_backend_that_speaks_first_is_reached_in_tcp_mode() {
    let backend = Scripted::new(|mut stream| stream.write_all(b"220 ready\r\n").unwrap());
    let plane = Plane::before(WorkerConfig { mode: Mode::Tcp, ..config() }, &backend);
    assert_eq!(read_text(&mut plane.connect()), "220 ready\r\n");
    assert_eq!(plane.count(|stats| &stats.unkeyed_source), 1);
    plane.all_closed();
}

#[test]
fn tcp_mode_keeps_a_client_address_with_its_backend() {
    let backends = named_raw();
    let plane = Plane::start(WorkerConfig { mode: Mode::Tcp, ..config() });
    plane.route_to(&backends.each_ref().map(|backend| backend.addr));
    let ask = || plane.ask(b"\0\x01\x02");
    let first = ask();
    assert!((0..20).all(|_| ask() == first));
}

fn named_raw() -> [Scripted; 3] {
    ["one", "two", "three"].map(|name| {
        Scripted::new(move |mut stream| {
            stream.read_exact(&mut [0; 3]).unwrap();
            stream.write_all(name.as_bytes()).unwrap();
        })
    })
}

#[test]
fn every_way_of_being_unkeyed_is_counted() {
    let plane = Plane::before(
        WorkerConfig { keys: "query:id,random".parse().unwrap(), ..config() },
        &Scripted::saying("hello"),
    );
    plane.ask(b"GET / HTTP/1.1\r\n\r\n");
    assert_eq!(plane.count(|stats| &stats.unkeyed_random), 1);
    let by_source =
        Plane::before(WorkerConfig { keys: "source".parse().unwrap(), ..config() }, &Scripted::saying("hello"));
    by_source.ask(b"GET / HTTP/1.1\r\n\r\n");
    assert_eq!(by_source.count(|stats| &stats.unkeyed_source), 1);
}
