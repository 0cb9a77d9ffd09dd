//! Where a request's key comes from, as SPEC's key sources say: what has the same key reaches the same replica.

use std::io::Write;

use crate::support::{Lb, Response, http};

fn ask(lb: &Lb, path: &str, field: &str) -> Response {
    let mut client = http::connect(lb.front);
    write!(client, "GET {path} HTTP/1.1\r\nHost: x\r\n{field}Connection: close\r\n\r\n").unwrap();
    http::read_response(&mut client).unwrap()
}

#[test]
fn request_id_and_id_and_the_header_are_one_key() {
    let lb = Lb::start(&[]);
    for id in [1, 7, 42, 100_000, 132_574] {
        let expected = lb.replica_of(id);
        for (path, field) in [
            (format!("/home?id={id}"), String::new()),
            ("/home".to_owned(), format!("X-Request-Id: {id}\r\n")),
            ("/home".to_owned(), format!("x-request-ID:{id}\r\n")),
            (format!("/home?a=b&request_id={id}&request_id=9"), String::new()),
            (format!("/home?request_id=&id={id}"), String::new()),
            (format!("/home?id=9&request_id={id}"), "X-Request-Id: 9\r\n".to_owned()),
        ] {
            assert_eq!(ask(&lb, &path, &field).replica(), expected, "{path} {field}");
        }
    }
}

#[test]
fn keys_are_percent_decoded_once_and_plus_is_kept() {
    let lb = Lb::start(&[]);
    let of = |id: &str| ask(&lb, &format!("/home?id={id}"), "").replica();
    for n in 0..8 {
        assert_eq!(of(&format!("%61{n}")), of(&format!("a{n}")));
        assert_eq!(of(&format!("a%2Bb{n}")), of(&format!("a+b{n}")));
    }
}

#[test]
fn numbers_with_leading_zeros_are_the_same_number_for_the_assignment() {
    let lb = Lb::start(&["--hash", "assignment"]);
    for id in [1, 7, 12, 500] {
        assert_eq!(ask(&lb, &format!("/home?id=00{id}"), "").replica(), lb.replica_of(id));
    }
}

#[test]
fn requests_without_a_key_are_spread_and_counted() {
    let lb = Lb::start(&[]);
    let names: std::collections::BTreeSet<String> = (0..60).map(|_| lb.get("/home").replica()).collect();
    assert_eq!(names.len(), 3, "{names:?}");
    assert!(lb.metric("lb_sessions_unkeyed_total") >= 60.0);
}

#[test]
fn the_key_may_be_the_path_a_cookie_or_the_source() {
    for (sources, path, field) in [
        ("path", "/home", ""),
        ("cookie:session", "/home", "Cookie: other=1; session=abc\r\n"),
        ("source", "/home", ""),
    ] {
        let lb = Lb::start(&["--key", sources]);
        let first = ask(&lb, path, field).replica();
        for n in 0..10 {
            assert_eq!(ask(&lb, &format!("{path}?id={n}"), field).replica(), first, "{sources}");
        }
    }
}

#[test]
fn affinity_request_forwards_connection_close_and_one_request_only() {
    use std::io::Read;
    let peer = crate::support::Peer::listen();
    let lb = Lb::before(&[&peer], &["--affinity", "request"]);
    let mut client = http::connect(lb.front);
    let body = "Content-Length: 4\r\n\r\nbody";
    write!(
        client,
        "POST /?id=1 HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\nX: y\r\n{body}GET /?id=2 HTTP/1.1\r\n\r\n"
    )
    .unwrap();
    let mut backend = peer.accept();
    let mut received = Vec::new();
    while !received.ends_with(b"body") {
        let mut byte = [0];
        backend.read_exact(&mut byte).unwrap();
        received.push(byte[0]);
    }
    let text = String::from_utf8(received).unwrap();
    let mut lines: Vec<&str> = text.split("\r\n").collect();
    assert_eq!(lines.remove(0), "POST /?id=1 HTTP/1.1");
    lines.sort_unstable();
    assert_eq!(lines, ["", "Connection: close", "Content-Length: 4", "Host: x", "X: y", "body"], "{text}");
    backend.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
    let answer = http::read_response(&mut client).unwrap();
    assert_eq!(answer.text(), "ok");
    // The session ends after the response although nobody said Connection: close to the client.
    drop(backend);
    assert_eq!(http::read_to_end(&mut client), b"");
}
