//! Bytes are forwarded unchanged in both directions, half-closes too: either side may finish while the other goes on.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

use crate::support::{Lb, Peer, eventually, http};

const REQUEST: &[u8] = b"POST /upload?id=7 HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n";

/// A session in the middle of its life: the backend has read the request's head.
fn session(lb: &Lb, peer: &Peer) -> (TcpStream, TcpStream) {
    let mut client = http::connect(lb.front);
    client.write_all(REQUEST).unwrap();
    let mut backend = peer.accept();
    let mut head = vec![0; REQUEST.len()];
    backend.read_exact(&mut head).unwrap();
    assert_eq!(head, REQUEST, "the head is forwarded unchanged");
    (client, backend)
}

fn started() -> (Lb, Peer) {
    let peer = Peer::listen();
    (Lb::before(&[&peer], &[]), peer)
}

#[test]
fn client_half_close_keeps_the_response_open() {
    let (lb, peer) = started();
    let (mut client, mut backend) = session(&lb, &peer);
    client.write_all(b"the last bytes").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(http::read_to_end(&mut backend), b"the last bytes");
    for part in [b"one", b"two"] {
        backend.write_all(part).unwrap();
        let mut received = [0; 3];
        client.read_exact(&mut received).unwrap();
        assert_eq!(&received, part, "the response goes on after the client's FIN");
    }
    drop(backend);
    assert_eq!(http::read_to_end(&mut client), b"");
}

#[test]
fn backend_half_close_keeps_the_request_open() {
    let (lb, peer) = started();
    let (mut client, mut backend) = session(&lb, &peer);
    backend.write_all(b"HTTP/1.1 200 OK\r\n\r\ndone").unwrap();
    backend.shutdown(Shutdown::Write).unwrap();
    assert_eq!(http::read_to_end(&mut client), b"HTTP/1.1 200 OK\r\n\r\ndone");
    for part in [b"one", b"two"] {
        client.write_all(part).unwrap();
        let mut received = [0; 3];
        backend.read_exact(&mut received).unwrap();
        assert_eq!(&received, part, "the request goes on after the backend's FIN");
    }
    drop(client);
    assert_eq!(http::read_to_end(&mut backend), b"");
}

#[test]
fn data_and_fin_at_once_are_both_delivered() {
    let (lb, peer) = started();
    for _ in 0..50 {
        let mut client = http::connect(lb.front);
        client.write_all(b"GET /?id=1 HTTP/1.1\r\n\r\n").unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        let mut backend = peer.accept();
        assert_eq!(http::read_to_end(&mut backend), b"GET /?id=1 HTTP/1.1\r\n\r\n");
        backend.write_all(b"answer").unwrap();
        drop(backend);
        assert_eq!(http::read_to_end(&mut client), b"answer");
    }
}

#[test]
fn single_bytes_arrive_one_by_one_both_ways() {
    let (lb, peer) = started();
    let (mut client, mut backend) = session(&lb, &peer);
    client.set_nodelay(true).unwrap();
    backend.set_nodelay(true).unwrap();
    for n in 0..500_u32 {
        let (byte, mut received) = ([n as u8], [0]);
        client.write_all(&byte).unwrap();
        backend.read_exact(&mut received).unwrap();
        assert_eq!(received, byte);
        backend.write_all(&byte).unwrap();
        client.read_exact(&mut received).unwrap();
        assert_eq!(received, byte);
    }
}

#[test]
fn a_head_that_arrives_byte_by_byte_is_routed_and_forwarded_unchanged() {
    let (lb, peer) = started();
    let mut client = http::connect(lb.front);
    client.set_nodelay(true).unwrap();
    for byte in REQUEST {
        client.write_all(&[*byte]).unwrap();
    }
    let mut head = vec![0; REQUEST.len()];
    peer.accept().read_exact(&mut head).unwrap();
    assert_eq!(head, REQUEST);
}

#[test]
fn a_later_request_on_a_connection_follows_the_first_and_is_counted() {
    let (lb, peer) = started();
    let mut client = http::connect(lb.front);
    client.write_all(b"GET /?id=1 HTTP/1.1\r\n\r\n").unwrap();
    let mut backend = peer.accept();
    let mut request = [0; 23];
    for id in 1..=3 {
        backend.read_exact(&mut request).unwrap();
        assert_eq!(request, *format!("GET /?id={id} HTTP/1.1\r\n\r\n").as_bytes());
        backend.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
        http::read_response(&mut client).unwrap();
        client.write_all(format!("GET /?id={} HTTP/1.1\r\n\r\n", id + 1).as_bytes()).unwrap();
    }
    eventually("three requests were seen to follow", || (lb.metric("lb_requests_pinned_total") == 3.0).then_some(()));
}

#[test]
fn sessions_that_have_ended_leave_no_descriptor_behind() {
    let (lb, peer) = started();
    let open = || std::fs::read_dir(format!("/proc/{}/fd", lb.pid())).unwrap().count();
    let before = open();
    for _ in 0..30 {
        let (client, backend) = session(&lb, &peer);
        drop(client);
        drop(backend);
    }
    // One more may be a health check, or the connection that asks.
    eventually("descriptors are given back", || (open() <= before + 2).then_some(()));
}
