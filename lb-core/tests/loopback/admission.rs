//! Who is let in, and that nobody is forgotten.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::time::Duration;

use lb_core::config::WorkerConfig;
use lb_core::net::listen::{BindError, Fronts};

use super::support::*;

#[test]
fn a_second_listener_on_a_front_is_refused_whoever_has_it() {
    let ours = Fronts::bind(&["127.0.0.1:0".parse().unwrap()], 2).unwrap();
    assert!(matches!(Fronts::bind(ours.addrs(), 2), Err(BindError::InUse(addr)) if addr == ours.addrs()[0]));
    let theirs = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    assert!(matches!(Fronts::bind(&[theirs.local_addr().unwrap()], 1), Err(BindError::InUse(_))));
    let any = SocketAddr::from(([0, 0, 0, 0], theirs.local_addr().unwrap().port()));
    assert!(matches!(Fronts::bind(&[any], 1), Err(BindError::InUse(_))));
    let addr = ours.addrs()[0];
    drop(ours);
    assert!(Fronts::bind(&[addr], 1).is_ok(), "the address is free again");
}

#[test]
fn an_address_that_is_not_ours_is_refused_with_the_kernels_words() {
    let error = Fronts::bind(&["192.0.2.1:0".parse().unwrap()], 1).unwrap_err();
    assert!(error.to_string().contains("192.0.2.1"), "{error}");
}

#[test]
fn ipv6_fronts_serve_too() {
    let Ok(fronts) = Fronts::bind(&["[::1]:0".parse().unwrap()], 1) else {
        eprintln!("not run: no IPv6 loopback on this machine");
        return;
    };
    let addr = fronts.addrs()[0];
    let plane = lb_core::worker::start(config(), fronts, std::sync::Arc::new(|| ())).unwrap();
    let mut client = connect(addr);
    client.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    assert!(read_text(&mut client).starts_with("HTTP/1.1 503 "));
    plane.control.stop();
}

/// A count of connections that drifts ends in none being accepted (haproxy #2951).
#[test]
fn more_clients_than_may_be_open_wait_for_their_turn() {
    let plane = Plane::before(WorkerConfig { connections_max: 4, ..config() }, &Scripted::saying("hello"));
    let mut clients: Vec<_> = (0..100).map(|_| plane.connect()).collect();
    for client in clients.iter_mut() {
        client.write_all(b"GET /r?id=1 HTTP/1.1\r\n\r\n").unwrap();
    }
    for mut client in clients {
        assert!(read_text(&mut client).ends_with("hello"));
    }
    plane.all_closed();
}

#[test]
fn a_burst_beyond_the_accept_batch_is_served_whole() {
    // The scripted backend's own queue is short: its overflow is late by a retransmission, not lost.
    let patient = WorkerConfig { connect_timeout: PATIENCE, ..config() };
    let plane = Plane::before(patient, &Scripted::saying("hello"));
    let mut clients: Vec<_> = (0..300).map(|_| plane.connect()).collect();
    for client in &mut clients {
        client.write_all(b"GET /r?id=1 HTTP/1.1\r\n\r\n").unwrap();
    }
    for mut client in clients {
        assert!(read_text(&mut client).ends_with("hello"));
    }
    plane.all_closed();
    assert_eq!(plane.count(|stats| &stats.accepted), 300);
}

/// FAULTS O4, O5: they came together, so their deadlines pass together, more of them than one turn looks at.
#[test]
fn slow_clients_are_all_told_at_their_deadline_however_many_they_are() {
    let brief = WorkerConfig { head_timeout: Duration::from_secs(1), ..config() };
    let plane = Plane::before(brief, &Scripted::saying("never"));
    let slow: Vec<_> = (0..300)
        .map(|_| {
            let mut client = plane.connect();
            client.write_all(b"GET /r?id=1").unwrap();
            client
        })
        .collect();
    for mut client in slow {
        assert!(read_text(&mut client).starts_with("HTTP/1.1 408 "));
    }
    plane.all_closed();
}

#[test]
fn garbage_never_stops_a_worker() {
    let backend = Scripted::new(|mut stream| {
        let _whatever = stream.read(&mut [0; 512]);
    });
    let plane = Plane::before(config(), &backend);
    let mut random = fastrand::Rng::with_seed(11);
    for _ in 0..200 {
        let mut client = plane.connect();
        let bytes: Vec<u8> = (0..random.usize(0..2000)).map(|_| random.u8(..)).collect();
        let _may_be_reset = client.write_all(&bytes);
    }
    plane.all_closed();
    assert_eq!(plane.control.ended_workers(), 0);
}
