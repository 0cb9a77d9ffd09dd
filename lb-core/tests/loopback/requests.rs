//! `--affinity request`, pinned requests, recorded ids, and the admin paths on the front.

use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::time::Duration;

use lb_core::config::{Affinity, WorkerConfig};

use super::support::*;

fn per_request() -> WorkerConfig {
    WorkerConfig { affinity: Affinity::Request, ..config() }
}

#[test]
fn the_forwarded_head_says_close_and_is_otherwise_unchanged() {
    let plane = Plane::before(per_request(), &Scripted::echoing_heads());
    let got = plane.ask(b"GET /r?id=1 HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nX: y\r\n\r\n");
    assert!(got.ends_with("\r\n\r\nGET /r?id=1 HTTP/1.1\r\nConnection: close\r\nHost: a\r\nX: y\r\n\r\n"), "{got}");
    plane.all_closed();
}

#[test]
fn upgrades_and_tunnels_stay_as_they_are() {
    let plane = Plane::before(per_request(), &Scripted::echoing_heads());
    for head in ["GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n", "CONNECT a:1 HTTP/1.1\r\n\r\n"] {
        assert!(plane.ask(head.as_bytes()).ends_with(head));
    }
}

#[test]
fn bytes_behind_the_request_are_not_forwarded() {
    let backend = Scripted::new(|mut stream| {
        read_head(&mut stream);
        let mut body = [0; 5];
        stream.read_exact(&mut body).unwrap();
        stream.set_nonblocking(true).unwrap();
        let surplus = stream.read(&mut [0; 64]).unwrap_or(0);
        stream.set_nonblocking(false).unwrap();
        respond(&mut stream, &format!("{} and {surplus} more", String::from_utf8_lossy(&body)));
    });
    let plane = Plane::before(per_request(), &backend);
    let got = plane.ask(b"POST /r?id=1 HTTP/1.1\r\nContent-Length: 5\r\n\r\nhelloGET /r?id=2 HTTP/1.1\r\n\r\n");
    assert!(got.ends_with("hello and 0 more"), "{got}");
    plane.all_closed();
}

#[test]
fn a_chunked_upload_in_pieces_is_forwarded_to_its_end() {
    let backend = Scripted::new(|mut stream| {
        read_head(&mut stream);
        let mut body = Vec::new();
        let mut byte = [0];
        while !body.ends_with(b"0\r\n\r\n") {
            stream.read_exact(&mut byte).unwrap();
            body.push(byte[0]);
        }
        respond(&mut stream, &String::from_utf8_lossy(&body));
    });
    let plane = Plane::before(per_request(), &backend);
    let mut client = plane.connect();
    for piece in ["POST /r?id=1 HTTP/1.1\r\nTransfer-", "Encoding: chunked\r\n\r\n3\r", "\nabc\r\n0\r\n", "\r\n"] {
        client.write_all(piece.as_bytes()).unwrap();
    }
    assert!(read_text(&mut client).ends_with("3\r\nabc\r\n0\r\n\r\n"));
}

#[test]
fn a_body_larger_than_any_buffer_is_forwarded_to_its_end_and_no_further() {
    const BODY: usize = 1_000_000;
    let counting = Scripted::new(|mut stream| {
        read_head(&mut stream);
        let mut body = vec![0; BODY];
        stream.read_exact(&mut body).unwrap();
        assert!(body.iter().all(|byte| *byte == b'b'));
        // Nothing follows: the client's FIN does.
        assert_eq!(stream.read(&mut body).unwrap(), 0);
        respond(&mut stream, "whole");
    });
    let plane = Plane::before(per_request(), &counting);
    let mut client = plane.connect();
    write!(client, "PUT /r?id=1 HTTP/1.1\r\nContent-Length: {BODY}\r\n\r\n").unwrap();
    client.write_all(&vec![b'b'; BODY]).unwrap();
    client.write_all(b"GET /r?id=2 HTTP/1.1\r\n\r\n").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    assert!(read_text(&mut client).ends_with("whole"));
    plane.all_closed();
}

#[test]
fn an_expectation_is_met_by_the_backend_and_the_body_follows() {
    let backend = Scripted::new(|mut stream| {
        assert!(read_head(&mut stream).contains("Expect: 100-continue"));
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").unwrap();
        let mut body = [0; 4];
        stream.read_exact(&mut body).unwrap();
        respond(&mut stream, "thanks");
    });
    let plane = Plane::before(per_request(), &backend);
    let mut client = plane.connect();
    client.write_all(b"POST /r?id=1 HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n").unwrap();
    assert_eq!(read_head(&mut client), "HTTP/1.1 100 Continue\r\n\r\n");
    client.write_all(b"body").unwrap();
    assert!(read_text(&mut client).ends_with("thanks"));
}

