//! Where connections come from, asked of the other end.

use std::net::{IpAddr, TcpListener};

use mio::net::TcpStream;

use super::*;
use crate::net::connect::{begin, connect};

/// A free address of loopback, so that no other test's ports are in the way.
const ELSEWHERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(127, 77, 0, 1));

fn arrives_from(source: &Source, listener: &TcpListener) -> (SocketAddr, TcpStream, std::net::TcpStream) {
    let stream = begin(listener.local_addr().unwrap(), Some(source), false).unwrap();
    let (accepted, from) = listener.accept().unwrap();
    (from, stream, accepted)
}

#[test]
fn connections_come_from_the_address() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let source = Source { addr: ELSEWHERE, ports: None };
    assert_eq!(arrives_from(&source, &listener).0.ip(), ELSEWHERE);
}

/// 200 connections to two backends out of 120 ports: that fits only where a port serves both.
#[test]
fn a_port_serves_as_many_connections_as_there_are_backends() {
    // Other tests' listeners may sit on some of them; a connect passes those over.
    const PORTS: std::ops::Range<u16> = 45_000..45_120;
    const EACH: usize = 100;
    let source = Source { addr: ELSEWHERE, ports: Some((PORTS.start, PORTS.end - 1)) };
    if let Err(why @ (SourceError::NoPortRange | SourceError::OutsideRange { .. })) = check_source(&source) {
        eprintln!("NOT RUN: {why}");
        return;
    }
    let backends = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let mut open = Vec::new();
    for listener in &backends {
        for _ in 0..EACH {
            let (from, stream, accepted) = arrives_from(&source, listener);
            assert!(from.ip() == ELSEWHERE && PORTS.contains(&from.port()), "{from}");
            open.push((stream, accepted));
        }
    }
    let to = backends[0].local_addr().unwrap();
    let more: Vec<_> = PORTS.map(|_| connect(to, Some(&source), false)).collect();
    let refused = more.last().and_then(|last| last.as_ref().err()).map(io::Error::kind);
    assert_eq!(refused, Some(io::ErrorKind::AddrNotAvailable), "this backend has had them all");
}

#[test]
fn an_address_of_nobody_is_found_before_anything_is_served() {
    let nobody = Source { addr: "192.0.2.1".parse().unwrap(), ports: None };
    assert!(matches!(check_source(&nobody), Err(SourceError::NotOurs(addr)) if addr == nobody.addr));
    assert!(check_source(&Source { addr: ELSEWHERE, ports: None }).is_ok());
    // The kernel ignores such a range and says nothing.
    let outside = Source { addr: ELSEWHERE, ports: Some((1, 65_535)) };
    assert!(matches!(check_source(&outside), Err(SourceError::OutsideRange { .. })));
}
