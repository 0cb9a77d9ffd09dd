//! Other settings while sessions are under way: what begins goes by them, what has begun goes on.

use std::io::{Read, Write};
use std::sync::Arc;
use std::time::Duration;

use lb_core::config::{NonHttp, WorkerConfig};

use super::support::*;

const REQUEST: &[u8] = b"GET /?id=7 HTTP/1.1\r\nHost: x\r\n\r\n";

/// Says one byte for every head, or for every "raw" followed by a blank line.
fn answering() -> Scripted {
    Scripted::new(|mut stream| {
        while !read_head(&mut stream).is_empty() {
            stream.write_all(b"!").unwrap();
        }
    })
}

#[test]
fn sessions_under_way_go_on_and_new_ones_go_by_the_new_settings() {
    let plane = Plane::before(config(), &answering());
    let mut clients: Vec<_> = (0..50).map(|_| plane.connect()).collect();
    let mut ask_all = |requests: &[u8]| {
        for client in &mut clients {
            client.write_all(requests).unwrap();
            client.read_exact(&mut [0]).unwrap();
        }
    };
    ask_all(b"raw\r\n\r\n");
    for round in 0..100 {
        let non_http = if round % 2 == 0 { NonHttp::Reject } else { NonHttp::Raw };
        plane.control.configure(&Arc::new(WorkerConfig { non_http, ..config() }));
    }
    let reject = WorkerConfig { non_http: NonHttp::Reject, ..config() };
    plane.control.configure(&Arc::new(reject));
    until("new sessions go by it", || plane.ask(b"raw\r\n\r\n").starts_with("HTTP/1.1 400 "));
    ask_all(b"raw\r\n\r\n");
    assert_eq!(plane.open_sessions(), 50);
}

#[test]
fn a_shorter_wait_is_shorter_for_sessions_under_way_too() {
    let hour = WorkerConfig { head_timeout: Duration::from_secs(3600), ..config() };
    let plane = Plane::before(hour.clone(), &answering());
    let _silent = plane.connect();
    until("it is waited for", || plane.open_sessions() == 1);
    plane.control.configure(&Arc::new(WorkerConfig { head_timeout: Duration::from_millis(50), ..hour }));
    // It would have been an hour.
    plane.all_closed();
}

#[test]
fn a_longer_wait_is_longer_for_sessions_under_way_too() {
    let short = WorkerConfig { idle_timeout: Duration::from_millis(500), ..config() };
    let plane = Plane::before(short.clone(), &answering());
    let mut kept = plane.connect();
    kept.write_all(REQUEST).unwrap();
    kept.read_exact(&mut [0]).unwrap();
    plane.control.configure(&Arc::new(config()));
    // A second plane with the old settings says when the old deadline has passed for sure.
    let old = Plane::before(short, &answering());
    let mut lost = old.connect();
    lost.write_all(REQUEST).unwrap();
    lost.read_exact(&mut [0]).unwrap();
    old.all_closed();
    kept.write_all(REQUEST).unwrap();
    kept.read_exact(&mut [0]).unwrap();
}
