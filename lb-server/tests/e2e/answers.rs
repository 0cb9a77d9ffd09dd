//! What the front itself answers: 400, 408, 431, 502, 503 and 504, and when it says nothing at all.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

use serde_json::Value;
use socket2::{Domain, Socket, Type};

use crate::support::{Lb, Peer, http, reset};

/// The front's own answer in full: status line, the three fields, the body of the error table, and a clean end.
fn assert_own_answer(received: &[u8], status_line: &str) {
    let text = std::str::from_utf8(received).expect("the answer is text");
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no head: {text:?}"));
    let mut lines = head.split("\r\n");
    assert_eq!(lines.next(), Some(status_line), "{text:?}");
    let mut fields: Vec<String> = lines.map(str::to_ascii_lowercase).collect();
    fields.sort_unstable();
    let length = format!("content-length: {}", body.len());
    assert_eq!(fields, ["connection: close", &length, "content-type: application/json"], "{text:?}");
    let message =
        serde_json::from_str::<Value>(body).unwrap_or_else(|error| panic!("{error}: {text:?}"))["message"].take();
    assert!(message.as_str().is_some_and(|message| message.starts_with("<Error> ")), "{text:?}");
    assert_eq!(body, format!("{{\"message\":{message},\"status\":\"failure\"}}\n"));
}

fn silent_backend(flags: &[&str]) -> (Peer, Lb) {
    let peer = Peer::listen();
    let lb = Lb::before(&[&peer], flags);
    (peer, lb)
}

#[test]
fn a_malformed_head_is_400() {
    let (_peer, lb) = silent_backend(&[]);
    let received = http::exchange(lb.front, b"GET / HTTP/1.1\r\nno field at all\r\n\r\n");
    assert_own_answer(&received, "HTTP/1.1 400 Bad Request");
}

#[test]
fn a_head_that_is_begun_but_not_complete_in_time_is_408() {
    let (_peer, lb) = silent_backend(&["--head-timeout", "100ms"]);
    for begun in ["G", "GET /requ", "GET / HTTP/1.1\r\nHost: x\r\n"] {
        let received = http::exchange(lb.front, begun.as_bytes());
        assert_own_answer(&received, "HTTP/1.1 408 Request Timeout");
    }
}

#[test]
fn a_client_that_says_nothing_is_closed_in_silence() {
    let (_peer, lb) = silent_backend(&["--head-timeout", "100ms"]);
    assert_eq!(http::exchange(lb.front, b""), b"");
}

#[test]
fn a_line_over_8_kib_or_a_head_over_16_kib_is_431() {
    let (_peer, lb) = silent_backend(&[]);
    let long_line = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(9 * 1024));
    let field = format!("X: {}\r\n", "x".repeat(1000));
    let long_head = format!("GET / HTTP/1.1\r\n{}\r\n", field.repeat(17));
    for request in [long_line, long_head] {
        let received = http::exchange(lb.front, request.as_bytes());
        assert_own_answer(&received, "HTTP/1.1 431 Request Header Fields Too Large");
    }
}

#[test]
fn an_answer_to_a_client_that_is_still_sending_arrives_whole() {
    let (_peer, lb) = silent_backend(&[]);
    let mut request = b"GET / HTTP/1.1\r\nno field at all\r\n\r\n".to_vec();
    request.resize(256 * 1024, b'x');
    let mut client = http::connect(lb.front);
    // The front has made up its mind long before this is sent; it must read on rather than reset.
    client.write_all(&request).unwrap();
    assert_own_answer(&http::read_to_end(&mut client), "HTTP/1.1 400 Bad Request");
}

#[test]
fn a_backend_that_resets_before_its_first_byte_is_502() {
    let (peer, lb) = silent_backend(&[]);
    let mut client = http::connect(lb.front);
    client.write_all(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx").unwrap();
    reset(peer.accept());
    assert_own_answer(&http::read_to_end(&mut client), "HTTP/1.1 502 Bad Gateway");
}

#[test]
fn no_ready_backend_is_503() {
    // Bound, so that nobody else gets the port, but not listening: every connect is refused.
    let refusing = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    refusing.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let addr = refusing.local_addr().unwrap().as_socket().unwrap();
    let lb = Lb::launch(&["--replicas", "0", "--backend", &format!("x={addr}")]);
    assert_own_answer(&http::exchange(lb.front, b"GET / HTTP/1.1\r\n\r\n"), "HTTP/1.1 503 Service Unavailable");
}

#[test]
fn a_backend_that_does_not_begin_to_answer_in_time_is_504() {
    let (peer, lb) = silent_backend(&["--first-byte-timeout", "100ms"]);
    let mut client = http::connect(lb.front);
    client.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut backend = peer.accept();
    assert_own_answer(&http::read_to_end(&mut client), "HTTP/1.1 504 Gateway Timeout");
    let mut request = Vec::new();
    // The session is over for the backend too, by FIN or by RST.
    let _ended = backend.read_to_end(&mut request);
    assert_eq!(request, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n");
}

#[test]
fn nothing_of_our_own_follows_the_first_byte_of_a_response() {
    let (peer, lb) = silent_backend(&["--first-byte-timeout", "100ms", "--idle-timeout", "300ms"]);
    let mut client = http::connect(lb.front);
    client.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut backend = peer.accept();
    backend.write_all(b"H").unwrap();
    let mut received = Vec::new();
    let _ended = client.read_to_end(&mut received);
    assert_eq!(received, b"H");
}

#[test]
fn a_refused_backend_costs_nothing_the_next_one_is_tried() {
    let (gone, here) = (TcpListener::bind("127.0.0.1:0").unwrap(), Peer::listen());
    let flag = format!("gone={}", gone.local_addr().unwrap());
    let lb = Lb::launch(&["--replicas", "0", "--backend", &flag, "--backend", &here.as_backend("here")]);
    crate::support::eventually("both are ready", || {
        let ready = lb.backends().iter().filter(|backend| backend["state"] == "ready").count();
        (ready == 2).then_some(())
    });
    here.answer_always("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nhere");
    drop(gone);
    for id in 1..=50 {
        assert_eq!(lb.get(&format!("/?id={id}")).text(), "here");
    }
}

#[test]
fn a_client_that_goes_away_while_the_head_is_awaited_leaves_nothing_behind() {
    let (_peer, lb) = silent_backend(&[]);
    for _ in 0..20 {
        let mut client: TcpStream = http::connect(lb.front);
        client.write_all(b"GET /").unwrap();
        reset(client);
    }
    let open = || std::fs::read_dir(format!("/proc/{}/fd", lb.pid())).unwrap().count();
    let before = open();
    for _ in 0..20 {
        drop(http::connect(lb.front));
    }
    crate::support::eventually("file descriptors are given back", || (open() <= before).then_some(()));
}
