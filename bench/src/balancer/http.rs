//! One HTTP request on a connection of its own, for what is asked once: the admin API, and single looks at the front.
//!
//! Load goes through [`crate::load`] instead. Bodies are sent as JSON, which other implementations of the assignment
//! insist on. Nothing is retried.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::load::response::ResponseReader;

/// `/add` answers within 8 s (SPEC 2); nothing takes longer.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);
/// 1,000 events are some 150 KiB; this is a bound, not a budget.
const BODY_BYTES_MAX: usize = 1024 * 1024;

/// Status and body of the answer to `method path` with `body`.
pub(crate) async fn ask(addr: SocketAddr, method: &str, path: &str, body: &str) -> anyhow::Result<(u16, Vec<u8>)> {
    ask_within(ANSWER_WITHIN, addr, method, path, body).await
}

/// The same under a condition, a header line such as `If-Match: "7"`.
pub(crate) async fn ask_if(
    condition: &str,
    addr: SocketAddr,
    method: &str,
    path: &str,
    body: &str,
) -> anyhow::Result<(u16, Vec<u8>)> {
    within(ANSWER_WITHIN, exchange(addr, method, path, &format!("\r\n{condition}"), body))
        .await
        .with_context(|| format!("{method} {path} at {addr}"))
}

/// The same, where so many ask at once that they have to wait for each other.
pub(crate) async fn ask_within(
    patience: Duration,
    addr: SocketAddr,
    method: &str,
    path: &str,
    body: &str,
) -> anyhow::Result<(u16, Vec<u8>)> {
    within(patience, exchange(addr, method, path, "", body)).await.with_context(|| format!("{method} {path} at {addr}"))
}

async fn within<T>(patience: Duration, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(patience, work).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// `fields`: header lines, each with its line break before it.
async fn exchange(addr: SocketAddr, method: &str, path: &str, fields: &str, body: &str) -> io::Result<(u16, Vec<u8>)> {
    let mut stream = TcpStream::connect(addr).await?;
    let head = format!("{method} {path} HTTP/1.1\r\nHost: {addr}\r\nConnection: close{fields}");
    let content = match body.len() {
        0 if method == "GET" => String::new(),
        length => format!("\r\nContent-Type: application/json\r\nContent-Length: {length}"),
    };
    stream.write_all(format!("{head}{content}\r\n\r\n{body}").as_bytes()).await?;
    let mut response = ResponseReader::new(BODY_BYTES_MAX);
    let mut bytes = vec![0; 16 * 1024];
    while !response.is_complete() {
        let read = stream.read(&mut bytes).await?;
        if read == 0 && !response.end() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        response.feed(&bytes[..read]).map_err(|error| io::Error::other(error.to_string()))?;
    }
    Ok((response.status(), response.body().to_vec()))
}
