//! Garbage on the front and on the admin port never stops either.

use std::io::{Read, Write};

use crate::support::{Lb, eventually, http, reset};

fn garbage() -> Vec<Vec<u8>> {
    let mut random = fastrand::Rng::with_seed(7);
    let mut pieces: Vec<Vec<u8>> = (0..40).map(|n| (0..n * n).map(|_| random.u8(..)).collect()).collect();
    pieces.extend([
        b"\r\n\r\n\r\n\r\n".to_vec(),
        b"GET".to_vec(),
        b"GET / HTTP/9.9\r\n\r\n".to_vec(),
        b"GET  /  HTTP/1.1\r\n\r\n".to_vec(),
        b"GET /?request_id=%zz%0 HTTP/1.1\r\n\r\n".to_vec(),
        b"POST /add HTTP/1.1\r\nContent-Length: -5\r\n\r\n".to_vec(),
        b"POST /add HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n".to_vec(),
        b"POST /add HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n".to_vec(),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        vec![b'A'; 100_000],
        vec![0; 100_000],
    ]);
    pieces
}

#[test]
fn neither_port_stops_whatever_is_sent() {
    let lb = Lb::with_replicas(1, &["--head-timeout", "200ms", "--first-byte-timeout", "200ms"]);
    for port in [lb.front, lb.admin] {
        for piece in garbage() {
            let mut client = http::connect(port);
            // The other side may refuse to read on; what counts is that it is there for the next one.
            let _sent = client.write_all(&piece);
            let _finished = client.shutdown(std::net::Shutdown::Write);
            if piece.len() % 2 == 0 {
                reset(client);
            } else {
                let _heard = client.read(&mut [0; 1024]);
            }
        }
    }
    assert_eq!(lb.get("/home").replica(), lb.replicas()[0]);
    eventually("every session has ended", || {
        let sum = |name| lb.metric(name);
        (sum("lb_connections_accepted_total") == sum("lb_connections_closed_total")).then_some(())
    });
}

#[test]
fn slow_admin_clients_do_not_keep_others_out() {
    let lb = Lb::with_replicas(1, &[]);
    let slow: Vec<_> = (0..100)
        .map(|_| {
            let mut client = http::connect(lb.admin);
            client.write_all(b"GET /rep HTTP/1.1\r\nX: ").unwrap();
            client
        })
        .collect();
    assert_eq!(lb.replicas(), ["S1"]);
    drop(slow);
}

#[test]
fn a_browser_on_another_site_cannot_change_anything() {
    let lb = Lb::with_replicas(1, &[]);
    for field in ["Origin: http://evil.example", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site"] {
        let body = r#"{"n":1}"#;
        let head = format!("POST /add HTTP/1.1\r\nHost: {}\r\n{field}\r\nConnection: close\r\n", lb.admin);
        let request = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
        let answer = String::from_utf8(http::exchange(lb.admin, request.as_bytes())).unwrap();
        assert!(answer.starts_with("HTTP/1.1 403 "), "{field}: {answer}");
    }
    let rebound = b"GET /rep HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
    let answer = String::from_utf8(http::exchange(lb.admin, rebound)).unwrap();
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    assert_eq!(lb.replicas(), ["S1"]);
}
