//! Good requests at a fixed rate, first alone and then beside the loris, and lb's memory before, during and after.
//!
//! The loris run on a thread of their own, and come from many addresses: a limit for each source address may refuse some
//! of them, and must not be what protects the good ones.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::Options;
use super::loris::{Caught, Pack};
use crate::balancer::Turns;
use crate::experiment::front::Front;
use crate::load::{Arrivals, Gauge, Plan, Tally, run as run_load};
use crate::peer::accounting::resident_bytes;
use crate::peer::{BACKENDS, Servers, files};
use crate::report::progress::Progress;

/// Of a complete head, for lb.
pub(super) const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// Descriptors beside two for a loris: the good ones, and what lb keeps in reserve.
const DESCRIPTORS_RESERVED: u64 = 2_000;
/// The loris are there by then.
const GATHERED_WITHIN: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// After the last loris: sessions are closed, memory is given back.
const SETTLE: Duration = Duration::from_millis(500);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(2);
/// Good requests that may wait at the same time.
const IN_FLIGHT_MAX: usize = 500;

/// Resident bytes of the balancer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Memory {
    pub(super) before: u64,
    during: u64,
    pub(super) after: u64,
}

/// What came of (b).
#[derive(Debug)]
pub(super) struct Beside {
    pub(super) without: Tally,
    pub(super) with: Tally,
    pub(super) loris: Caught,
    pub(super) memory: Memory,
    turns: Turns,
}

/// Measures the good ones twice.
pub(super) async fn measure(options: &Options) -> anyhow::Result<Beside> {
    let servers = Servers::start(&["B1", "B2", "B3"][..BACKENDS], 0)?;
    let head_timeout = format!("{}s", HEAD_TIMEOUT.as_secs());
    let flags = ["--workers", "1", "--head-timeout", &head_timeout];
    let front = Front::of(options.against, &options.lb, &servers.addrs, &flags).await?;
    let memory = || front.pid().map_or(0, resident_bytes);
    let progress = Progress::steps("overload: good clients alone, then beside the loris", 2);
    let without = good(options, &front).await;
    progress.step();
    let before = memory();
    let wanted = options.loris.min(files::limit().saturating_sub(DESCRIPTORS_RESERVED) / 2);
    let pack = Pack::release(front.addr, wanted)?;
    let gathered = Instant::now() + GATHERED_WITHIN;
    while pack.connected() < wanted && Instant::now() < gathered {
        sleep(LOOK_EVERY).await;
    }
    let with = good(options, &front).await;
    let during = memory();
    let caught = pack.call_back();
    sleep(SETTLE).await;
    progress.step();
    let memory = Memory { before, during, after: memory() };
    Ok(Beside { without, with, loris: caught, memory, turns: front.turns().await? })
}

async fn good(options: &Options, front: &Front) -> Tally {
    let requests = u64::from(options.rate) * options.seconds;
    let plan = Plan {
        arrivals: Arrivals::PerSecond(f64::from(options.rate)),
        concurrency: IN_FLIGHT_MAX,
        request_timeout: REQUEST_TIMEOUT,
        ..Plan::each_once(front.addr, requests)
    };
    run_load(&plan, &Gauge::default()).await
}

/// Bytes as people read them.
pub(in crate::experiment) fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

impl Beside {
    pub(super) fn in_words(&self) -> Vec<String> {
        let Memory { before, during, after } = self.memory;
        let mut lines = vec![
            format!("good requests alone:      {}", self.without),
            format!("good requests with loris: {}", self.with),
        ];
        lines.extend(self.loris.in_words());
        lines.push(format!(
            "memory: {:.1} MiB before, {:.1} during ({:.0} bytes a loris), {:.1} after",
            mebibytes(before),
            mebibytes(during),
            during.saturating_sub(before) as f64 / self.loris.wanted.max(1) as f64,
            mebibytes(after)
        ));
        lines.push(self.turns.in_words());
        lines
    }

    pub(super) fn to_json(&self) -> Value {
        let Memory { before, during, after } = self.memory;
        json!({
            "without": self.without.to_json(), "with": self.with.to_json(), "loris": self.loris.to_json(),
            "memory_bytes": { "before": before, "during": during, "after": after }, "turns": self.turns.to_json(),
        })
    }
}
