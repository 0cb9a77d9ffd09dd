//! What scripted clients send: requests of every shape, other protocols, PROXY headers, and what of it a backend is to get.
//!
//! A client's number stands near the begin of it, so that both ends and the judge know whose bytes they see.

use std::net::SocketAddr;

use super::kernel::FRONT;
use crate::backend::ProxyVersion;
use crate::config::{Affinity, Mode, WorkerConfig};
use crate::session::first_line::FIRST_LINE_BYTES_MAX;
use crate::session::proxy_header::{Endpoints, Header};

/// What kind of bytes a client sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speech {
    /// A complete head and what follows it.
    Http,
    /// One head without a body, which may be sent twice, and sometimes another behind it.
    Safe,
    /// Something that is not HTTP.
    Raw,
    /// A head that can't be: the front answers 400 or 431.
    BadHead,
    /// The begin of a head, and FIN.
    CutShort,
    /// No PROXY header where one must come first.
    Unannounced,
}

impl Speech {
    /// One that suits the settings.
    pub(super) fn pick(config: &WorkerConfig, calm: bool, random: &mut fastrand::Rng) -> Self {
        match random.u8(..16) {
            15 if config.accept_proxy && !calm => Self::Unannounced,
            _ if config.mode == Mode::Tcp => Self::Raw,
            0 | 1 => Self::Raw,
            2 => Self::BadHead,
            3 => Self::CutShort,
            4..10 => Self::Safe,
            _ => Self::Http,
        }
    }

    /// What client number so-and-so sends, and what a backend is to get of it.
    pub(super) fn words(self, number: usize, affinity: Affinity, random: &mut fastrand::Rng) -> (Vec<u8>, Vec<u8>) {
        match (self, affinity) {
            (Self::Http, Affinity::Connection) => {
                let sends = [head(number, "POST", "Host: a\r\n"), noise(random)].concat();
                (sends.clone(), sends)
            }
            (Self::Http, Affinity::Request) => one_request(number, random),
            (Self::Safe, affinity) => safe_request(number, affinity, random),
            (Self::Unannounced, _) => (not_announced(random), Vec::new()),
            (Self::Raw, _) => {
                let sends = [format!("\u{1}id={number:08}").into_bytes(), noise(random)].concat();
                (sends.clone(), sends)
            }
            (Self::BadHead, _) => {
                let sends = bad_head(number, random);
                // Whoever ends before there is a line, or too much of one, may have spoken another protocol.
                let line = sends.iter().position(|&byte| byte == b'\n').unwrap_or(sends.len());
                let cut = sends[..line.min(FIRST_LINE_BYTES_MAX - 1)].to_vec();
                (sends, cut)
            }
            (Self::CutShort, _) => {
                let mut sends = head(number, "GET", "");
                sends.truncate(random.usize(1..sends.len()));
                // Without a whole line it isn't known to be HTTP.
                (sends.clone(), sends)
            }
        }
    }
}

/// Bytes of a head, request line included, that every good client sends.
fn head(number: usize, method: &str, fields: &str) -> Vec<u8> {
    format!("{method} /r?id={number:08} HTTP/1.1\r\n{fields}\r\n").into_bytes()
}

/// Where in a stream its client's number is.
pub(super) fn number_in(stream: &[u8]) -> Option<usize> {
    let at = stream.windows(3).take(24).position(|three| three == b"id=")? + 3;
    std::str::from_utf8(stream.get(at..at + 8)?).ok()?.parse().ok()
}

/// Where a PROXY header says that a client comes from.
pub(super) fn address_of(number: usize) -> SocketAddr {
    let [.., middle, low] = number.to_be_bytes();
    SocketAddr::from(([172, 16, middle, low], 2_000))
}

pub(super) fn announcement(source: SocketAddr, random: &mut fastrand::Rng) -> Vec<u8> {
    let version = if random.bool() { ProxyVersion::V1 } else { ProxyVersion::V2 };
    Header::new(version, Some(&Endpoints { source, destination: FRONT })).as_bytes().to_vec()
}

