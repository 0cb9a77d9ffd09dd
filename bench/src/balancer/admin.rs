//! A small client of the admin API. `/rep`, `/add` and `/rm` are the assignment's and answered by any implementation;
//! what is under `/v1` is only there where it is lb's own, and may be missing.

use std::net::SocketAddr;

use anyhow::{Context, bail};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Metrics, http};

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
    /// Sessions that are open now.
    pub(crate) sessions: u64,
    /// Whether the balancer started it; otherwise its seat is its name's.
    pub(crate) supervised: bool,
    /// Its share relative to the others.
    pub(crate) weight: f64,
}

impl Backend {
    /// Whether it gets sessions.
    pub(crate) fn is_ready(&self) -> bool {
        self.state == "ready"
    }

    /// Whether it has slots; one that still drains is listed, but is no member any more.
    pub(crate) fn is_member(&self) -> bool {
        self.state != "draining"
    }
}

/// `GET /v1/events`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Events {
    /// Oldest first.
    pub(crate) events: Vec<Event>,
    /// The balancer's monotonic clock when it answered.
    pub(crate) now_ms: f64,
}

/// Something that happened to a backend.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Event {
    /// Counts up.
    pub(crate) id: u64,
    /// By the balancer's monotonic clock.
    pub(crate) at_ms: f64,
    /// `started`, `ready`, `died`, …
    pub(crate) kind: String,
    /// To whom.
    pub(crate) name: String,
    /// Its seat's number.
    pub(crate) seat: u32,
    /// In words; may be empty.
    #[serde(default)]
    pub(crate) detail: String,
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
        names(http::ask(self.0, "GET", "/rep", "").await?).context("GET /rep")
    }

    /// `/add` of `n` with made-up names: the names there are then.
    pub(crate) async fn add(&self, n: u32) -> anyhow::Result<Vec<String>> {
        self.change("POST", "/add", n).await
    }

    /// `/rm` of `n` picked at random: the names that are left.
    pub(crate) async fn remove(&self, n: u32) -> anyhow::Result<Vec<String>> {
        self.change("DELETE", "/rm", n).await
    }

    async fn change(&self, method: &str, path: &str, n: u32) -> anyhow::Result<Vec<String>> {
        // Other implementations insist on the list, even where it is empty.
        let body = json!({ "n": n, "hostnames": [] }).to_string();
        names(http::ask(self.0, method, path, &body).await?).with_context(|| format!("{method} {path} {body}"))
    }

    /// `GET /v1/backends`; `None` where there is no such thing.
    pub(crate) async fn backends(&self) -> anyhow::Result<Option<Vec<Backend>>> {
        #[derive(Deserialize)]
        struct Answer {
            backends: Vec<Backend>,
        }
        Ok(self.v1::<Answer>("/v1/backends").await?.map(|answer| answer.backends))
    }

    /// `GET /v1/events`; `None` where there is no such thing.
    pub(crate) async fn events(&self) -> anyhow::Result<Option<Events>> {
        self.v1("/v1/events").await
    }

    /// `GET /metrics`; `None` where there is no such thing.
    pub(crate) async fn metrics(&self) -> anyhow::Result<Option<Metrics>> {
        let (status, body) = http::ask(self.0, "GET", "/metrics", "").await?;
        Ok((status == 200).then(|| Metrics::parse(&String::from_utf8_lossy(&body))))
    }

    async fn v1<A: DeserializeOwned>(&self, path: &str) -> anyhow::Result<Option<A>> {
        match http::ask(self.0, "GET", path, "").await? {
            (200, body) => Ok(serde_json::from_slice(&body).ok()),
            _ => Ok(None),
        }
    }
}

fn names((status, body): (u16, Vec<u8>)) -> anyhow::Result<Vec<String>> {
    let body: Value = serde_json::from_slice(&body).with_context(|| format!("status {status} without JSON"))?;
    if status != 200 {
        bail!("status {status}: {}", body["message"].as_str().unwrap_or("no message"));
    }
    serde_json::from_value(body["message"]["replicas"].clone()).context("the answer lists no replicas")
}
