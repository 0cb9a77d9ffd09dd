//! What does the abuse cost the data path itself? The worker's thread gets the first CPU for itself; lb's other threads, the
//! crowds, the generator and the backends share the last one.
//!
//! Even so a crowd slows down whatever is measured beside it: backends and generator wait longer for their CPU, so requests
//! come in bunches. That is the machine's, not lb's. So each round has three looks: without crowds, with them at *another*
//! lb that nobody else uses, and with them at the one that serves. The last two differ in nothing but whose admin port it
//! is. Claimed: a request costs the worker hardly more CPU in the last than in the second. Times are shown, not judged.

use std::fmt;
use std::process::Command;

use anyhow::{Context, ensure};
use rustix::process::{Pid, getpid};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{Crowds, Look, Options, SETTLE, look};
use crate::balancer::Metrics;
use crate::experiment::front::Front;
use crate::peer::threads::{self, Scheduled};
use crate::peer::{BACKENDS, Servers};
use crate::report::Report;
use crate::report::progress::Progress;

/// The worker's CPU time for a request may grow by this share, in the median of rounds that all say that it grows.
const MORE_CPU_MAX: f64 = 0.1;
/// A turn should not take longer; a bound of the histogram of lb's page.
const LONG_TURN_S: f64 = 0.002;
/// What a thread of the data path is called, up to its number.
const WORKER: &str = "lb-worker";

/// Where the crowds are.
#[derive(Clone, Copy, Debug)]
enum Crowded {
    Nowhere,
    Elsewhere,
    Here,
}

const LOOKS: [Crowded; 3] = [Crowded::Nowhere, Crowded::Elsewhere, Crowded::Here];

