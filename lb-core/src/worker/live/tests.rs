//! What a session costs in memory, and how its laps are timed.

use std::net::TcpListener;

use super::*;
use crate::net::linux::Linux;

/// Every idle connection pays for this, mio's debugging aids (16 bytes a socket) left out. The whole of it, buffers and
/// tables of the kernel left out, has to stay below 600 bytes; a field that goes over this is worth a thought.
const SESSION_BYTES_MAX: usize = 384;

#[test]
fn a_session_is_small() {
    let for_debugging = 2 * (size_of::<Socket<mio::net::TcpStream>>() - 8);
    assert!(size_of::<Live<Linux>>() - for_debugging <= SESSION_BYTES_MAX, "{}", size_of::<Live<Linux>>());
}

/// Accepted at 1,000,000 µs.
fn accepted() -> Live<Linux> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let client = std::net::TcpStream::connect(addr).unwrap();
    let client = Socket::new(mio::net::TcpStream::from_std(client));
    Live { accepted_us: 1_000_000, ..Live::accepted(Session::accepted(1000), client, addr) }
}

#[test]
fn a_lap_is_timed_once() {
    let mut live = accepted();
    assert_eq!(live.end_lap(1_000_001), None, "none has begun");
    live.begin_lap(1_000_100);
    assert_eq!(live.end_lap(1_000_350), Some(250));
    assert_eq!(live.end_lap(1_000_360), None);
}

#[test]
fn a_lap_begun_anew_forgets_the_one_before() {
    let mut live = accepted();
    live.begin_lap(1_000_100);
    live.begin_lap(1_000_300);
    assert_eq!(live.end_lap(1_000_350), Some(50));
}

#[test]
fn a_lap_that_begins_after_hours_is_never_taken_for_none() {
    let mut live = accepted();
    let late_us = 1_000_000 + u64::from(u32::MAX);
    live.begin_lap(late_us);
    assert_eq!(live.end_lap(late_us + 7), Some(8));
}
