//! The PROXY protocol, versions 1 and 2: who the client of a connection is, said by the proxy before us in the first bytes
//! of the connection, and by us to a backend that wants to know.
//!
//! [`read`] is asked again with everything received so far and never changes its mind: how the bytes were split makes no
//! difference. It is strict: one way to write a version 1 line, no unknown family, and a bound on both lengths. Crates that
//! do this were looked at; they take `PROXY UNKNOWNxyz` or a port of `+80`, wait for more where refusal is certain, or
//! have no bound but the 64 KiB of the format, and a front that trusts its first bytes can't have that.
//! Not here: whether a header is required, and what becomes of a client without one ([`super::Session`], `worker/proxied`).

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::backend::ProxyVersion;

/// Longest version 1 line with its line end: the format's own bound.
pub const V1_BYTES_MAX: usize = 107;
/// Most bytes that a version 2 header may announce behind its fixed part. Addresses take 36; what senders add (names of
/// certificates, ids of private links) is some hundred. The format would allow 64 KiB for every client to send at leisure.
pub const V2_REST_BYTES_MAX: usize = 4096;

const V1_BEGIN: &[u8] = b"PROXY ";
const V2_SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// Signature, version and command, family, length.
const V2_FIXED_BYTES: usize = 16;
const V2_LOCAL: u8 = 0x20;
const V2_PROXY: u8 = 0x21;
const TCP4: u8 = 0x11;
const TCP6: u8 = 0x21;
const V4_BYTES: usize = 12;
const V6_BYTES: usize = 36;

/// The two ends of a client's connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// The client.
    pub source: SocketAddr,
    /// Whom it connected to.
    pub destination: SocketAddr,
}

/// What the bytes so far are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// The beginning of a header.
    More,
    /// A header of `len` bytes; what follows is the client's. `None`: the addresses are those of the socket (LOCAL,
    /// UNKNOWN, a Unix socket, a datagram).
    Complete {
        /// Bytes of the header.
        len: usize,
        /// What it says.
        endpoints: Option<Endpoints>,
    },
    /// No header, and no continuation makes it one.
    Refused,
}

/// Reads the header at the begin of `bytes`, which is everything received so far.
pub fn read(bytes: &[u8]) -> Read {
    if begins_like(bytes, V1_BEGIN) {
        return if bytes.len() < V1_BEGIN.len() { Read::More } else { read_v1(bytes) };
    }
    if begins_like(bytes, V2_SIGNATURE) { read_v2(bytes).unwrap_or(Read::Refused) } else { Read::Refused }
}

/// Whether `bytes` begin with `expected`, as far as they go.
fn begins_like(bytes: &[u8], expected: &[u8]) -> bool {
    let known = bytes.len().min(expected.len());
    bytes[..known] == expected[..known]
}

fn read_v1(bytes: &[u8]) -> Read {
    let window = &bytes[..bytes.len().min(V1_BYTES_MAX)];
    let Some(end) = window.iter().position(|&byte| byte == b'\r') else {
        return if bytes.len() < V1_BYTES_MAX { Read::More } else { Read::Refused };
    };
    match window.get(end + 1) {
        Some(b'\n') => {}
        None if bytes.len() < V1_BYTES_MAX => return Read::More,
        _ => return Read::Refused,
    }
    let len = end + 2;
    let Ok(line) = std::str::from_utf8(&bytes[V1_BEGIN.len()..end]) else { return Read::Refused };
    // Whatever follows UNKNOWN is to be ignored; that it is the word itself is not.
    if line == "UNKNOWN" || line.starts_with("UNKNOWN ") {
        return Read::Complete { len, endpoints: None };
    }
    match v1_endpoints(line) {
        Some(endpoints) => Read::Complete { len, endpoints: Some(endpoints) },
        None => Read::Refused,
    }
}

/// `TCP4 SOURCE DESTINATION SOURCE-PORT DESTINATION-PORT`, one space between.
fn v1_endpoints(line: &str) -> Option<Endpoints> {
    let mut words = line.split(' ');
    let ip: fn(&str) -> Option<IpAddr> = match words.next()? {
        "TCP4" => |word| word.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
        "TCP6" => |word| word.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        _ => return None,
    };
    let (source, destination) = (ip(words.next()?)?, ip(words.next()?)?);
    let (source_port, destination_port) = (v1_port(words.next()?)?, v1_port(words.next()?)?);
    words.next().is_none().then_some(Endpoints {
        source: SocketAddr::new(source, source_port),
        destination: SocketAddr::new(destination, destination_port),
    })
}

/// 0 to 65535 in digits, no sign and no leading zero.
fn v1_port(word: &str) -> Option<u16> {
    let plain = word.bytes().all(|byte| byte.is_ascii_digit()) && (word == "0" || !word.starts_with('0'));
    plain.then(|| word.parse().ok()).flatten()
}

