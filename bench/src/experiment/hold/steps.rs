//! What an operator does, in turn: every kind of change, each undone later, and reloads in between.

use std::net::SocketAddr;

use anyhow::Context;
use serde_json::{Value, json};

use super::Settings;
use crate::balancer::http;

/// What was done, and what came of it.
pub(super) struct Step {
    pub(super) kind: &'static str,
    pub(super) outcome: Result<Value, String>,
}

/// The kinds, in their order.
const KINDS: [&str; 10] =
    ["add", "weight", "drain", "reload", "undrain", "remove", "target+2", "target", "rollback", "reload"];

/// Goes round.
#[derive(Debug)]
pub(super) struct Steps<'a> {
    admin: SocketAddr,
    settings: &'a Settings,
    replicas: u32,
    number: usize,
    /// The name that was added last.
    added: String,
    /// Who was drained.
    drained: String,
    /// The epoch when the round began.
    epoch: u64,
}

impl<'a> Steps<'a> {
    pub(super) fn new(admin: SocketAddr, settings: &'a Settings, replicas: u32) -> Self {
        Self { admin, settings, replicas, number: 0, added: String::new(), drained: String::new(), epoch: 0 }
    }

    /// Does the next.
    pub(super) async fn next(&mut self) -> anyhow::Result<Step> {
        let (round, kind) = (self.number / KINDS.len(), KINDS[self.number % KINDS.len()]);
        self.number += 1;
        let outcome = match kind {
            "add" => {
                let before = self.change("GET", "/v1/target", Value::Null).await?;
                self.epoch =
                    before.ok().and_then(|target| target["epoch"].as_u64()).context("no epoch in /v1/target")?;
                self.added = format!("added-{round}");
                self.change("POST", "/v1/backends", json!({ "names": [self.added] })).await?
            }
            "weight" => {
                let name = self.somebody().await?;
                let weight = f64::from(fastrand::u32(2..=8)) / 4.0;
                self.change("PATCH", &format!("/v1/backends/{name}"), json!({ "weight": weight })).await?
            }
            "drain" => {
                self.drained = self.somebody().await?;
                self.change("PATCH", &format!("/v1/backends/{}", self.drained), json!({ "drained": true })).await?
            }
            "undrain" => {
                self.change("PATCH", &format!("/v1/backends/{}", self.drained), json!({ "drained": false })).await?
            }
            "remove" => self.change("DELETE", &format!("/v1/backends/{}", self.added), Value::Null).await?,
            "target+2" => self.change("PUT", "/v1/target", json!({ "n": self.replicas + 2 })).await?,
            "target" => self.change("PUT", "/v1/target", json!({ "n": self.replicas })).await?,
            "rollback" => self.change("POST", &format!("/v1/epochs/{}/rollback", self.epoch), Value::Null).await?,
            _ => {
                self.settings.write(2 + (self.number % 3) as u32)?;
                self.change("POST", "/v1/reload", Value::Null).await?
            }
        };
        Ok(Step { kind, outcome })
    }

    /// A replica that gets sessions.
    async fn somebody(&self) -> anyhow::Result<String> {
        let (_, body) = http::ask(self.admin, "GET", "/rep", "").await?;
        let answer: Value = serde_json::from_slice(&body).context("/rep is no JSON")?;
        let names = answer["message"]["replicas"].as_array().cloned().unwrap_or_default();
        let name = fastrand::choice(&names).and_then(Value::as_str).context("/rep lists nobody")?;
        Ok(name.to_owned())
    }

    async fn change(&self, method: &str, path: &str, body: Value) -> anyhow::Result<Result<Value, String>> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let (status, answer) = http::ask(self.admin, method, path, &body).await?;
        let text = String::from_utf8_lossy(&answer).trim().to_owned();
        Ok(match status {
            200 | 201 => serde_json::from_slice(&answer).map_err(|error| format!("{error}: {text}")),
            _ => Err(format!("status {status}: {text}")),
        })
    }
}
