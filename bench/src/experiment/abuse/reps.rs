//! `/rep`, asked for at a fixed rate, each time on a connection of its own, whether the last answer is there or not.
//!
//! The time is that of the whole exchange, the connect included: what a user of curl waits.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::balancer::http;

/// What came back.
#[derive(Debug, Default)]
pub(super) struct Reps {
    /// In ascending order.
    times_ms: Vec<f64>,
    pub(super) failed: u64,
}

/// Asks `wanted` times, `per_second` times a second.
pub(super) async fn ask(admin: SocketAddr, per_second: u32, wanted: u64) -> Reps {
    let mut ticks = interval(Duration::from_secs(1) / per_second);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut asked = JoinSet::new();
    for _ in 0..wanted {
        ticks.tick().await;
        asked.spawn_local(async move {
            let began = Instant::now();
            let answer = http::ask(admin, "GET", "/rep", "").await;
            answer.is_ok_and(|(status, _)| status == 200).then(|| began.elapsed().as_secs_f64() * 1000.0)
        });
    }
    let mut reps = Reps::default();
    for answer in asked.join_all().await {
        match answer {
            Some(ms) => reps.times_ms.push(ms),
            None => reps.failed += 1,
        }
    }
    reps.times_ms.sort_by(f64::total_cmp);
    reps
}

impl Reps {
    /// The slowest, in milliseconds; 0 where none was answered.
    pub(super) fn worst_ms(&self) -> f64 {
        self.at(100.0)
    }

    fn at(&self, percent: f64) -> f64 {
        let last = self.times_ms.len().saturating_sub(1);
        self.times_ms.get((last as f64 * percent / 100.0).round() as usize).copied().unwrap_or(0.0)
    }

    pub(super) fn to_json(&self) -> Value {
        json!({
            "answered": self.times_ms.len(), "failed": self.failed, "p50_ms": self.at(50.0), "p99_ms": self.at(99.0),
            "worst_ms": self.worst_ms(),
        })
    }
}

impl fmt::Display for Reps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (answered, failed) = (self.times_ms.len(), self.failed);
        let [median, p99, worst] = [50.0, 99.0, 100.0].map(|percent| self.at(percent));
        write!(f, "{answered} answered, {failed} failed, p50 {median:.2} ms, p99 {p99:.2} ms, worst {worst:.2} ms")
    }
}
