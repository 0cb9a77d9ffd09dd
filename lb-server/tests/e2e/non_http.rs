//! Bytes that are no HTTP: forwarded raw by default, refused with `--non-http reject`, and all of them in `--mode tcp`.

use std::io::{Read, Write};

use crate::support::{Lb, Peer, expect_reset, http, reset};

/// The beginning of a TLS 1.2 ClientHello record.
const TLS_HELLO: &[u8] = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03random";
const REDIS_PING: &[u8] = b"*1\r\n$4\r\nPING\r\n";

fn ping_pong(lb: &Lb, peer: &Peer, ping: &[u8]) {
    let mut client = http::connect(lb.front);
    client.write_all(ping).unwrap();
    let mut backend = peer.accept();
    let mut received = vec![0; ping.len()];
    backend.read_exact(&mut received).unwrap();
    assert_eq!(received, ping);
    backend.write_all(b"+PONG\r\n").unwrap();
    drop(backend);
    assert_eq!(http::read_to_end(&mut client), b"+PONG\r\n");
}

#[test]
fn tls_and_redis_are_forwarded_as_they_are() {
    let peer = Peer::listen();
    let lb = Lb::before(&[&peer], &[]);
    ping_pong(&lb, &peer, TLS_HELLO);
    ping_pong(&lb, &peer, REDIS_PING);
    ping_pong(&lb, &peer, b"\0");
}

#[test]
fn a_raw_session_is_keyed_by_the_client_address() {
    let peers = [Peer::listen(), Peer::listen(), Peer::listen()];
    let lb = Lb::before(&peers.each_ref(), &[]);
    let mut first = None;
    for _ in 0..10 {
        let mut client = http::connect(lb.front);
        client.write_all(REDIS_PING).unwrap();
        drop(client);
        let reached = crate::support::eventually("one backend gets it", || peers.iter().position(Peer::has_session));
        drop(peers[reached].accept());
        assert_eq!(reached, *first.get_or_insert(reached), "every session of one address goes to one backend");
    }
}

#[test]
fn reject_answers_bytes_that_are_no_http_with_400() {
    let peer = Peer::listen();
    let lb = Lb::before(&[&peer], &["--non-http", "reject"]);
    for bytes in [TLS_HELLO, REDIS_PING] {
        let answer = String::from_utf8(http::exchange(lb.front, bytes)).unwrap();
        assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{answer}");
    }
}

#[test]
fn tcp_mode_waits_for_no_byte_of_the_client() {
    let peer = Peer::listen();
    let lb = Lb::before(&[&peer], &["--mode", "tcp"]);
    ping_pong(&lb, &peer, REDIS_PING);
    ping_pong(&lb, &peer, b"GET / HTTP/1.1\r\n\r\n");
    // A backend that speaks first, as SMTP does.
    let greeting = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = greeting.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in greeting.incoming().map_while(Result::ok) {
            // A health check may be gone already.
            let _gone = stream.write_all(b"220 ready\r\n");
        }
    });
    let flag = format!("smtp={addr}");
    let lb = Lb::launch(&["--replicas", "0", "--backend", &flag, "--mode", "tcp"]);
    crate::support::eventually("it is ready", || (lb.ask_admin("GET", "/readyz", "").status == 200).then_some(()));
    let mut received = [0; 11];
    http::connect(lb.front).read_exact(&mut received).unwrap();
    assert_eq!(&received, b"220 ready\r\n");
}

#[test]
fn in_tcp_mode_the_front_never_writes_it_resets() {
    let lb = Lb::launch(&["--replicas", "0", "--mode", "tcp"]);
    match http::try_connect(lb.front) {
        Ok(mut client) => {
            // The front may have reset before this is sent.
            let _sent = client.write_all(b"GET / HTTP/1.1\r\n\r\n");
            assert_eq!(expect_reset(&mut client), b"");
        }
        // It may even have reset before our connect has returned.
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset),
    }
}

#[test]
fn a_raw_session_whose_backend_resets_is_reset_not_answered() {
    let peer = Peer::listen();
    let lb = Lb::before(&[&peer], &[]);
    let mut client = http::connect(lb.front);
    client.write_all(REDIS_PING).unwrap();
    reset(peer.accept());
    assert_eq!(expect_reset(&mut client), b"");
}
