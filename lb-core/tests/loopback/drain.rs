//! Draining: nobody new, everybody who was let in is served, and an end in any case.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::support::*;

#[test]
fn sessions_finish_and_then_the_workers_end() {
    let release = Arc::new(AtomicBool::new(false));
    let may_answer = Arc::clone(&release);
    let backend = Scripted::new(move |mut stream| {
        read_head(&mut stream);
        until("the test lets go", || may_answer.load(Ordering::SeqCst));
        respond(&mut stream, "finished");
    });
    let plane = Plane::before(config(), &backend);
    let mut client = plane.connect();
    client.write_all(b"GET /r?id=1 HTTP/1.1\r\n\r\n").unwrap();
    until("it is routed", || plane.count(|stats| &stats.routed) == 1);
    plane.control.drain(PATIENCE);
    let addr = plane.addr;
    until("nobody new is let in", || TcpStream::connect_timeout(&addr, Duration::from_millis(50)).is_err());
    assert_eq!(plane.control.ended_workers(), 0);
    release.store(true, Ordering::SeqCst);
    assert!(read_text(&mut client).ends_with("finished"));
    drop(client);
    plane.joined();
}

#[test]
fn a_client_that_keeps_its_connection_after_its_answer_does_not_hold_up_a_drain() {
    let plane = Plane::before(config(), &Scripted::saying("hello"));
    let mut client = plane.connect();
    client.write_all(b"GET /r?id=1 HTTP/1.1\r\n\r\n").unwrap();
    assert!(read_text(&mut client).ends_with("hello"));
    plane.control.drain(Duration::from_secs(3600));
    let control = plane.control.clone();
    until("the worker has ended, though the client stays", || control.ended_workers() == 1);
    plane.joined();
    drop(client);
}

#[test]
fn the_deadline_of_a_drain_is_kept() {
    let backend = Scripted::new(|mut stream| {
        read_head(&mut stream);
        let _ends_with_the_session = stream.read(&mut [0]);
    });
    let plane = Plane::before(config(), &backend);
    let mut client = plane.connect();
    client.write_all(b"GET /r?id=1 HTTP/1.1\r\n\r\n").unwrap();
    until("it is routed", || plane.count(|stats| &stats.routed) == 1);
    plane.control.drain(Duration::from_millis(50));
    assert_eq!(client.read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    plane.joined();
}

/// A worker that stops drops what waits in its queue (pingora #427).
#[test]
fn no_client_that_was_let_in_is_reset_by_a_drain_under_load() {
    for _ in 0..5 {
        let plane = Plane::with_workers(config(), 2);
        plane.route_to(&[Scripted::saying("hello").addr]);
        let addr = plane.addr;
        let clients: Vec<_> = (0..4)
            .map(|_| {
                std::thread::spawn(move || {
                    let mut served = 0;
                    // Until the front lets nobody in any more: refused, or no answer to the handshake.
                    while let Ok(mut client) = TcpStream::connect_timeout(&addr, Duration::from_millis(300)) {
                        client.set_read_timeout(Some(PATIENCE)).unwrap();
                        client.write_all(b"GET /r?id=1 HTTP/1.1\r\n\r\n").unwrap();
                        let mut text = String::new();
                        client.read_to_string(&mut text).unwrap();
                        assert!(text.ends_with("hello"), "{text}");
                        served += 1;
                    }
                    served
                })
            })
            .collect();
        until("there is load", || plane.count(|stats| &stats.routed) > 100);
        plane.control.drain(PATIENCE);
        let served: u64 = clients.into_iter().map(|client| client.join().unwrap()).sum();
        assert_eq!(served, plane.count(|stats| &stats.accepted));
        plane.joined();
    }
}