/// `None`: refused, told as soon as the byte that says so is there.
fn read_v2(bytes: &[u8]) -> Option<Read> {
    let Some(&command) = bytes.get(12) else { return Some(Read::More) };
    if !matches!(command, V2_LOCAL | V2_PROXY) {
        return None;
    }
    let Some(&family) = bytes.get(13) else { return Some(Read::More) };
    // A LOCAL header's family means nothing; it is held to the known ones all the same.
    let least = match family {
        _ if command == V2_LOCAL => 0,
        TCP4 => V4_BYTES,
        TCP6 => V6_BYTES,
        // Unspecified, UDP and Unix sockets: nothing that a front for TCP could say of its client.
        0x00 | 0x12 | 0x22 | 0x31 | 0x32 => 0,
        _ => return None,
    };
    let Some(length) = bytes.get(14..V2_FIXED_BYTES) else { return Some(Read::More) };
    let rest = usize::from(u16::from_be_bytes([length[0], length[1]]));
    if !(least..=V2_REST_BYTES_MAX).contains(&rest) {
        return None;
    }
    let len = V2_FIXED_BYTES + rest;
    let Some(header) = bytes.get(V2_FIXED_BYTES..len) else { return Some(Read::More) };
    let endpoints = match family {
        TCP4 if command == V2_PROXY => Some(v2_endpoints::<4>(header)),
        TCP6 if command == V2_PROXY => Some(v2_endpoints::<16>(header)),
        _ => None,
    };
    Some(Read::Complete { len, endpoints })
}

/// Source, destination, their ports; what follows (TLVs) is skipped.
fn v2_endpoints<const IP: usize>(header: &[u8]) -> Endpoints
where
    IpAddr: From<[u8; IP]>,
{
    let ip = |at: usize| {
        let mut octets = [0; IP];
        octets.copy_from_slice(&header[at..at + IP]);
        IpAddr::from(octets)
    };
    let port = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
    Endpoints { source: SocketAddr::new(ip(0), port(2 * IP)), destination: SocketAddr::new(ip(IP), port(2 * IP + 2)) }
}

/// A header to be sent.
#[derive(Clone, Copy, Debug)]
pub struct Header {
    bytes: [u8; V1_BYTES_MAX],
    len: u8,
}

impl Header {
    /// Says who the client is; `None`: that it is unknown.
    pub fn new(version: ProxyVersion, endpoints: Option<&Endpoints>) -> Self {
        let mut header = Self { bytes: [0; V1_BYTES_MAX], len: 0 };
        match (version, endpoints.copied().map(of_one_family)) {
            (_, None) => header.put(version.unknown_header()),
            (ProxyVersion::V1, Some(ends)) => header.put_v1(&ends),
            (ProxyVersion::V2, Some(ends)) => header.put_v2(&ends),
        }
        header
    }

    /// As sent.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    fn put_v1(&mut self, ends: &Endpoints) {
        let family = if ends.source.is_ipv4() { "TCP4" } else { "TCP6" };
        let (from, to) = (ends.source, ends.destination);
        let mut room = &mut self.bytes[..];
        write!(room, "PROXY {family} {} {} {} {}\r\n", from.ip(), to.ip(), from.port(), to.port())
            .expect("two addresses of one family and two ports fit the format's bound");
        self.len = (V1_BYTES_MAX - room.len()) as u8;
    }

    fn put_v2(&mut self, ends: &Endpoints) {
        let (family, rest) = if ends.source.is_ipv4() { (TCP4, V4_BYTES) } else { (TCP6, V6_BYTES) };
        self.put(V2_SIGNATURE);
        self.put(&[V2_PROXY, family, 0, rest as u8]);
        for ip in [ends.source.ip(), ends.destination.ip()] {
            match ip {
                IpAddr::V4(v4) => self.put(&v4.octets()),
                IpAddr::V6(v6) => self.put(&v6.octets()),
            }
        }
        self.put(&ends.source.port().to_be_bytes());
        self.put(&ends.destination.port().to_be_bytes());
    }

    fn put(&mut self, bytes: &[u8]) {
        let at = usize::from(self.len);
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len() as u8;
    }
}

/// A header has room for one family: where the two differ, the IPv4 one is written as IPv6.
fn of_one_family(ends: Endpoints) -> Endpoints {
    if ends.source.is_ipv4() == ends.destination.is_ipv4() {
        return ends;
    }
    let as_v6 = |addr: SocketAddr| match addr.ip() {
        IpAddr::V4(v4) => SocketAddr::new(IpAddr::V6(v4.to_ipv6_mapped()), addr.port()),
        IpAddr::V6(_) => addr,
    };
    Endpoints { source: as_v6(ends.source), destination: as_v6(ends.destination) }
}

#[cfg(test)]
mod tests;