/// What is compared: its name, and its value in a look.
type Figure = (&'static str, fn(&Sample) -> f64);

const FIGURES: [Figure; 6] = [
    ("worker's CPU a request, µs", |sample| sample.cpu_us),
    ("its wait for the CPU a request, µs", |sample| sample.waited_us),
    ("mean turn, µs", |sample| sample.turn_us),
    ("turns over 2 ms", |sample| sample.long_turns),
    ("good requests' p50, ms", |sample| sample.p50_ms),
    ("good requests' p99, ms", |sample| sample.p99_ms),
];

/// One look.
#[derive(Clone, Copy, Debug)]
struct Sample {
    cpu_us: f64,
    waited_us: f64,
    turn_us: f64,
    long_turns: f64,
    p50_ms: f64,
    p99_ms: f64,
    failed: u64,
    nonsense: u64,
}

/// All rounds, each with its looks in the order of [`LOOKS`].
#[derive(Debug)]
pub(super) struct Apart {
    cpus: [usize; 2],
    seconds: u64,
    rounds: Vec<[Sample; 3]>,
}

/// Keeps this process on the last CPU from here on. `None` where there is one CPU only, or no round is wanted.
pub(super) async fn measure(options: &Options) -> anyhow::Result<Option<Apart>> {
    let Some(cpus) = threads::two_cpus().filter(|_| options.rounds > 0) else { return Ok(None) };
    ensure!(threads::pin(&threads::named(getpid(), ""), cpus[1]), "this process can't be kept on CPU {}", cpus[1]);
    // What is started now inherits the last CPU.
    let servers = Servers::start(&["B1", "B2", "B3"][..BACKENDS], 0)?;
    let start = || Front::lb(Command::new(&options.lb), &servers.addrs, &["--workers", "1"]);
    let (here, elsewhere) = (start().await?, start().await?);
    let pid = here.pid().context("lb is a process of ours")?;
    let workers = threads::named(pid, WORKER);
    ensure!(!workers.is_empty(), "no thread of lb is called {WORKER}-…");
    ensure!(threads::pin(&workers, cpus[0]), "the worker can't be kept on CPU {}", cpus[0]);
    let progress = Progress::steps("abuse: the worker on a CPU of its own", u64::from(options.rounds) * 3);
    let mut rounds = Vec::new();
    for round in 0..options.rounds as usize {
        let mut samples = [None; 3];
        for place in 0..LOOKS.len() {
            // Each look comes first, second and last in turn: what drifts meanwhile favours none.
            let index = (round + place) % LOOKS.len();
            let at = match LOOKS[index] {
                Crowded::Nowhere => None,
                Crowded::Elsewhere => elsewhere.admin(),
                Crowded::Here => here.admin(),
            };
            let crowds = match at {
                Some(admin) => Some(Crowds::let_go(options, admin).await?),
                None => None,
            };
            let begun = Reading::take(&here, pid, &workers).await?;
            let look = look(options, &here).await?;
            let ended = Reading::take(&here, pid, &workers).await?;
            let nonsense = crowds.map_or(0, |crowds| crowds.call_back().0.sent());
            samples[index] = Some(Sample::of(&begun, &ended, &look, nonsense));
            sleep(SETTLE).await;
            progress.step();
        }
        rounds.push(samples.map(|sample| sample.expect("each index comes once")));
    }
    Ok(Some(Apart { cpus, seconds: options.seconds, rounds }))
}

/// What has been counted until now.
struct Reading {
    scheduled: Scheduled,
    turns: f64,
    turns_s: f64,
    long_turns: f64,
}

impl Reading {
    async fn take(front: &Front, pid: Pid, workers: &[Pid]) -> anyhow::Result<Self> {
        let admin = front.admin().context("lb has an admin API")?;
        let metrics: Metrics = admin.metrics().await?.context("GET /metrics: no metrics")?;
        let sum = |name| metrics.sum(name).with_context(|| format!("GET /metrics: no {name}"));
        Ok(Self {
            scheduled: threads::scheduled(pid, workers).context("the kernel keeps no schedstat of threads")?,
            turns: sum("lb_turn_seconds_count")?,
            turns_s: sum("lb_turn_seconds_sum")?,
            long_turns: metrics.turns_over(LONG_TURN_S).context("GET /metrics: no turns over 2 ms")?,
        })
    }
}

impl Sample {
    fn of(begun: &Reading, ended: &Reading, look: &Look, nonsense: u64) -> Self {
        let Scheduled { ran, waited } = ended.scheduled.since(begun.scheduled);
        let requests = (look.good.answered + look.good.failed()).max(1) as f64;
        Self {
            cpu_us: ran.as_secs_f64() * 1e6 / requests,
            waited_us: waited.as_secs_f64() * 1e6 / requests,
            turn_us: (ended.turns_s - begun.turns_s) * 1e6 / (ended.turns - begun.turns).max(1.0),
            long_turns: ended.long_turns - begun.long_turns,
            p50_ms: look.good.latency_ms(50.0),
            p99_ms: look.good.latency_ms(99.0),
            failed: look.good.failed(),
            nonsense,
        }
    }
}

impl Apart {
    pub(super) fn report_into(&self, report: &mut Report) {
        let (n, [first, last]) = (self.rounds.len(), self.cpus);
        report.lines.push(format!(
            "the data path alone: the worker on CPU {first}, everything else on CPU {last}; {n} rounds of 3 looks of {} s, \
             interleaved; median (least to most)",
            self.seconds
        ));
        for (name, value) in FIGURES {
            let [alone, elsewhere, here] = self.spreads(value);
            report.lines.push(format!("  {name}: alone {alone}, crowds at another lb {elsewhere}, at this one {here}"));
        }
        let more = self.more_cpu();
        report.lines.push(format!(
            "  CPU a request with the crowds at this lb against another: {:+.1} % ({:+.1} to {:+.1} %)",
            more.median * 100.0,
            more.least * 100.0,
            more.most * 100.0
        ));
        let nonsense = self.spreads(|sample| sample.nonsense as f64);
        report.lines.push(format!("  nonsense a look: {} at another lb, {} at this one", nonsense[1], nonsense[2]));
        report.data["apart"] = json!({
            "cpus": self.cpus, "seconds": self.seconds, "more_cpu": more.to_json(),
            "rounds": self.rounds.iter().map(|looks| looks.map(Sample::to_json)).collect::<Vec<_>>(),
        });
        report.violations.extend(self.violations());
    }

    fn violations(&self) -> Vec<String> {
        let mut violations = Vec::new();
        let more = self.more_cpu();
        // Where the rounds don't even agree on its sign, the machine was too busy to tell.
        if more.median > MORE_CPU_MAX && more.least > 0.0 {
            let (more, allowed) = (more.median * 100.0, MORE_CPU_MAX * 100.0);
            violations
                .push(format!("abused, a request cost the worker {more:.1} % more CPU, {allowed:.0} % are allowed"));
        }
        let failed: u64 = self.rounds.iter().flatten().map(|sample| sample.failed).sum();
        if failed > 0 {
            violations.push(format!("{failed} good requests failed while the worker had its own CPU"));
        }
        violations
    }

    /// By which share it grows when the crowds come here instead of elsewhere, round by round.
    fn more_cpu(&self) -> Spread {
        Spread::of(self.rounds.iter().map(|[_, elsewhere, here]| here.cpu_us / elsewhere.cpu_us - 1.0))
    }

    fn spreads(&self, value: fn(&Sample) -> f64) -> [Spread; 3] {
        [0, 1, 2].map(|look| Spread::of(self.rounds.iter().map(|looks| value(&looks[look]))))
    }
}

impl Sample {
    fn to_json(self) -> Value {
        json!({
            "cpu_us": self.cpu_us, "waited_us": self.waited_us, "turn_us": self.turn_us, "long_turns": self.long_turns,
            "p50_ms": self.p50_ms, "p99_ms": self.p99_ms, "failed": self.failed, "nonsense": self.nonsense,
        })
    }
}

/// Some values: the one in the middle, and how far they lie apart.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Spread {
    least: f64,
    median: f64,
    most: f64,
}

impl Spread {
    /// There is at least one value.
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = values.collect();
        sorted.sort_by(f64::total_cmp);
        let last = sorted.len() - 1;
        Self { least: sorted[0], median: (sorted[sorted.len() / 2] + sorted[last / 2]) / 2.0, most: sorted[last] }
    }

    fn to_json(self) -> Value {
        json!({ "least": self.least, "median": self.median, "most": self.most })
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // As many digits as say something: microseconds and counts have large numbers, milliseconds small ones.
        let digits = if self.most < 10.0 { 2 } else { 1 };
        write!(f, "{:.digits$} ({:.digits$} to {:.digits$})", self.median, self.least, self.most)
    }
}

#[cfg(test)]
mod tests;
