//! What is asked of `/v1`: a change or its plan on an epoch, the membership, and where an id goes.

use std::fmt;
use std::net::SocketAddr;

use anyhow::Context;
use serde_json::Value;

use super::expected::Mapping;
use super::number;
use crate::balancer::http;

/// An answer, whatever its status.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
}

impl Answer {
    pub(super) fn is_success(&self) -> bool {
        matches!(self.status, 200 | 201)
    }

    /// That the change leads to.
    pub(super) fn epoch(&self) -> Option<u64> {
        self.body["epoch"].as_u64()
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.body["detail"].as_str().unwrap_or("accepted"))
    }
}

/// The admin API of a balancer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Api(SocketAddr);

impl Api {
    pub(super) fn new(addr: SocketAddr) -> Self {
        Self(addr)
    }

    /// A change on `epoch`, or its plan.
    pub(super) async fn ask(
        self,
        method: &str,
        path: &str,
        is_plan: bool,
        epoch: u64,
        body: &Value,
    ) -> anyhow::Result<Answer> {
        let path = if is_plan { format!("{path}?dry_run=true") } else { path.to_owned() };
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let condition = format!("If-Match: \"{epoch}\"");
        let (status, answer) = http::ask_if(&condition, self.0, method, &path, &body).await?;
        let body =
            serde_json::from_slice(&answer).with_context(|| format!("{method} {path}: {status} without JSON"))?;
        Ok(Answer { status, body })
    }

    /// The membership as the newest epoch has it.
    pub(super) async fn mapping(self) -> anyhow::Result<Mapping> {
        let epochs = self.read("/v1/epochs").await?;
        let newest = epochs["epochs"].get(0).context("/v1/epochs lists none")?;
        Mapping::of(newest)
    }

    /// What is wrong about where an id goes, if something is.
    pub(super) async fn explained(self, key: u64, mapping: &Mapping) -> anyhow::Result<Option<String>> {
        let explained = self.read(&format!("/v1/explain?key={key}")).await?;
        let slot = u32::try_from(number(&explained["slot"])).context("no slot")?;
        let expected = mapping.owner(slot);
        let owner = explained["owner"].as_str();
        Ok((owner != expected)
            .then(|| format!("id {key} in slot {slot} is {owner:?}'s, computed it is {expected:?}'s")))
    }

    async fn read(self, path: &str) -> anyhow::Result<Value> {
        let (status, body) = http::ask(self.0, "GET", path, "").await?;
        serde_json::from_slice(&body).with_context(|| format!("GET {path}: {status} without JSON"))
    }
}
