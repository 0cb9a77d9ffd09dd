//! One probe of one backend: a TCP connect, or an HTTP `GET` of which only the status is judged.
//!
//! A client of its own, forty lines of it: what is asked for is a status line in time, and a backend that sends
//! anything else, or too much, must cost nothing.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use lb_core::backend::ProxyVersion;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::rise_fall::Outcome;
use crate::config::{Check, CheckKind, StatusSet};

/// A timeout noticed so much too late was our own: this thread hadn't run, and nothing is known of the backend.
const CHECKER_LATE: Duration = Duration::from_millis(500);
/// No status line is longer.
const STATUS_LINE_BYTES_MAX: usize = 512;
/// Of an answer's rest, so much is read, so that its sender isn't reset while it writes.
const REST_BYTES_MAX: u64 = 64 * 1024;

/// Whom a check asks, and in which words.
#[derive(Clone, Debug)]
pub(super) struct Probe {
    /// Where it serves; the check may have a port of its own.
    pub(super) addr: SocketAddr,
    pub(super) check: Check,
    /// The backend wants a PROXY header first; a check's says that nobody is behind it.
    pub(super) send_proxy: Option<ProxyVersion>,
}

/// Probes once.
pub(super) async fn probe(probe: &Probe) -> Outcome {
    let start = Instant::now();
    let patience = probe.check.timeout;
    match timeout(patience, ask(probe)).await {
        Ok(Ok(outcome)) => outcome,
        // Our own ports towards it are used up (FAULTS O8): nothing is known of the backend.
        Ok(Err(error)) if error.kind() == io::ErrorKind::AddrNotAvailable => Outcome::Unknown,
        Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => Outcome::Refused,
        Ok(Err(error)) => Outcome::Bad(error.to_string()),
        Err(_) if start.elapsed() > patience + CHECKER_LATE => Outcome::Unknown,
        Err(_) => Outcome::Bad(format!("no answer in {patience:?}")),
    }
}

async fn ask(Probe { addr, check, send_proxy }: &Probe) -> io::Result<Outcome> {
    let addr = SocketAddr::new(addr.ip(), check.port.unwrap_or(addr.port()));
    let mut stream = TcpStream::connect(addr).await?;
    // A dead loopback port in the ephemeral range can be connected to itself.
    if stream.local_addr()? == addr {
        return Err(io::ErrorKind::ConnectionRefused.into());
    }
    // Who serves there wants the header; who only answers checks, on a port of their own, needn't know of it.
    let send_proxy = send_proxy.filter(|_| check.port.is_none());
    let mut words = send_proxy.map_or(&b""[..], ProxyVersion::unknown_header).to_vec();
    let CheckKind::Http(path) = &check.asks else {
        // One who waits for its header and gets none would log a client that broke off.
        stream.write_all(&words).await?;
        return Ok(Outcome::Good);
    };
    let request = format!("GET {path} HTTP/1.1\r\nHost: {addr}\r\nUser-Agent: lb-health\r\nConnection: close\r\n\r\n");
    words.extend_from_slice(request.as_bytes());
    stream.write_all(&words).await?;
    let line = read_line(&mut stream).await?;
    // The verdict doesn't wait for the rest.
    tokio::spawn(timeout(check.timeout, async move {
        tokio::io::copy(&mut stream.take(REST_BYTES_MAX), &mut tokio::io::sink()).await
    }));
    Ok(judge(&line, &check.status))
}

/// The first line without its end, or what came before the end of the stream or the limit.
async fn read_line(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    let mut limited = stream.take(STATUS_LINE_BYTES_MAX as u64);
    while !line.contains(&b'\n') {
        if limited.read_buf(&mut line).await? == 0 {
            break;
        }
    }
    let end = line.iter().position(|byte| *byte == b'\n').unwrap_or(line.len());
    line.truncate(end);
    Ok(line)
}

fn judge(line: &[u8], good: &StatusSet) -> Outcome {
    match status(line) {
        Some(status) if good.contains(status) => Outcome::Good,
        Some(status) => Outcome::Bad(format!("status {status}")),
        None if line.is_empty() => Outcome::Bad("closed without an answer".to_owned()),
        None => Outcome::Bad("the answer is not HTTP".to_owned()),
    }
}

/// The status code of `HTTP/1.1 200 OK`.
fn status(line: &[u8]) -> Option<u16> {
    let mut words = line.strip_prefix(b"HTTP/")?.split(|byte| byte.is_ascii_whitespace());
    let code = words.nth(1).filter(|code| code.len() == 3)?;
    std::str::from_utf8(code).ok()?.parse().ok()
}
