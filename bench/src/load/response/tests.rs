//! Where a response ends: by length, by chunks, by the connection.

use super::{Malformed, ResponseReader};

/// Feeds `bytes` in pieces of every size; the result must not depend on it.
fn read(bytes: &[u8], then_end: bool) -> Result<(bool, u16, bool, Vec<u8>), Malformed> {
    let mut results = (1..=bytes.len()).map(|piece| {
        let mut reader = ResponseReader::new(1024);
        for part in bytes.chunks(piece) {
            reader.feed(part)?;
        }
        let complete = if then_end { reader.end() } else { reader.is_complete() };
        Ok((complete, reader.status(), reader.keep_alive(), reader.body().to_vec()))
    });
    let first = results.next().expect("bytes are not empty");
    assert!(results.all(|result| result == first), "the result depends on how the bytes were cut");
    first
}

#[test]
fn a_body_with_a_length_ends_there_and_the_connection_may_be_kept() {
    let result = read(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", false);
    assert_eq!(result, Ok((true, 200, true, b"hello".to_vec())));
}

#[test]
fn a_body_cut_short_is_not_complete() {
    let result = read(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello", true);
    assert_eq!(result, Ok((false, 200, true, b"hello".to_vec())));
}

#[test]
fn a_body_without_a_length_ends_with_the_connection() {
    let result = read(b"HTTP/1.0 200 OK\r\n\r\nhello", true);
    assert_eq!(result, Ok((true, 200, false, b"hello".to_vec())));
    assert!(!read(b"HTTP/1.0 200 OK\r\n\r\nhello", false).expect("well-formed").0);
}

#[test]
fn chunks_are_joined_and_trailers_skipped() {
    let bytes = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nhel\r\n2\r\nlo\r\n0\r\nX: y\r\n\r\n";
    assert_eq!(read(bytes, false), Ok((true, 200, true, b"hello".to_vec())));
}

#[test]
fn connection_close_is_seen_in_any_case() {
    let result = read(b"HTTP/1.1 503 Service Unavailable\r\ncOnnection: Close\r\ncontent-length: 0\r\n\r\n", false);
    assert_eq!(result, Ok((true, 503, false, Vec::new())));
}

#[test]
fn an_interim_response_is_not_the_answer() {
    let result = read(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false);
    assert_eq!(result, Ok((true, 200, true, Vec::new())));
}

#[test]
fn garbage_is_named() {
    assert_eq!(read(b"SSH-2.0-x\r\n\r\n", false), Err(Malformed("no status line")));
    assert_eq!(read(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab", false), Err(Malformed("bytes after its end")));
    let chunk = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n";
    assert_eq!(read(chunk, false), Err(Malformed("a chunk's size is no number")));
}

#[test]
fn a_long_body_is_counted_but_not_kept() {
    let mut reader = ResponseReader::new(8);
    reader.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n").expect("well-formed");
    assert!(reader.feed(&[b'x'; 100_000]).expect("well-formed"));
    assert_eq!(reader.body(), b"xxxxxxxx");
}
