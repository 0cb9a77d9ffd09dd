//! Which changes are made: drawn from a seed and from who is there, some of them impossible.

use serde_json::{Value, json};

use super::expected::Mapping;

/// More than so many members aren't added to: their processes would be what is measured.
const MEMBERS_MAX: usize = 12;

/// One request.
#[derive(Debug)]
pub(super) struct Drawn {
    pub(super) kind: &'static str,
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) body: Value,
}

/// Draws them.
#[derive(Debug)]
pub(super) struct Changes {
    random: fastrand::Rng,
    named: u32,
}

impl Changes {
    pub(super) fn new(seed: u64) -> Self {
        Self { random: fastrand::Rng::with_seed(seed), named: 0 }
    }

    /// An id to look up.
    pub(super) fn key(&mut self) -> u64 {
        self.random.u64(1..1_000_000)
    }

    /// The next for this membership.
    pub(super) fn next(&mut self, now: &Mapping) -> Drawn {
        let count = now.members.len();
        let kind = if count < 2 { 0 } else { self.random.u8(..20) };
        match kind {
            0..2 if count < MEMBERS_MAX => {
                self.named += 1;
                let names = json!({ "names": [format!("named-{}", self.named)] });
                drawn("add by name", "POST", "/v1/backends".to_owned(), names)
            }
            2 if count < MEMBERS_MAX => drawn("add", "POST", "/v1/backends".to_owned(), json!({ "n": 1 })),
            3 => drawn("remove a stranger", "DELETE", "/v1/backends/nobody".to_owned(), Value::Null),
            0..6 => drawn("remove", "DELETE", self.somebody(now), Value::Null),
            6..10 => {
                let weight = f64::from(self.random.u32(1..=40)) / 10.0;
                drawn("weight", "PATCH", self.somebody(now), json!({ "weight": weight }))
            }
            10..13 => drawn("drain", "PATCH", self.somebody(now), json!({ "drained": true })),
            13..16 => drawn("undrain", "PATCH", self.somebody(now), json!({ "drained": false })),
            16 => {
                let body = json!({ "max_connections": self.random.u32(0..100), "weight": 1.5 });
                drawn("edit", "PATCH", self.somebody(now), body)
            }
            17 => {
                let n = self.random.usize(2..=MEMBERS_MAX / 2);
                drawn("target", "PUT", "/v1/target".to_owned(), json!({ "n": n }))
            }
            _ => {
                // Now and then further back than mappings are kept.
                let back = self.random.u64(1..=now.epoch.clamp(1, 70));
                let path = format!("/v1/epochs/{}/rollback", now.epoch.saturating_sub(back));
                drawn("rollback", "POST", path, Value::Null)
            }
        }
    }

    fn somebody(&mut self, now: &Mapping) -> String {
        let member = self.random.choice(&now.members).expect("there are two at least");
        format!("/v1/backends/{}", member.name)
    }
}

fn drawn(kind: &'static str, method: &'static str, path: String, body: Value) -> Drawn {
    Drawn { kind, method, path, body }
}
