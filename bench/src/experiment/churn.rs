//! A thousand `/add` and `/rm` of overlapping names at once, while replicas are killed and requests go through.
//!
//! [`plan`] says what is called, [`chaos`] asks, kills and listens, [`journal`] replays what lb says that happened, and
//! [`oracle`] holds the answers against it. Claimed: every answer is typed; each list was the membership at a moment
//! between question and answer; N is the sum of what was accepted; no name is there twice, none that is gone comes back
//! unless it is added again; no request fails; after SIGTERM no process is left.

use std::path::Path;

use serde_json::json;
use tokio::time::Duration;

use crate::balancer::{Balancer, Program, Runtime};
use crate::load::Tally;
use crate::peer::isolation;
use crate::report::Report;

mod chaos;
mod journal;
mod oracle;
mod plan;

use chaos::Chaos;
use journal::Journal;
use oracle::Findings;

/// Violations that are shown; the rest is counted.
const SHOWN_MAX: usize = 10;
/// A process that was told to end has been reaped by then.
const GONE_WITHIN: Duration = Duration::from_secs(5);

/// `lb-bench churn`
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    program: Program,
    /// Calls, all at once
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u16).range(1..=5000))]
    calls: u16,
    /// Replicas at the beginning
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(2..=30))]
    replicas: u32,
    /// Milliseconds between two kills
    #[arg(long, value_name = "MS", default_value_t = 100, value_parser = clap::value_parser!(u64).range(10..))]
    kill_every: u64,
    /// Requests in flight meanwhile
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..))]
    concurrency: u16,
    /// Equal seeds give equal calls [default: a new one]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

impl Options {
    /// Before anything is opened. Containers are reached from the machine's network alone.
    pub(crate) fn enter_isolation(&self) {
        if self.program.runtime == Runtime::Process {
            isolation::enter();
        }
    }
}

/// Runs it once.
pub(crate) async fn run(options: &Options) -> anyhow::Result<Report> {
    crate::peer::files::raise_limit();
    let seed = options.seed.unwrap_or_else(|| fastrand::u64(..1_000_000));
    let balancer = Balancer::start(&options.program, options.replicas, &["--admin-rate", "0"]).await?;
    let chaos = Chaos::run(&balancer, options, plan::calls(seed, options.calls.into())).await?;
    // Stops it and waits for its end.
    drop(balancer);
    let journal = Journal::replay(&chaos.first, &chaos.events);
    let findings = oracle::judge(chaos.first.len(), &journal, &chaos.answers, &chaos.last);
    let left = left(&journal).await;
    Ok(report(options, seed, &chaos, &journal, findings, &left))
}

/// Replicas that still run.
async fn left(journal: &Journal) -> Vec<i32> {
    let is_left = |pid: &&i32| {
        // The number may be somebody else's by now.
        let command = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("cmdline"));
        command.is_ok_and(|command| command.split('\0').any(|word| word == "replica"))
    };
    let deadline = tokio::time::Instant::now() + GONE_WITHIN;
    loop {
        let left: Vec<i32> = journal.pids.iter().filter(is_left).copied().collect();
        if left.is_empty() || tokio::time::Instant::now() > deadline {
            return left;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn report(options: &Options, seed: u64, chaos: &Chaos, journal: &Journal, findings: Findings, left: &[i32]) -> Report {
    let Findings { mut violations, accepted, refused } = findings;
    let Tally { answered, .. } = chaos.load;
    let failed = chaos.load.failed();
    if failed > 0 {
        violations.push(format!("{failed} requests failed: {}", chaos.load));
    }
    if !left.is_empty() {
        violations.push(format!("replicas are left after SIGTERM: {left:?}"));
    }
    let more = violations.len().saturating_sub(SHOWN_MAX);
    violations.truncate(SHOWN_MAX);
    if more > 0 {
        violations.push(format!("and {more} more"));
    }
    let mut lines = vec![
        format!(
            "{} calls at once, answered within {:.1} s: {accepted} accepted",
            chaos.answers.len(),
            chaos.took.as_secs_f64()
        ),
        format!(
            "N: {} + {} added - {} removed = {} in /rep; {} killed, {} died and were replaced",
            chaos.first.len(),
            journal.added,
            journal.removed,
            chaos.last.len(),
            chaos.kills,
            journal.died
        ),
        format!(
            "most replicas at a time: {}; processes started: {}, left after SIGTERM: {}",
            chaos.most,
            journal.pids.len(),
            left.len()
        ),
        format!("requests meanwhile: {answered} answered, {failed} failed"),
    ];
    lines.extend(refused.iter().map(|(what, times)| format!("{times:>5} × {what}")));
    Report {
        title: format!("churn: {} concurrent /add and /rm while replicas are killed, seed {seed}", options.calls),
        lines,
        data: json!({
            "seed": seed, "calls": chaos.answers.len(), "accepted": accepted, "refused": refused,
            "seconds": chaos.took.as_secs_f64(), "first": chaos.first.len(), "added": journal.added,
            "removed": journal.removed, "last": chaos.last.len(), "kills": chaos.kills, "died": journal.died,
            "most": chaos.most, "processes": journal.pids.len(), "left": left.len(), "answered": answered,
            "failed": failed,
        }),
        violations,
        charts: Vec::new(),
    }
}
