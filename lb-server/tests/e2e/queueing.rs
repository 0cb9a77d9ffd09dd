//! `--max-connections`, `--queue`, `--queue-timeout`, `--balance-factor`: what a user sees of them.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::support::{Lb, Peer, eventually, http, reset};

const REQUEST: &[u8] = b"GET /request?request_id=7 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

fn ask(lb: &Lb) -> TcpStream {
    let mut client = http::connect(lb.front);
    client.write_all(REQUEST).unwrap();
    client
}

fn answer(mut backend: TcpStream) {
    backend.read_exact(&mut vec![0; REQUEST.len()]).unwrap();
    backend.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok").unwrap();
}

fn has_bytes(client: &TcpStream) -> bool {
    client.set_nonblocking(true).unwrap();
    let peeked = client.peek(&mut [0]);
    client.set_nonblocking(false).unwrap();
    matches!(peeked, Ok(1..))
}

fn until_waiting(lb: &Lb, count: f64) {
    eventually("as many wait", || (lb.metric("lb_backend_sessions_waiting") == count).then_some(()));
}

#[test]
fn who_finds_a_backend_full_waits_visibly_and_is_served_when_there_is_a_place() {
    let peer = Peer::listen();
    let lb = Lb::before(&[&peer], &["--max-connections", "1"]);
    let mut clients = vec![ask(&lb)];
    let inside = peer.accept();
    clients.extend((0..3).map(|_| ask(&lb)));
    until_waiting(&lb, 3.0);
    assert!(!peer.has_session(), "one at a time");
    let backend = lb.backends().remove(0);
    assert_eq!((&backend["max_connections"], &backend["waiting"]), (&1.into(), &3.into()));
    assert_eq!((lb.metric("lb_backend_places_open"), lb.metric("lb_backend_places_max")), (1.0, 1.0));
    reset(clients.remove(3));
    until_waiting(&lb, 2.0);
    let mut next = Some(inside);
    while !clients.is_empty() {
        answer(next.take().unwrap_or_else(|| peer.accept()));
        // Whose turn it is between two workers is theirs to say; a place is free once its client has ended too.
        let served = eventually("one is answered", || clients.iter().position(has_bytes));
        assert_eq!(http::read_response(&mut clients.remove(served)).unwrap().status, 200);
    }
    eventually("every place is free", || (lb.metric("lb_backend_places_open") == 0.0).then_some(()));
    assert_eq!(lb.metric("lb_sessions_queued_total"), 3.0);
    // One of the three had enough of waiting.
    assert_eq!(lb.metric("lb_queue_wait_seconds_count"), 2.0);
    assert!(lb.metric("lb_queue_wait_seconds_sum") > 0.0);
}

#[test]
fn who_waits_too_long_or_finds_the_queue_full_gets_503() {
    let peer = Peer::listen();
    let lb = Lb::before(&[&peer], &["--max-connections", "1", "--queue", "1", "--queue-timeout", "300ms"]);
    let _first = ask(&lb);
    let _inside = peer.accept();
    let second = ask(&lb);
    until_waiting(&lb, 1.0);
    for mut refused in [ask(&lb), second] {
        let response = http::read_response(&mut refused).unwrap();
        assert_eq!(response.status, 503);
        assert!(response.text().contains("Every place at the replica is taken"), "{response:?}");
    }
    assert_eq!((lb.metric("lb_queue_full_total"), lb.metric("lb_queue_timeouts_total")), (1.0, 1.0));
}

#[test]
fn with_a_balance_factor_one_hot_key_is_spread() {
    let peers = [Peer::listen(), Peer::listen()];
    let lb = Lb::before(&[&peers[0], &peers[1]], &["--balance-factor", "1.25"]);
    let clients: Vec<_> = (1..=8)
        .map(|number| {
            let client = ask(&lb);
            eventually("it is there", || (lb.metric("lb_backend_places_open") == f64::from(number)).then_some(()));
            client
        })
        .collect();
    assert!(peers.iter().all(|peer| eventually("both have some", || peer.has_session().then_some(true))));
    assert_eq!(lb.metric("lb_sessions_spilled_total"), 3.0, "ceil(1.25 * 8 / 2) = 5 at the owner");
    clients.into_iter().for_each(reset);
}

#[test]
fn wrong_values_exit_3_with_one_line() {
    for (flags, about) in [
        (["--balance-factor", "1"], "--balance-factor"),
        (["--max-connections", "2000000"], "--max-connections"),
        (["--queue", "7"], "--max-connections"),
        (["--queue-timeout", "7s"], "--max-connections"),
    ] {
        let (code, stderr) = Lb::run_to_end(&flags);
        assert_eq!(code, 3, "{flags:?}: {stderr}");
        assert!(stderr.lines().count() == 1 && stderr.contains(about), "{flags:?}: {stderr}");
    }
}
