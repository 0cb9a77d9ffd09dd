//! One client's requests: kept connections, and a name for every way to fail.

use std::time::Duration;

use super::super::test_server::{answer_of, on_one_thread, serve};
use super::{Client, Connections, FailureKind, Plan, replica_name};

const TIMEOUT: Duration = Duration::from_secs(10);

#[test]
fn the_replica_is_found_in_every_body_of_the_sample_backend() {
    let request = br#"{"response":{"message":"Hello from Server: S1","status":"Successful"},"server_id":"S2"}"#;
    assert_eq!(replica_name(request), "S2");
    assert_eq!(replica_name(br#"{ "server_id": "[S2]" }"#), "[S2]");
    assert_eq!(replica_name(br#"{"message":"Hello from Server: S3","status":"successful"}"#), "S3");
    assert_eq!(replica_name(b"<html>"), "");
}

#[test]
fn a_kept_connection_is_used_again_and_otherwise_each_request_has_its_own() {
    on_one_thread(async {
        for (connections, expected) in [(Connections::KeepAlive, 1), (Connections::OnePerRequest, 3)] {
            let (front, seen) = serve(|_| answer_of("S1"), false).await;
            let mut client = Client::new(front, connections, TIMEOUT);
            for id in 1..=3 {
                assert_eq!(client.ask(id).await, Ok("S1"));
            }
            assert_eq!((seen.connections.get(), seen.requests.get()), (expected, 3));
        }
    });
}

#[test]
fn a_connection_whose_answer_says_close_is_not_used_again() {
    on_one_thread(async {
        let closing = |_| answer_of("S1").replacen("\r\n", "\r\nConnection: close\r\n", 1);
        let (front, seen) = serve(closing, true).await;
        let mut client = Client::new(front, Connections::KeepAlive, TIMEOUT);
        for id in 1..=3 {
            assert_eq!(client.ask(id).await, Ok("S1"));
        }
        assert_eq!(seen.connections.get(), 3);
    });
}

#[test]
fn every_way_to_fail_has_its_name() {
    on_one_thread(async {
        for (answer, close, expected) in [
            ("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", false, FailureKind::Status(503)),
            ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", true, FailureKind::ClosedEarly),
            ("", true, FailureKind::ClosedEarly),
            ("not HTTP at all\r\n\r\n", true, FailureKind::Malformed),
        ] {
            let (front, _) = serve(move |_| answer.to_owned(), close).await;
            let mut client = Client::new(front, Connections::OnePerRequest, TIMEOUT);
            assert_eq!(client.ask(1).await, Err(expected));
        }
        let (silent, _) = serve(|_| String::new(), false).await;
        let mut client = Client::new(silent, Connections::OnePerRequest, Duration::from_millis(20));
        assert_eq!(client.ask(1).await, Err(FailureKind::TimedOut));
    });
}

#[test]
fn a_closed_port_is_refused() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let front = listener.local_addr().expect("a bound listener has an address");
    drop(listener);
    on_one_thread(async move {
        let mut client = Client::new(front, Connections::OnePerRequest, TIMEOUT);
        assert_eq!(client.ask(1).await, Err(FailureKind::Refused));
    });
}

#[test]
fn a_body_is_posted_with_its_length_after_the_id() {
    let front = "127.0.0.1:80".parse().expect("an address");
    let plan = Plan { path: "/x?y=1".into(), body: Some(b"hello"[..].into()), ..Plan::each_once(front, 1) };
    let mut client = Client::of(&plan);
    client.write_request(7);
    let sent = "POST /x?y=1&request_id=7 HTTP/1.1\r\nHost: 127.0.0.1:80\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello";
    assert_eq!(String::from_utf8_lossy(&client.request), sent);
}
