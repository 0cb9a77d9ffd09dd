//! Do open connections live through everything that an operator does?
//!
//! Thousands of kept-alive connections, each with a request now and then, while the membership is changed through `/v1` in
//! every way there is and the configuration is read again. Claimed: every change is accepted, and every connection still
//! answers at the end, by the replica that it had from the beginning. Removed replicas keep their sessions for the drain
//! timeout, which is an hour here: what is shown is that no change costs a connection, not that no deadline does.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::words::thousands;
use crate::balancer::{Balancer, Program, Runtime, http};
use crate::peer::isolation;
use crate::report::Report;
use crate::report::progress::Progress;
use connections::Connections;
use silence::Silence;
use steps::{Step, Steps};

mod connections;
mod silence;
mod steps;

/// Of all connections one in so many is asked after each change.
const ASKED_ONE_IN: usize = 10;
/// Failures that are shown; the rest is counted.
const SHOWN_MAX: usize = 10;

/// `lb-bench hold`
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    program: Program,
    /// Connections held open
    #[arg(long, value_name = "N", default_value_t = 9_000, value_parser = clap::value_parser!(u32).range(1..=50_000))]
    connections: u32,
    /// Changes and reloads, one after the other
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    changes: u32,
    /// Replicas at the beginning
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u32).range(2..=20))]
    replicas: u32,
    /// Before the changes all are silent for so many seconds, with nothing but TCP keepalive on the wire
    #[arg(long, value_name = "SECONDS", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=3_600))]
    silent: u32,
}

impl Options {
    /// Before anything is opened. Containers are reached from the machine's network alone.
    pub(crate) fn enter_isolation(&self) {
        if self.program.runtime == Runtime::Process {
            isolation::enter();
        }
    }
}

/// A configuration that is read again and again; gone with this.
#[derive(Debug)]
pub(super) struct Settings(PathBuf);

impl Settings {
    fn create() -> anyhow::Result<Self> {
        let name = format!("lb-bench-hold-{}-{:08x}.toml", std::process::id(), fastrand::u32(..));
        let settings = Self(std::env::temp_dir().join(name));
        settings.write(3)?;
        Ok(settings)
    }

    /// What a reload finds; another number is another configuration.
    fn write(&self, retries: u32) -> anyhow::Result<()> {
        std::fs::write(&self.0, format!("retries = {retries}\n"))
            .with_context(|| format!("{} can't be written", self.0.display()))
    }
}

impl Drop for Settings {
    fn drop(&mut self) {
        // In the temporary directory it harms nobody.
        let _removed = std::fs::remove_file(&self.0);
    }
}

/// What the changes came to, by their kind.
#[derive(Debug, Default)]
struct Made {
    count: u32,
    longest_ms: f64,
    sessions_touched: u64,
}

/// Holds them, and changes everything.
pub(crate) async fn run(options: &Options) -> anyhow::Result<Report> {
    crate::peer::files::raise_limit();
    let settings = Settings::create()?;
    let path = settings.0.to_str().context("the temporary directory's name isn't UTF-8")?;
    // The answers are short: no pipe is needed, and each is worth a connection.
    let flags = ["--config", path, "--admin-rate", "0", "--drain-timeout", "1h", "--pipes", "0"];
    let balancer = Balancer::start(&options.program, options.replicas, &flags).await?;
    fits(&balancer, options.connections).await?;
    let mut connections = Connections::open(balancer.front, options.connections).await;
    let opened = connections.len();
    ensure!(opened > 0, "no connection was answered: {:?}", connections.failures());
    let silence = match options.silent {
        0 => None,
        seconds => Some(silence::keep(&mut connections, seconds).await),
    };
    let progress = Progress::steps("hold: changes while connections are open", options.changes.into());
    let mut steps = Steps::new(balancer.admin.addr(), &settings, options.replicas);
    let (mut made, mut refused) = (BTreeMap::<&str, Made>::new(), Vec::new());
    for _ in 0..options.changes {
        let began = Instant::now();
        let Step { kind, outcome } = steps.next().await?;
        match outcome {
            Ok(answer) => note(made.entry(kind).or_default(), began, &answer),
            Err(why) => refused.push(format!("{kind}: {why}")),
        }
        connections.ask_one_in(ASKED_ONE_IN).await;
        progress.step();
    }
    connections.ask_one_in(1).await;
    Ok(report(options, opened, silence, &made, &refused, &connections))
}