#[test]
fn a_session_of_one_request_ends_with_its_response_though_the_client_stays() {
    let plane = Plane::before(per_request(), &Scripted::saying("hello"));
    let mut client = plane.connect();
    client.write_all(b"GET /r?id=1 HTTP/1.1\r\n\r\n").unwrap();
    // read_text ends at the FIN; the client never says its own.
    assert!(read_text(&mut client).ends_with("hello"));
    drop(client);
    plane.all_closed();
}

#[test]
fn a_client_asks_again_of_a_backend_that_ignores_close_and_is_not_left_waiting_for_ever() {
    let ignores_close = Scripted::new(|mut stream| {
        read_head(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello").unwrap();
        assert_eq!(read_head(&mut stream), "", "the second request is not for this connection");
    });
    for pipelined in [true, false] {
        let brief = WorkerConfig { first_byte_timeout: Duration::from_millis(500), ..per_request() };
        let plane = Plane::before(brief, &ignores_close);
        let mut client = plane.connect();
        let twice = b"GET /r?id=1 HTTP/1.1\r\n\r\nGET /r?id=2 HTTP/1.1\r\n\r\n";
        let (first, second) = twice.split_at(if pipelined { twice.len() } else { twice.len() / 2 });
        client.write_all(first).unwrap();
        client.read_exact(&mut [0; 43]).unwrap();
        client.write_all(second).unwrap();
        assert_eq!(client.read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::ConnectionReset);
        plane.all_closed();
    }
}

#[test]
fn a_head_that_could_be_framed_twice_is_malformed() {
    let plane = Plane::before(per_request(), &Scripted::saying("unreachable"));
    let got = plane.ask(b"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n");
    assert!(got.starts_with("HTTP/1.1 400 "), "{got}");
}

#[test]
fn later_requests_on_a_connection_follow_the_first_and_are_counted() {
    let backend = Scripted::new(|mut stream| {
        while read_head(&mut stream).ends_with("\r\n\r\n") {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
        }
    });
    let plane = Plane::before(config(), &backend);
    let mut client = plane.connect();
    for number in 0..5 {
        write!(client, "GET /r?id={number} HTTP/1.1\r\n\r\n").unwrap();
        let mut response = [0; 40];
        client.read_exact(&mut response).unwrap();
        assert!(response.ends_with(b"ok"));
    }
    drop(client);
    plane.all_closed();
    assert_eq!(plane.count(|stats| &stats.requests_pinned), 4);
    assert_eq!(plane.count(|stats| &stats.routed), 1);
}

#[test]
fn answered_ids_are_recorded_before_the_client_has_the_answer() {
    let backend = Scripted::saying("hello");
    let plane = Plane::start(WorkerConfig { record_answered: true, ..config() });
    let routed = plane.route_to(&[backend.addr]);
    let long = "x".repeat(100);
    for id in ["7", "a%20b", &long] {
        assert!(plane.ask(format!("GET /r?id={id} HTTP/1.1\r\n\r\n").as_bytes()).ends_with("hello"));
        let answered: Vec<_> = plane.control.answered().collect();
        assert_eq!(answered.len(), 1);
        assert_eq!(answered[0].backend, routed[0].id);
        let expected = id.replace("%20", " ");
        assert_eq!(answered[0].id(), &expected.as_bytes()[..expected.len().min(64)]);
    }
    assert!(plane.ask(b"GET /home HTTP/1.1\r\n\r\n").ends_with("hello"));
    assert_eq!(plane.control.answered().count(), 0, "a request without a key has no id");
}

#[test]
fn admin_paths_on_the_front_are_handed_over_with_what_was_read() {
    let plane = Plane::before(
        WorkerConfig { serve_admin_paths: true, affinity: Affinity::Request, ..config() },
        &Scripted::saying("a replica"),
    );
    for (path, to_admin) in [("/rep", true), ("/add?x", true), ("/requests/S1", true), ("/repo", false), ("/", false)] {
        let mut client = plane.connect();
        let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
        client.write_all(request.as_bytes()).unwrap();
        if to_admin {
            let mut handed = None;
            until("the connection is handed over", || {
                handed = plane.control.front_requests().next();
                handed.is_some()
            });
            let mut handed = handed.unwrap();
            assert_eq!(handed.received, request.as_bytes());
            assert_eq!(handed.client, client.local_addr().unwrap());
            handed.stream.set_nonblocking(false).unwrap();
            handed.stream.write_all(b"admin").unwrap();
            drop(handed);
            assert_eq!(read_text(&mut client), "admin");
        } else {
            assert!(read_text(&mut client).ends_with("a replica"));
        }
    }
    plane.all_closed();
}
