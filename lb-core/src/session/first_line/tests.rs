//! The scan must not depend on how the bytes were split, and the limits are exact.

use proptest::prelude::*;

use super::*;

const REQUEST: &[u8] = b"GET /request?request_id=7 HTTP/1.1\r\nHost: a\r\nX-Request-Id: 9\r\n\r\nsurplus";

fn drip(bytes: &[u8], step: usize) -> (Scan, Scan, HeadScan) {
    let mut scan = HeadScan::default();
    let mut line = Scan::More;
    let mut head = Scan::More;
    let mut end = 0;
    while end < bytes.len() {
        end = (end + step).min(bytes.len());
        if line == Scan::More {
            line = scan.find_line(&bytes[..end]);
        }
        if line == Scan::Found && head == Scan::More {
            head = scan.find_head(&bytes[..end]);
        }
    }
    (line, head, scan)
}

#[test]
fn a_head_is_found_however_it_is_split() {
    for step in 1..REQUEST.len() {
        let (line, head, scan) = drip(REQUEST, step);
        assert_eq!((line, head), (Scan::Found, Scan::Found), "step {step}");
        assert_eq!(scan.line_len(), 36);
        assert_eq!(&REQUEST[scan.head_len()..], b"surplus");
    }
}

#[test]
fn bare_line_feeds_and_leading_empty_lines_are_accepted() {
    let bytes = b"\r\n\nGET / HTTP/1.0\nA: b\n\nrest";
    let (_, head, scan) = drip(bytes, 1);
    assert_eq!(head, Scan::Found);
    assert_eq!(&bytes[scan.head_len()..], b"rest");
    assert_eq!(Line::read(&bytes[..scan.line_len()]).unwrap().target, "/");
}

#[test]
fn other_protocols_are_recognised_by_their_first_bytes() {
    for bytes in
        [&b"\x16\x03\x01\x02\x00"[..], b"*1\r\n$4\r\nPING\r\n", b"PING\r\n", b"\x00", b"(x)", b" GET / HTTP/1.1"]
    {
        assert_eq!(drip(bytes, 1).0, Scan::NotHttp, "{bytes:?}");
    }
}

#[test]
fn a_line_without_http_in_it_is_another_protocol_and_a_broken_request_is_malformed() {
    assert_eq!(Line::read(b"EHLO example.org\r\n"), Err(NotAHead::NotHttp));
    assert_eq!(Line::read(b"PRI * HTTP/2.0\r\n"), Err(NotAHead::NotHttp));
    assert_eq!(Line::read(b"GET /\r\n"), Err(NotAHead::Malformed));
    assert_eq!(Line::read(b"GET / HTTP/9.9\r\n"), Err(NotAHead::Malformed));
    assert_eq!(Line::read(b"BREW  / x HTTP/1.1\r\n"), Err(NotAHead::Malformed));
}

#[test]
fn the_limits_are_exact() {
    let line = |len: usize| [b"GET /", "a".repeat(len - 16).as_bytes(), b" HTTP/1.1\r\n"].concat();
    assert_eq!(drip(&line(FIRST_LINE_BYTES_MAX), 512).0, Scan::Found);
    assert_eq!(drip(&line(FIRST_LINE_BYTES_MAX + 1), 512).0, Scan::TooLong);
    let head = |len: usize| [b"GET / HTTP/1.1\r\nA: ", "b".repeat(len - 23).as_bytes(), b"\r\n\r\n"].concat();
    assert_eq!(head(HEAD_BYTES_MAX).len(), HEAD_BYTES_MAX);
    assert_eq!(drip(&head(HEAD_BYTES_MAX), 1024).1, Scan::Found);
    assert_eq!(drip(&head(HEAD_BYTES_MAX + 1), 1024).1, Scan::TooLong);
}

#[test]
fn a_head_with_a_broken_field_is_malformed() {
    assert_eq!(with_headers(b"GET / HTTP/1.1\r\nno colon\r\n\r\n", |_| ()), Err(NotAHead::Malformed));
    assert_eq!(with_headers(b"GET / HTTP/1.1\r\nA: b\r\n\r\n", |headers| headers.len()), Ok(1));
}

/// What a caller sees of a scan.
fn found((line, head, scan): (Scan, Scan, HeadScan)) -> (Scan, Scan, usize, usize) {
    (line, head, scan.line_len(), scan.head_len())
}

proptest! {
    #[test]
    fn any_bytes_give_the_same_outcome_however_they_are_split(
        bytes in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..200),
            "[A-Z]{1,8} /[a-z?=&%0-9]{0,40} HTTP/1[.][01]\r?\n([A-Za-z]{1,5}: [a-z]{0,9}\r?\n){0,4}\r?\n[a-z]{0,9}".prop_map(String::into_bytes),
        ],
        step in 1_usize..50,
    ) {
        prop_assert_eq!(found(drip(&bytes, step)), found(drip(&bytes, usize::MAX / 2)));
    }
}
