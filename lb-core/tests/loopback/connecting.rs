//! While a backend hasn't answered the connect: its deadline, and a client that goes, ends or sends meanwhile.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::time::Duration;

use lb_core::config::WorkerConfig;
use lb_core::control::Report;

use super::support::*;

fn brief() -> WorkerConfig {
    WorkerConfig { connect_timeout: Duration::from_millis(50), ..config() }
}

#[test]
fn a_connect_that_gets_no_answer_goes_on_after_its_deadline() {
    let hole = BlackHole::new();
    let plane = Plane::start(WorkerConfig { connect_timeout: Duration::from_millis(50), ..config() });
    let routed = plane.route_to(&[hole.addr]);
    let response = plane.ask(b"GET /r?id=1 HTTP/1.1\r\n\r\n");
    assert!(response.starts_with("HTTP/1.1 504 "), "{response}");
    let reported = plane.control.reports().next().map(|(_, report)| report);
    assert_eq!(reported, Some(Report::ConnectTimedOut(routed[0].id)));

    let alive = Scripted::saying("alive");
    plane.route_to(&[hole.addr, alive.addr]);
    for id in 0..20 {
        assert!(plane.ask(format!("GET /r?id={id} HTTP/1.1\r\n\r\n").as_bytes()).ends_with("alive"));
    }
    plane.all_closed();
}

/// A client gone while its backend is being connected to was used after it was freed (CVE-2021-43826, envoy #42006).
#[test]
fn a_client_gone_while_connecting_is_forgotten_at_once() {
    let hole = BlackHole::new();
    let plane = Plane::start(WorkerConfig { connect_timeout: Duration::ZERO, ..config() });
    let routed = plane.route_to(&[hole.addr]);
    for _ in 0..20 {
        let mut client = plane.connect();
        client.write_all(b"GET /r?id=1 HTTP/1.1\r\n\r\n").unwrap();
        until("it is let in", || plane.open_sessions() == 1);
        reset(client);
        plane.all_closed();
    }
    assert_eq!(routed[0].counters.sum(|cell| &cell.connect_failures), 0, "the backend is not to blame");
}

#[test]
fn a_client_that_ends_while_connecting_is_served_by_the_next_backend() {
    let hole = BlackHole::new();
    let counting = Scripted::new(|mut stream| {
        let mut all = Vec::new();
        stream.read_to_end(&mut all).unwrap();
        write!(stream, "got {} bytes and the end", all.len()).unwrap();
    });
    let plane = Plane::start(brief());
    plane.route_to(&[hole.addr, counting.addr]);
    for id in 10..30 {
        let mut client = plane.connect();
        write!(client, "GET /r?id={id} HTTP/1.1\r\n\r\n").unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        assert_eq!(read_text(&mut client), "got 25 bytes and the end");
    }
    assert!(plane.count(|stats| &stats.retries) > 0, "some had the hole first");
    plane.all_closed();
}

/// A proxy spun while the backend still connected and what the client had sent meanwhile filled its buffer (sozu #1373).
#[test]
fn what_a_client_sends_while_connecting_waits_in_the_kernel_and_arrives_whole() {
    const HEAD: &str = "POST /r?id=1 HTTP/1.1\r\n\r\n";
    const BODY: usize = 3_000_000;
    let hole = BlackHole::new();
    let plane = Plane::start(brief());
    let counting = Scripted::new(|mut stream| {
        let mut all = Vec::new();
        stream.read_to_end(&mut all).unwrap();
        write!(stream, "{}", all.len()).unwrap();
    });
    let mut met_the_hole = 0;
    for id in 0..8 {
        plane.route_to(&[hole.addr, counting.addr]);
        let before = plane.count(|stats| &stats.retries);
        let mut client = plane.connect();
        client.write_all(HEAD.replace("id=1", &format!("id={id}")).as_bytes()).unwrap();
        client.write_all(&vec![b'x'; BODY]).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        assert_eq!(read_text(&mut client), (HEAD.len() + BODY).to_string());
        met_the_hole += plane.count(|stats| &stats.retries) - before;
    }
    assert!(met_the_hole > 0);
    plane.all_closed();
}
