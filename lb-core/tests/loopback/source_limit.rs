//! How many connections one client address may have.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};

use lb_core::config::WorkerConfig;
use socket2::{Domain, Socket, Type};

use super::support::*;

/// Connects from an address of 127.0.0.0/8.
fn connect_from(host: u8, to: SocketAddr) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, host], 0)).into()).unwrap();
    socket.connect(&to.into()).unwrap();
    let stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn is_reset(client: &mut TcpStream) -> bool {
    matches!(client.read(&mut [0]), Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset)
}

#[test]
fn one_address_has_its_share_over_all_workers_and_others_have_theirs() {
    let limited = WorkerConfig { connections_per_source: 5, ..config() };
    let plane = Plane::with_workers(limited, 3);
    plane.route_to(&[Scripted::saying("hello").addr]);
    let mut open: Vec<_> = (0..5).map(|_| connect_from(2, plane.addr)).collect();
    until("five are let in", || plane.open_sessions() == 5);
    for refused in 1..=30 {
        assert!(is_reset(&mut connect_from(2, plane.addr)));
        until("it is counted", || plane.count(|stats| &stats.refused_by_source) == refused);
    }
    let mut other = connect_from(3, plane.addr);
    other.write_all(b"GET /r?id=1 HTTP/1.1\r\n\r\n").unwrap();
    assert!(read_text(&mut other).ends_with("hello"));
    let mut served = open.pop().unwrap();
    served.write_all(b"GET /r?id=1 HTTP/1.1\r\n\r\n").unwrap();
    assert!(read_text(&mut served).ends_with("hello"));
    drop((served, other));
    until("its place is free", || plane.open_sessions() == 4);
    let mut next = connect_from(2, plane.addr);
    next.write_all(b"GET /r?id=1 HTTP/1.1\r\n\r\n").unwrap();
    assert!(read_text(&mut next).ends_with("hello"));
    drop((open, next));
    plane.all_closed();
}

#[test]
fn behind_a_proxy_it_is_the_announced_address_that_counts() {
    let limited = WorkerConfig { connections_per_source: 1, accept_proxy: true, ..config() };
    let plane = Plane::before(limited, &Scripted::saying("hello"));
    let announced = |ip: IpAddr| {
        let mut client = plane.connect();
        write!(client, "PROXY TCP4 {ip} 127.0.0.1 1 2\r\n").unwrap();
        client
    };
    let (one, two) = (IpAddr::from([203, 0, 113, 1]), IpAddr::from([203, 0, 113, 2]));
    let _first = announced(one);
    assert!(is_reset(&mut { announced(one) }) || is_reset(&mut { announced(one) }), "one of the three has the place");
    let mut another = announced(two);
    another.write_all(b"GET /r?id=1 HTTP/1.1\r\n\r\n").unwrap();
    assert!(read_text(&mut another).ends_with("hello"));
    assert!(plane.count(|stats| &stats.refused_by_source) > 0);
}
