//! Connections that stay open, and what becomes of them. None is ever opened twice: one that fails is gone.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::load::response::ResponseReader;

/// Asked at the same time.
const AT_ONCE: usize = 64;
/// An answer comes by then, on a machine that is busy with thousands of them.
const ANSWERED_WITHIN: Duration = Duration::from_secs(30);
const BODY_KEPT_BYTES: usize = 512;

/// All that are held.
#[derive(Debug)]
pub(super) struct Connections {
    held: Vec<Held>,
    asked: u64,
    failures: BTreeMap<String, u64>,
}

/// One of them.
#[derive(Debug)]
struct Held {
    stream: TcpStream,
    id: u64,
    /// What it was answered first; it names the replica.
    body: Vec<u8>,
}

impl Connections {
    /// Opens so many, each with an id of its own, and asks each once.
    pub(super) async fn open(front: SocketAddr, count: u32) -> Self {
        let mut all = Self { held: Vec::new(), asked: 0, failures: BTreeMap::new() };
        let ids: Vec<u64> = (1..=u64::from(count)).collect();
        let mut tasks = JoinSet::new();
        for ids in ids.chunks(ids.len().div_ceil(AT_ONCE)).map(<[u64]>::to_vec) {
            tasks.spawn_local(async move {
                let mut outcomes = Vec::with_capacity(ids.len());
                for id in ids {
                    outcomes.push(Held::open(front, id).await);
                }
                outcomes
            });
        }
        all.take_back(tasks).await;
        all
    }

    /// Asks one in `n`, others each time.
    pub(super) async fn ask_one_in(&mut self, n: usize) {
        let count = self.held.len().div_ceil(n);
        let asked: Vec<Held> = self.held.drain(..count).collect();
        let mut tasks = JoinSet::new();
        let mut asked = asked.into_iter();
        loop {
            let some: Vec<Held> = asked.by_ref().take(count.div_ceil(AT_ONCE)).collect();
            if some.is_empty() {
                break;
            }
            tasks.spawn_local(async move {
                let mut outcomes = Vec::with_capacity(some.len());
                for held in some {
                    outcomes.push(held.ask().await);
                }
                outcomes
            });
        }
        // Behind those that wait: the others come first next time.
        self.take_back(tasks).await;
    }

    async fn take_back(&mut self, mut tasks: JoinSet<Vec<Result<Held, String>>>) {
        while let Some(outcomes) = tasks.join_next().await {
            for outcome in outcomes.expect("a client neither panics nor is cancelled") {
                self.asked += 1;
                match outcome {
                    Ok(held) => self.held.push(held),
                    Err(failure) => *self.failures.entry(failure).or_default() += 1,
                }
            }
        }
    }

    /// How many are open.
    pub(super) fn len(&self) -> usize {
        self.held.len()
    }

    /// Requests, those that failed too.
    pub(super) fn asked(&self) -> u64 {
        self.asked
    }

    /// What became of those that are gone, and of how many.
    pub(super) fn failures(&self) -> &BTreeMap<String, u64> {
        &self.failures
    }
}

impl Held {
    async fn open(front: SocketAddr, id: u64) -> Result<Self, String> {
        let stream = TcpStream::connect(front).await.map_err(|error| format!("connect: {error}"))?;
        stream.set_nodelay(true).map_err(|error| format!("connect: {error}"))?;
        Self { stream, id, body: Vec::new() }.ask().await
    }

    /// Asks once more; the same replica answers.
    async fn ask(mut self) -> Result<Self, String> {
        let answered = timeout(ANSWERED_WITHIN, self.exchange()).await;
        let body = answered.unwrap_or_else(|_| Err("no answer in time".to_owned()));
        let body = body.map_err(|why| match self.body.is_empty() {
            true => format!("{why}, the first time"),
            false => format!("{why}, after {}", String::from_utf8_lossy(&self.body).trim_end()),
        })?;
        if !self.body.is_empty() && self.body != body {
            let texts = [&self.body, &body].map(|body| String::from_utf8_lossy(body).into_owned());
            return Err(format!("another replica answers: {} after {}", texts[1], texts[0]));
        }
        self.body = body;
        Ok(self)
    }

    async fn exchange(&mut self) -> Result<Vec<u8>, String> {
        let request = format!("GET /request?request_id={} HTTP/1.1\r\nHost: lb\r\n\r\n", self.id);
        self.stream.write_all(request.as_bytes()).await.map_err(|error| format!("send: {error}"))?;
        let mut response = ResponseReader::new(BODY_KEPT_BYTES);
        let mut bytes = [0; 1024];
        while !response.is_complete() {
            match self.stream.read(&mut bytes).await {
                Ok(0) => return Err("closed".to_owned()),
                Ok(read) => response.feed(&bytes[..read]).map(drop).map_err(|error| error.to_string())?,
                Err(error) => return Err(format!("receive: {error}")),
            }
        }
        match response.status() {
            200 if response.keep_alive() => Ok(response.body().to_vec()),
            200 => Err("the replica doesn't keep the connection".to_owned()),
            status => Err(format!("status {status}")),
        }
    }
}
