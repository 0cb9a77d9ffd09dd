//! SO_KEEPALIVE on both sockets of a session: of sessions that live long, and only of those.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::channel;
use std::time::Duration;

use lb_core::config::WorkerConfig;

use super::support::*;

/// Its timer is what finds a session that has lived for a while. Not so short that a busy machine lets it run out between
/// the two pieces of a head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(2);

/// What the kernel says of the other end of `ours` (proc(5)): the bytes that nobody has read there, and the timer that runs,
/// 2 for keepalive's and 1 for a retransmission's. Both addresses are looked for: a port alone may also stand in the row
/// of an older connection in TIME_WAIT.
fn peer_of(ours: &TcpStream) -> Option<(String, String)> {
    let (local, peer) = (place(ours.peer_addr().unwrap()), place(ours.local_addr().unwrap()));
    let table = std::fs::read_to_string("/proc/self/net/tcp").unwrap();
    let mut rows = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let row = rows.find(|row| row[1] == local && row[2] == peer)?;
    Some((row[4][9..].to_owned(), row[5][..2].to_owned()))
}

fn unread_by_peer(ours: &TcpStream) -> Option<String> {
    peer_of(ours).map(|(unread, _)| unread)
}

fn timer_of_peer(ours: &TcpStream) -> Option<String> {
    peer_of(ours).map(|(_, timer)| timer)
}

/// An address as that table writes it.
fn place(address: SocketAddr) -> String {
    let SocketAddr::V4(address) = address else { panic!("{address} is not IPv4") };
    format!("{:08X}:{:04X}", u32::from_le_bytes(address.ip().octets()), address.port())
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
    until("what was sent is acknowledged", || timer_of_peer(&of_brief).as_deref() != Some("01"));
    for of_session in [&brief, &of_brief] {
        assert_eq!(timer_of_peer(of_session).as_deref(), Some("00"));
    }
    let plane = Plane::before(WorkerConfig { head_timeout: HEAD_TIMEOUT, ..config() }, &silent);
    // Its head comes in two pieces, so a timer runs that comes up while its backend is silent.
    let mut long = plane.connect();
    long.write_all(b"GET /r?id=1").unwrap();
    // Not merely accepted: both pieces read at once would be no wait.
    until("the piece is read", || unread_by_peer(&long).as_deref() == Some("00000000"));
    long.write_all(b" HTTP/1.1\r\n\r\n").unwrap();
    let of_long = told.recv_timeout(PATIENCE).unwrap();
    for of_session in [&long, &of_long] {
        until("keepalive runs", || timer_of_peer(of_session).as_deref() == Some("02"));
    }
}