/// What begins like a header at the best.
fn not_announced(random: &mut fastrand::Rng) -> Vec<u8> {
    match random.u8(..4) {
        0 => b"GET /r?id=1 HTTP/1.1\r\n\r\n".to_vec(),
        1 => b"PROXY TCP4 1.2.3.4 5.6.7.8 1 65536\r\n".to_vec(),
        2 => b"PROXY TCP4 1.2.3.4".to_vec(),
        _ => noise(random),
    }
}

/// A head without a body, and sometimes another one behind it; and the same as it is to be forwarded.
fn safe_request(number: usize, affinity: Affinity, random: &mut fastrand::Rng) -> (Vec<u8>, Vec<u8>) {
    let method = random.choice(["GET", "HEAD", "OPTIONS"]).expect("there are three");
    // Long enough for a socket to take a part of it.
    let long = format!("X: {}\r\n", "x".repeat(random.usize(1_000..12_000)));
    let fields = random.choice(["", "Host: a\r\n", "Content-Length: 0\r\n", &long]).expect("there are four");
    let surplus: &[u8] = if random.u8(..4) == 0 { b"GET /r?id=99999999 HTTP/1.1\r\n\r\n" } else { b"" };
    let sends = [&head(number, method, fields), surplus].concat();
    match affinity {
        Affinity::Connection => (sends.clone(), sends),
        Affinity::Request => (sends, head(number, method, &format!("Connection: close\r\n{fields}"))),
    }
}

pub(super) fn head_len(bytes: &[u8]) -> usize {
    bytes.windows(4).position(|four| four == b"\r\n\r\n").map_or(0, |at| at + 4)
}

/// A request with a body, and sometimes what should not follow it; and the same as it is to be forwarded.
fn one_request(number: usize, random: &mut fastrand::Rng) -> (Vec<u8>, Vec<u8>) {
    let body = noise(random);
    let kept = random.choice(["", "Connection: keep-alive\r\n", "connection: x\r\n"]).expect("there are three");
    let (length, framed) = match random.bool() {
        true => (format!("Content-Length: {}\r\n", body.len()), body),
        false => ("Transfer-Encoding: chunked\r\n".to_owned(), chunked(&body, random)),
    };
    let surplus: &[u8] = if random.u8(..4) == 0 { b"GET /r?id=99999999 HTTP/1.1\r\n\r\n" } else { b"" };
    let sends = [&head(number, "POST", &format!("{kept}{length}")), &framed[..], surplus].concat();
    let forwarded = [&head(number, "POST", &format!("Connection: close\r\n{length}")), &framed[..]].concat();
    (sends, forwarded)
}

fn chunked(body: &[u8], random: &mut fastrand::Rng) -> Vec<u8> {
    let mut framed = Vec::new();
    for chunk in body.chunks(random.usize(1..4000)) {
        framed.extend(format!("{:x};x\r\n", chunk.len()).as_bytes());
        framed.extend([chunk, b"\r\n"].concat());
    }
    framed.extend(b"0\r\n\r\n");
    framed
}

fn bad_head(number: usize, random: &mut fastrand::Rng) -> Vec<u8> {
    match random.u8(..3) {
        0 => format!("GET /r?id={number:08} HTTP/7\r\n\r\n").into_bytes(),
        1 => format!("GET /r?id={number:08}&{} HTTP/1.1\r\n\r\n", "x".repeat(9000)).into_bytes(),
        // Too long only for whoever reads the whole head; others route by its line.
        _ => format!("GET /r?x={number:08} HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(17_000)).into_bytes(),
    }
}

/// Bytes that nobody would confuse with another's.
pub(super) fn noise(random: &mut fastrand::Rng) -> Vec<u8> {
    let length = match random.u8(..16) {
        0..6 => 0,
        6..12 => random.usize(1..400),
        12..15 => random.usize(400..20_000),
        // More than a turn may move.
        _ if random.u8(..8) == 0 => random.usize(400_000..1_000_000),
        _ => random.usize(20_000..200_000),
    };
    let mut bytes = vec![0; length];
    random.fill(&mut bytes);
    bytes
}
