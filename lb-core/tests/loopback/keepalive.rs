//! SO_KEEPALIVE on a backend's socket: of sessions that live long, and only of those.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::channel;
use std::time::Duration;

use lb_core::config::WorkerConfig;

use super::support::*;

/// The timer that the kernel has running for the socket bound to `local`: 2 is keepalive's (proc(5)).
fn timer_of(local: SocketAddr) -> Option<String> {
    let SocketAddr::V4(local) = local else { return None };
    let place = format!("{:08X}:{:04X}", u32::from_le_bytes(local.ip().octets()), local.port());
    let table = std::fs::read_to_string("/proc/self/net/tcp").unwrap();
    let row = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()).find(|row| row[1] == place)?;
    Some(row[5][..2].to_owned())
}

#[test]
fn a_session_gets_it_when_it_has_lived_for_a_while_and_not_before() {
    let (tell, told) = channel();
    let silent = Scripted::new(move |stream: TcpStream| {
        tell.send(stream).unwrap();
    });
    // Nothing looks at this one for seconds.
    let patient = Plane::before(config(), &silent);
    let mut brief = patient.connect();
    brief.write_all(b"GET /r?id=1 HTTP/1.1\r\n\r\n").unwrap();
    let of_brief = told.recv_timeout(PATIENCE).unwrap();
    assert_eq!(timer_of(of_brief.peer_addr().unwrap()).as_deref(), Some("00"));
    let plane = Plane::before(WorkerConfig { head_timeout: Duration::from_millis(50), ..config() }, &silent);
    // Its head comes in two pieces, so a timer runs that comes up while its backend is silent.
    let mut long = plane.connect();
    long.write_all(b"GET /r?id=1").unwrap();
    until("the piece is read", || plane.open_sessions() == 1);
    long.write_all(b" HTTP/1.1\r\n\r\n").unwrap();
    let of_long = told.recv_timeout(PATIENCE).unwrap();
    until("keepalive runs", || timer_of(of_long.peer_addr().unwrap()).as_deref() == Some("02"));
}
