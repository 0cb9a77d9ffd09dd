//! The end of a request is found to the byte, however the bytes are split.

use proptest::prelude::*;

use super::super::first_line::with_headers;
use super::*;

fn end_of(head: &str) -> Result<RequestEnd, NotAHead> {
    let line_len = head.find('\n').unwrap() + 1;
    let line = Line::read(&head.as_bytes()[..line_len]).unwrap();
    with_headers(head.as_bytes(), |headers| RequestEnd::of(&line, headers)).unwrap()
}

fn admitted(mut end: RequestEnd, bytes: &[u8], step: usize) -> (usize, RequestEnd) {
    let mut taken = 0;
    for piece in bytes.chunks(step) {
        let here = end.admit(piece);
        taken += here;
        if here < piece.len() {
            break;
        }
    }
    (taken, end)
}

#[test]
fn a_head_without_body_fields_ends_the_request() {
    assert!(end_of("GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap().reached());
    assert_eq!(end_of("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n"), Ok(RequestEnd::Bytes(5)));
    assert_eq!(end_of("POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n"), Ok(RequestEnd::Bytes(5)));
}

#[test]
fn tunnels_have_no_end() {
    assert_eq!(end_of("CONNECT a:1 HTTP/1.1\r\n\r\n"), Ok(RequestEnd::Never));
    let upgrade = "GET / HTTP/1.1\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n";
    assert_eq!(end_of(upgrade), Ok(RequestEnd::Never));
    assert_eq!(end_of("GET / HTTP/1.1\r\nUpgrade: h2c\r\n\r\n"), Ok(RequestEnd::Bytes(0)));
}

#[test]
fn heads_that_two_readers_could_frame_differently_are_malformed() {
    for fields in [
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: +5",
        "Content-Length: 5, 5",
        "Content-Length: 99999999999999999999",
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: gzip",
        "Transfer-Encoding: chunked, gzip",
    ] {
        assert_eq!(end_of(&format!("POST / HTTP/1.1\r\n{fields}\r\n\r\n")), Err(NotAHead::Malformed), "{fields}");
    }
}

#[test]
fn a_chunked_body_ends_with_its_trailer() {
    let body = b"5;x=y\r\nhello\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\nGET /next";
    for step in 1..body.len() {
        let (taken, end) = admitted(RequestEnd::Chunked(Chunked::Size { size: 0, digits: 0 }), body, step);
        assert_eq!(&body[taken..], b"GET /next", "step {step}");
        assert!(end.reached());
    }
}

#[test]
fn broken_chunk_sizes_end_the_forwarding() {
    for body in [&b"xyz\r\n"[..], b"\r\n", b"ffffffffffffffffff\r\n", b"5x\r\n"] {
        let (_, end) = admitted(RequestEnd::Chunked(Chunked::Size { size: 0, digits: 0 }), body, 64);
        assert!(end.reached(), "{body:?}");
    }
}

#[test]
fn connection_fields_are_replaced_and_nothing_else() {
    let head = b"GET /a HTTP/1.1\r\nHost: b\r\nconnection: keep-alive\r\nX-Connection: c\r\nConnection : x\r\n\r\n";
    let mut out = Vec::new();
    with_connection_close(head, 17, &mut out);
    let expected = "GET /a HTTP/1.1\r\nConnection: close\r\nHost: b\r\nX-Connection: c\r\n\r\n";
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

proptest! {
    #[test]
    fn generated_chunked_bodies_are_admitted_to_the_byte(
        chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..40), 0..8),
        surplus in proptest::collection::vec(any::<u8>(), 0..20),
        step in 1_usize..50,
    ) {
        let mut body = Vec::new();
        for chunk in &chunks {
            body.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            body.extend_from_slice(chunk);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"0\r\n\r\n");
        let length = body.len();
        body.extend_from_slice(&surplus);
        let (taken, end) = admitted(RequestEnd::Chunked(Chunked::Size { size: 0, digits: 0 }), &body, step);
        prop_assert_eq!(taken, length);
        prop_assert!(end.reached());
    }
}