/// How many more must fit, so that the one of the workers with the most finds room for its own: two standard deviations
/// of what chance gives to one (binomial), times all.
fn unevenness(connections: u32, workers: usize) -> u64 {
    let spread = (f64::from(connections) * workers.saturating_sub(1) as f64).sqrt();
    (2.0 * spread).ceil() as u64
}

/// Each worker takes its share of what the file limit allows, and the kernel deals clients out at random.
async fn fits(balancer: &Balancer, wanted: u32) -> anyhow::Result<()> {
    let (_, body) = http::ask(balancer.admin.addr(), "GET", "/v1/summary", "").await?;
    let summary: Value = serde_json::from_slice(&body).context("/v1/summary is no JSON")?;
    let limit = summary["connections"]["limit"].as_u64().context("/v1/summary names no limit of connections")?;
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let most = limit.saturating_sub(unevenness(wanted, workers));
    ensure!(
        u64::from(wanted) <= most,
        "under this file limit lb takes {limit} connections: hold at most {most} (--connections) or raise the limit"
    );
    Ok(())
}

fn note(made: &mut Made, began: Instant, answer: &Value) {
    made.count += 1;
    made.longest_ms = made.longest_ms.max(began.elapsed().as_secs_f64() * 1e3);
    made.sessions_touched += answer["effect"]["sessions_touched"].as_u64().unwrap_or(0);
}

fn report(
    options: &Options,
    opened: usize,
    silence: Option<Silence>,
    made: &BTreeMap<&str, Made>,
    refused: &[String],
    connections: &Connections,
) -> Report {
    let (asked, dropped) = (connections.asked(), opened - connections.len());
    let changes: u32 = made.values().map(|made| made.count).sum();
    let mut violations: Vec<String> = refused.iter().take(SHOWN_MAX).cloned().collect();
    if opened < options.connections as usize {
        violations.push(format!("{opened} of {} connections could be opened", options.connections));
    }
    if dropped > 0 {
        violations.push(format!("{dropped} of {opened} connections were dropped"));
    }
    let failures = connections.failures().iter().take(SHOWN_MAX);
    violations.extend(failures.map(|(failure, count)| format!("{count} × {failure}")));
    let mut lines = vec![
        format!("{changes} changes were made, {} refused", refused.len()),
        format!(
            "{} connections were held and asked {} times: {dropped} dropped",
            thousands(opened as u64),
            thousands(asked)
        ),
    ];
    lines.extend(silence.map(|silence| silence.in_words()));
    lines.extend(made.iter().map(|(kind, made)| {
        format!(
            "{:>4} × {kind:<8} at most {:>7.1} ms, {} sessions had their key moved and stayed",
            made.count,
            made.longest_ms,
            thousands(made.sessions_touched)
        )
    }));
    let kinds = made.iter().map(|(kind, made)| {
        let of =
            json!({ "count": made.count, "longest_ms": made.longest_ms, "sessions_touched": made.sessions_touched });
        ((*kind).to_owned(), of)
    });
    Report {
        title: format!(
            "hold: {} open connections through {} changes and reloads",
            thousands(options.connections.into()),
            options.changes
        ),
        lines,
        data: json!({
            "connections": opened, "asked": asked, "dropped": dropped, "changes": changes, "refused": refused.len(),
            "silent_seconds": options.silent, "gone_in_silence": silence.map(|silence| silence.before - silence.after),
            "packets_dropped_in_silence": silence.and_then(|silence| silence.packets_dropped),
            "kinds": kinds.collect::<serde_json::Map<_, _>>(),
        }),
        violations,
        charts: Vec::new(),
    }
}
