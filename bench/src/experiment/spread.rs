//! How do requests spread over the replicas, and does the same id find the same replica again?
//!
//! Two passes over the ids 1…N. Claimed: nothing fails; in the second pass no id is answered by another replica; and
//! where the rule's table is public (`--hash assignment`) each replica answers exactly the ids whose slots it owns.

use anyhow::Context;
use serde_json::json;

use super::expected;
use crate::balancer::{Balancer, Target};
use crate::load::{Connections, Gauge, Plan, Tally, run as run_load};
use crate::report::{Report, progress::Progress};

/// `lb-bench spread`
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    target: Target,
    /// Requests a pass; their ids are 1 to N
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..))]
    requests: u64,
    /// Requests in flight at the same time
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..))]
    concurrency: u16,
    /// Clients keep their connections; the balancer decides each request by itself (--affinity request)
    #[arg(long)]
    keep_alive: bool,
    /// The hash of the balancer; of `assignment` the exact counts are known
    #[arg(long, value_name = "NAME", default_value = "rendezvous")]
    hash: String,
}

/// Runs both passes.
pub(crate) async fn run(options: &Options) -> anyhow::Result<Report> {
    let affinity = if options.keep_alive { "request" } else { "connection" };
    let balancer = Balancer::open(&options.target, &["--hash", &options.hash, "--affinity", affinity]).await?;
    let expected = match options.hash.as_str() {
        "assignment" => Some(expected::assignment_counts(&balancer.admin.backends().await?, options.requests)?),
        _ => None,
    };
    let connections = if options.keep_alive { Connections::KeepAlive } else { Connections::OnePerRequest };
    let concurrency = usize::from(options.concurrency);
    let plan = Plan { concurrency, connections, ..Plan::each_once(balancer.front, options.requests) };
    let first = pass("first pass", &plan).await;
    let second = pass("second pass", &plan).await;
    let replicas = balancer.admin.replicas().await.context("after the passes")?;
    Ok(report(options, &replicas, &first, &second, expected))
}

async fn pass(what: &str, plan: &Plan) -> Tally {
    let gauge = Gauge::default();
    let _progress = Progress::follow(what, &gauge, plan.requests_max);
    run_load(plan, &gauge).await
}

fn report(
    options: &Options,
    replicas: &[String],
    first: &Tally,
    second: &Tally,
    expected: Option<expected::Counts>,
) -> Report {
    let elsewhere = second.elsewhere_than(first);
    let counts = first.per_replica();
    let most = counts.values().max().copied().unwrap_or(0);
    let max_over_mean = most as f64 * replicas.len().max(1) as f64 / (first.answered.max(1) as f64);
    let mut lines = vec![format!("first pass: {first}"), format!("second pass: {second}")];
    for name in replicas {
        let count = counts.get(name.as_str()).copied().unwrap_or(0);
        let share = 100.0 * count as f64 / first.answered.max(1) as f64;
        let wanted = expected.as_ref().and_then(|expected| expected.get(name));
        let wanted = wanted.map_or_else(String::new, |wanted| format!(", expected {wanted}"));
        lines.push(format!("{name}: {count} ({share:.2} %{wanted})"));
    }
    lines.push(format!("max/mean {max_over_mean:.3}; second pass elsewhere: {elsewhere}"));

    let mut violations = Vec::new();
    for (which, tally) in [("first", first), ("second", second)] {
        if tally.answered != options.requests {
            violations.push(format!("{which} pass: {} of {} answered", tally.answered, options.requests));
        }
    }
    if elsewhere > 0 {
        violations.push(format!("{elsewhere} ids were answered by another replica in the second pass"));
    }
    if expected.as_ref().is_some_and(|expected| !expected::equal(expected, &counts)) {
        violations.push("the counts are not those of the assignment's table".to_owned());
    }
    let connections = if options.keep_alive { "kept alive" } else { "one a request" };
    Report {
        title: format!(
            "spread: {} ids on {} replicas, hash {}, connections {connections}, concurrency {}",
            options.requests,
            replicas.len(),
            options.hash,
            options.concurrency
        ),
        data: json!({
            "hash": options.hash, "keep_alive": options.keep_alive, "requests": options.requests,
            "first": first.to_json(), "second": second.to_json(), "elsewhere": elsewhere,
            "max_over_mean": max_over_mean, "expected": expected,
        }),
        lines,
        violations,
        charts: Vec::new(),
    }
}
