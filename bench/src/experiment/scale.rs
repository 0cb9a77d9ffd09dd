//! Does it cost a request to add and remove replicas under load?
//!
//! Continuous load; in its middle `/add` of three and then `/rm` of two. Claimed: nothing fails, and the membership is
//! what was asked for.

use anyhow::Context;
use serde_json::json;
use tokio::time::{Duration, Instant, sleep};

use crate::balancer::{Balancer, Target};
use crate::load::{Gauge, Plan, Tally, run as run_load};
use crate::report::{Report, progress::Progress};

/// Replicas added, then removed.
const ADDED: u32 = 3;
const REMOVED: u32 = 2;
/// Between two looks at the load's gauge.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// `lb-bench scale`
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    target: Target,
    /// Replicas of the balancer that is started
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=61))]
    replicas: u32,
    /// Requests at least; the load goes on until both changes are through
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(1..))]
    requests: u64,
    /// Requests in flight at the same time
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..))]
    concurrency: u16,
}

struct Change {
    what: String,
    /// Requests that had ended when it was asked for and when it was answered.
    during: (u64, u64),
    took: Duration,
    replicas: Vec<String>,
}

/// Runs the load and the changes side by side.
pub(crate) async fn run(options: &Options) -> anyhow::Result<Report> {
    let balancer = Balancer::open(&options.target, options.replicas, &[]).await?;
    let before = balancer.admin.replicas().await?.len();
    let plan = Plan {
        requests_max: u64::MAX,
        concurrency: usize::from(options.concurrency),
        ..Plan::each_once(balancer.front, options.requests)
    };
    let gauge = Gauge::default();
    let _progress = Progress::follow("load; /add and /rm in its middle", &gauge, options.requests);
    let steering = async {
        let changes = change(&balancer, &gauge, options.requests).await;
        gauge.stop();
        changes
    };
    let (tally, changes) = tokio::join!(run_load(&plan, &gauge), steering);
    let changes = changes.context("steering the balancer under load")?;
    Ok(report(options, before, &tally, &changes))
}

/// A third of the load before, between and after the changes.
async fn change(balancer: &Balancer, gauge: &Gauge, requests: u64) -> anyhow::Result<Vec<Change>> {
    let mut changes = Vec::new();
    for (third, what) in [(1, format!("/add {ADDED}")), (2, format!("/rm {REMOVED}"))] {
        until_done(gauge, requests * third / 3).await;
        let (from, started) = (gauge.done(), Instant::now());
        let replicas = match third {
            1 => balancer.admin.add(ADDED).await?,
            _ => balancer.admin.remove(REMOVED).await?,
        };
        changes.push(Change { what, during: (from, gauge.done()), took: started.elapsed(), replicas });
    }
    until_done(gauge, requests).await;
    Ok(changes)
}

async fn until_done(gauge: &Gauge, requests: u64) {
    while gauge.done() < requests {
        sleep(LOOK_AGAIN).await;
    }
}

fn report(options: &Options, before: usize, tally: &Tally, changes: &[Change]) -> Report {
    let mut lines = vec![tally.to_string()];
    for Change { what, during: (from, to), took, replicas } in changes {
        let took_ms = took.as_secs_f64() * 1000.0;
        lines.push(format!(
            "{what}: {took_ms:.1} ms, after request {from}, {} requests meanwhile: {replicas:?}",
            to - from
        ));
    }
    lines.push(format!("answers: {:?}", tally.per_replica()));
    let mut violations = Vec::new();
    if tally.failed() > 0 {
        violations.push(format!("{} requests failed", tally.failed()));
    }
    let (added, removed) = (before + ADDED as usize, before + (ADDED - REMOVED) as usize);
    for (change, wanted) in changes.iter().zip([added, removed]) {
        if change.replicas.len() != wanted {
            violations.push(format!(
                "after {} there are {} replicas, not {wanted}",
                change.what,
                change.replicas.len()
            ));
        }
    }
    let steps: Vec<_> = changes
        .iter()
        .map(|change| {
            json!({ "what": change.what, "ms": change.took.as_secs_f64() * 1000.0,
                "requests_meanwhile": change.during.1 - change.during.0, "replicas": change.replicas })
        })
        .collect();
    Report {
        title: format!("scale: /add {ADDED} and /rm {REMOVED} under load, concurrency {}", options.concurrency),
        lines,
        data: json!({ "load": tally.to_json(), "changes": steps }),
        violations,
        charts: Vec::new(),
    }
}
