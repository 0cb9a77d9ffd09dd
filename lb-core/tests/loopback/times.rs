//! What a worker's histograms say after sessions of known shape: each session once, and about as long as it was.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use lb_core::histogram::{Histogram, Reading};
use lb_core::worker::stats::WorkerStats;

use super::support::*;

const REQUEST: &[u8] = b"GET /?id=7 HTTP/1.1\r\nHost: x\r\n\r\n";
/// Far longer than any rounding of the worker's clock.
const WAIT: Duration = Duration::from_millis(30);

fn read(plane: &Plane, pick: fn(&WorkerStats) -> &Histogram) -> Reading {
    Reading::of(plane.control.stats().map(pick))
}

/// Says one byte for every head.
fn answering() -> Scripted {
    Scripted::new(|mut stream| {
        while !read_head(&mut stream).is_empty() {
            stream.write_all(b"!").unwrap();
        }
    })
}

#[test]
fn a_session_of_many_requests_is_timed_once_by_each_histogram() {
    let plane = Plane::start(config());
    let answering = answering();
    let backends = plane.route_to(&[answering.addr]);
    for _ in 0..20 {
        let mut client = plane.connect();
        for _ in 0..3 {
            client.write_all(REQUEST).unwrap();
            client.read_exact(&mut [0]).unwrap();
        }
    }
    plane.all_closed();
    let counts: [fn(&WorkerStats) -> &Histogram; 3] =
        [|stats| &stats.connect, |stats| &stats.first_byte, |stats| &stats.session];
    assert_eq!(counts.map(|pick| read(&plane, pick).count()), [20; 3]);
    let of_backend = backends[0].counters.first_byte();
    assert_eq!(of_backend.count(), 20);
    assert_eq!(of_backend.sum_us(), read(&plane, |stats| &stats.first_byte).sum_us());
    assert!(read(&plane, |stats| &stats.turn).count() > 20, "no two of these clients fit one turn");
}

#[test]
fn a_backend_that_thinks_is_seen_in_the_first_byte_time() {
    let backend = Scripted::new(|mut stream| {
        read_head(&mut stream);
        let began = Instant::now();
        until("it has thought", || began.elapsed() >= WAIT);
        respond(&mut stream, "at last");
    });
    let plane = Plane::before(config(), &backend);
    let began = Instant::now();
    assert!(plane.ask(REQUEST).ends_with("at last"));
    plane.all_closed();
    let (wait_us, all_us) = (WAIT.as_micros() as u64, began.elapsed().as_micros() as u64);
    let first_byte_us = read(&plane, |stats| &stats.first_byte).sum_us();
    let session_us = read(&plane, |stats| &stats.session).sum_us();
    let connect_us = read(&plane, |stats| &stats.connect).sum_us();
    // The backend began to think within the turn that the time is taken from, so nearly all of it is there.
    assert!(first_byte_us >= wait_us - wait_us / 10, "{first_byte_us}");
    assert!(connect_us + first_byte_us <= session_us && session_us <= all_us, "{session_us} of {all_us}");
}

#[test]
fn a_session_without_a_backend_is_timed_as_a_session_only() {
    let plane = Plane::start(config());
    plane.route_to(&[dead_addr()]);
    assert!(plane.ask(REQUEST).starts_with("HTTP/1.1 502 "));
    plane.all_closed();
    assert_eq!(read(&plane, |stats| &stats.session).count(), 1);
    assert_eq!(read(&plane, |stats| &stats.connect).count(), 0, "a refused connect has no time");
    assert_eq!(read(&plane, |stats| &stats.first_byte).count(), 0);
    assert_eq!((plane.count(|stats| &stats.connects_refused), plane.count(|stats| &stats.connects_timed_out)), (1, 0));
}
