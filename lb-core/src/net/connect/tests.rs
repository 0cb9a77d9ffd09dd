//! What a connect can come to besides a connection to whom was meant.

use std::net::TcpListener;

use socket2::{Domain, Socket, Type};

use super::*;

const LOOPBACK: ([u8; 4], u16) = ([127, 0, 0, 1], 0);

#[test]
fn a_socket_that_met_itself_is_no_connection_to_a_backend() {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from(LOOPBACK).into()).unwrap();
    let own = socket.local_addr().unwrap();
    socket.connect(&own).unwrap();
    socket.set_nonblocking(true).unwrap();
    let stream = TcpStream::from_std(socket.into());
    assert!(is_self_connected(&stream, stream.peer_addr().unwrap()));
    assert_eq!(completed(&stream), Ok(true), "the kernel sees nothing wrong with it");
}

#[test]
fn a_socket_that_met_another_is_one() {
    let listener = TcpListener::bind(SocketAddr::from(LOOPBACK)).unwrap();
    let stream = begin(listener.local_addr().unwrap(), None, false).unwrap();
    assert!(listener.accept().is_ok());
    assert_eq!((completed(&stream), is_self_connected(&stream, stream.peer_addr().unwrap())), (Ok(true), false));
}

#[test]
fn only_our_own_want_of_descriptors_or_memory_is_not_the_backends_fault() {
    let of = |errno: Errno| failure(&errno.into());
    for ours in [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM] {
        assert_eq!(of(ours), ConnectFailure::OutOfDescriptors);
    }
    // No port left towards one address says nothing about the next.
    for theirs in [Errno::CONNREFUSED, Errno::CONNRESET, Errno::HOSTUNREACH, Errno::ADDRNOTAVAIL] {
        assert_eq!(of(theirs), ConnectFailure::Backend);
    }
}
