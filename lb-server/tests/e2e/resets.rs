//! A reset from either side reaches the other as a reset: never a clean end, never lost data that was there before it.

use std::io::{Read, Write};

use crate::support::{Lb, Peer, expect_reset, http, reset};

const REQUEST: &[u8] = b"GET /?id=7 HTTP/1.1\r\nHost: x\r\n\r\n";

#[test]
fn a_client_reset_reaches_the_backend() {
    let peer = Peer::listen();
    let lb = Lb::before(&[&peer], &[]);
    let mut client = http::connect(lb.front);
    client.write_all(REQUEST).unwrap();
    let mut backend = peer.accept();
    let mut head = vec![0; REQUEST.len()];
    backend.read_exact(&mut head).unwrap();
    reset(client);
    assert_eq!(expect_reset(&mut backend), b"");
}

#[test]
fn a_backend_reset_in_the_middle_of_a_response_is_a_reset_for_the_client() {
    let peer = Peer::listen();
    let lb = Lb::before(&[&peer], &[]);
    for _ in 0..20 {
        let mut client = http::connect(lb.front);
        client.write_all(REQUEST).unwrap();
        let mut backend = peer.accept();
        let mut head = vec![0; REQUEST.len()];
        backend.read_exact(&mut head).unwrap();
        let partial = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\npartial";
        backend.write_all(partial).unwrap();
        let mut received = vec![0; partial.len()];
        client.read_exact(&mut received).unwrap();
        assert_eq!(received, partial, "what was sent before the reset arrives");
        reset(backend);
        assert_eq!(expect_reset(&mut client), b"");
    }
}

#[test]
fn a_client_that_gets_reset_had_only_a_prefix_of_what_its_backend_sent() {
    let peer = Peer::listen();
    let lb = Lb::before(&[&peer], &[]);
    let mut client = http::connect(lb.front);
    client.write_all(REQUEST).unwrap();
    let mut backend = peer.accept();
    let mut head = vec![0; REQUEST.len()];
    backend.read_exact(&mut head).unwrap();
    let sent: Vec<u8> = (0..64 * 1024_u32).flat_map(u32::to_be_bytes).collect();
    backend.write_all(&sent).unwrap();
    reset(backend);
    let received = expect_reset(&mut client);
    assert!(sent.starts_with(&received), "{} bytes are no prefix", received.len());
}

#[test]
fn a_backend_that_answers_and_closes_with_unread_input_still_delivers() {
    let peer = Peer::listen();
    let lb = Lb::before(&[&peer], &[]);
    let mut client = http::connect(lb.front);
    client.write_all(REQUEST).unwrap();
    let mut backend = peer.accept();
    let mut head = vec![0; REQUEST.len()];
    backend.read_exact(&mut head).unwrap();
    let answer = vec![b'a'; 1024 * 1024];
    let writing = std::thread::spawn(move || {
        backend.write_all(&answer).unwrap();
        answer
    });
    let received = http::read_to_end(&mut client);
    assert!(received == writing.join().unwrap(), "{} bytes arrived", received.len());
}
