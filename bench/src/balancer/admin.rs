//! A small client of the admin API: one request a connection, JSON in and out.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, bail};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::load::response::ResponseReader;

/// `/add` answers within 8 s (SPEC 2); nothing takes longer.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);
/// 64 replicas are a few KiB; this is a bound, not a budget.
const BODY_BYTES_MAX: usize = 1024 * 1024;

/// The admin API at an address.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Admin(SocketAddr);

/// One entry of `GET /v1/backends`; what else is in it is not needed here.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Backend {
    /// Its name.
    pub(crate) name: String,
    /// Its seat's number.
    pub(crate) seat: u32,
    /// Its process, where it is a child of the balancer.
    pub(crate) pid: Option<i32>,
    /// `ready`, `starting`, …
    pub(crate) state: String,
}

impl Admin {
    /// Connects only when asked something.
    pub(crate) fn new(addr: SocketAddr) -> Self {
        Self(addr)
    }

    /// Where it listens.
    pub(crate) fn addr(&self) -> SocketAddr {
        self.0
    }

    /// The names in `/rep`.
    pub(crate) async fn replicas(&self) -> anyhow::Result<Vec<String>> {
        names(self.send("GET", "/rep", "").await?)
    }

    /// `/add` of `n` with made-up names: the names there are then.
    pub(crate) async fn add(&self, n: u32) -> anyhow::Result<Vec<String>> {
        names(self.send("POST", "/add", &json!({ "n": n }).to_string()).await?)
    }

    /// `/rm` of `n` picked at random: the names that are left.
    pub(crate) async fn remove(&self, n: u32) -> anyhow::Result<Vec<String>> {
        names(self.send("DELETE", "/rm", &json!({ "n": n }).to_string()).await?)
    }

    /// `GET /v1/backends`.
    pub(crate) async fn backends(&self) -> anyhow::Result<Vec<Backend>> {
        let (status, body) = self.send("GET", "/v1/backends", "").await?;
        if status != 200 {
            bail!("GET /v1/backends: status {status}; is this lb?");
        }
        let mut body: Value = serde_json::from_slice(&body).context("GET /v1/backends: no JSON")?;
        let list = if body.is_array() { body } else { body["backends"].take() };
        serde_json::from_value(list).context("GET /v1/backends: unknown form")
    }

    async fn send(&self, method: &str, path: &str, body: &str) -> anyhow::Result<(u16, Vec<u8>)> {
        let answer = timeout(ANSWER_WITHIN, self.exchange(method, path, body)).await;
        answer
            .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))
            .and_then(|answer| answer)
            .with_context(|| format!("{method} {path} at {}", self.0))
    }

    async fn exchange(&self, method: &str, path: &str, body: &str) -> io::Result<(u16, Vec<u8>)> {
        let mut stream = TcpStream::connect(self.0).await?;
        let (host, length) = (self.0, body.len());
        let head = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {length}");
        stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).await?;
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
}

fn names((status, body): (u16, Vec<u8>)) -> anyhow::Result<Vec<String>> {
    let body: Value = serde_json::from_slice(&body).with_context(|| format!("status {status} without JSON"))?;
    if status != 200 {
        bail!("status {status}: {}", body["message"].as_str().unwrap_or("no message"));
    }
    serde_json::from_value(body["message"]["replicas"].clone()).context("the answer lists no replicas")
}
