//! Which requests may be sent once more, to another backend, when theirs was lost before the first byte of a response.
//!
//! Only what a backend may have done without harm: all bytes sent so far must be exactly one complete head of GET, HEAD or
//! OPTIONS (RFC 9110, 9.2.1), without body or surplus. Two questions, both about bytes alone: [`is_worth_holding`] is
//! asked of every request and looks at its first bytes only; [`is_one_bodiless_head`] reads the whole, and is asked when
//! a backend has died. A head that it doesn't understand, or with more fields than the reader takes, is not replayed.
//! Not here: whether too much is being replayed ([`super::retry_budget`]), and to whom ([`super::route`]).

use super::body::{decimal, fields};
use super::first_line::{HEAD_BYTES_MAX, HeadScan, Line, Scan, with_headers};

/// The safe methods that a client may send without thinking. TRACE is safe too, but has no business behind a balancer.
const REPLAYABLE_METHODS: [&str; 3] = ["GET", "HEAD", "OPTIONS"];

/// Whether bytes that begin so, in one piece or by and by, may become a head that may be sent once more.
pub fn is_worth_holding(bytes: &[u8]) -> bool {
    // Empty lines before the first one are allowed (RFC 9112, 2.2).
    let start = bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(bytes.len());
    let line = &bytes[start..];
    let begins_with =
        |method: &str| line.strip_prefix(method.as_bytes()).is_some_and(|rest| rest.first() == Some(&b' '));
    bytes.len() <= HEAD_BYTES_MAX && REPLAYABLE_METHODS.iter().any(|method| begins_with(method))
}

/// Whether all the bytes that were read of a request are one complete head that may be sent once more.
pub fn is_one_bodiless_head(sent: &[u8]) -> bool {
    let mut scan = HeadScan::default();
    if scan.find_line(sent) != Scan::Found || scan.find_head(sent) != Scan::Found || scan.head_len() != sent.len() {
        return false;
    }
    let is_replayable =
        Line::read(&sent[..scan.line_len()]).is_ok_and(|line| REPLAYABLE_METHODS.contains(&line.method));
    is_replayable && with_headers(sent, has_no_body).unwrap_or(false)
}

/// A body that is announced has begun, as far as anybody knows: the backend may have acted on a part of it.
fn has_no_body(headers: &[httparse::Header<'_>]) -> bool {
    fields(headers, "transfer-encoding").next().is_none()
        && fields(headers, "content-length").all(|length| decimal(length) == Some(0))
}

#[cfg(test)]
mod tests;
