//! How long does it take until a killed replica is replaced?
//!
//! `kill -9` of one replica at a time, picked at random; the clock runs until its name is gone from `/rep` and the
//! count is back, which `/rep` is asked every millisecond. Claimed: the worst is below `--worst`. Without load: whether
//! requests fail meanwhile is another question.

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use tokio::time::{Duration, Instant, sleep};

use crate::balancer::{Backend, Balancer, Target};
use crate::report::{Report, progress::Progress};

/// Between two looks at `/rep`: the resolution of what is measured.
const LOOK_EVERY: Duration = Duration::from_millis(1);
/// One replacement takes no longer, or the experiment has failed.
const REPLACED_WITHIN: Duration = Duration::from_secs(60);

/// `lb-bench kill`
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    target: Target,
    /// How often a replica is killed
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..))]
    kills: u16,
    /// The verdict fails where a replacement takes longer, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 1000)]
    worst: u64,
}

struct Kill {
    victim: String,
    /// Until `/rep` didn't list it any more.
    gone_ms: f64,
    /// Until the count was back.
    back_ms: f64,
}

/// Kills and waits, `--kills` times.
pub(crate) async fn run(options: &Options) -> anyhow::Result<Report> {
    let balancer = Balancer::open(&options.target, &[]).await?;
    let progress = Progress::steps("killing replicas", options.kills.into());
    let mut kills = Vec::new();
    for _ in 0..options.kills {
        kills.push(kill_one(&balancer).await?);
        progress.step();
    }
    Ok(report(options, &kills))
}

async fn kill_one(balancer: &Balancer) -> anyhow::Result<Kill> {
    let (victim, pid) = pick(&balancer.admin.backends().await?)?;
    let wanted = balancer.admin.replicas().await?.len();
    let killed = Instant::now();
    kill_process(pid, Signal::KILL).with_context(|| format!("{victim} (pid {}) can't be killed", pid.as_raw_pid()))?;
    let mut gone_ms = None;
    loop {
        let replicas = balancer.admin.replicas().await?;
        let passed_ms = killed.elapsed().as_secs_f64() * 1000.0;
        if !replicas.contains(&victim) {
            let gone_ms = *gone_ms.get_or_insert(passed_ms);
            if replicas.len() == wanted {
                return Ok(Kill { victim, gone_ms, back_ms: passed_ms });
            }
        }
        if killed.elapsed() > REPLACED_WITHIN {
            bail!("{victim} was killed {REPLACED_WITHIN:?} ago; /rep lists {replicas:?}, {wanted} are wanted");
        }
        sleep(LOOK_EVERY).await;
    }
}

fn pick(backends: &[Backend]) -> anyhow::Result<(String, Pid)> {
    let running: Vec<(&str, Pid)> = backends
        .iter()
        .filter(|backend| backend.state == "ready")
        .filter_map(|backend| Some((backend.name.as_str(), Pid::from_raw(backend.pid?)?)))
        .collect();
    match fastrand::choice(&running) {
        Some(&(name, pid)) => Ok((name.to_owned(), pid)),
        None => bail!("no ready replica has a pid in /v1/backends; is its runtime `process`?"),
    }
}

fn report(options: &Options, kills: &[Kill]) -> Report {
    let gone = Summary::of(kills.iter().map(|kill| kill.gone_ms));
    let back = Summary::of(kills.iter().map(|kill| kill.back_ms));
    let mut violations = Vec::new();
    if back.worst > options.worst as f64 {
        violations.push(format!("the worst replacement took {:.1} ms, {} are allowed", back.worst, options.worst));
    }
    let each: Vec<_> = kills
        .iter()
        .map(|kill| json!({ "victim": kill.victim, "gone_ms": kill.gone_ms, "back_ms": kill.back_ms }))
        .collect();
    Report {
        title: format!("kill: kill -9 of a replica, {} times", kills.len()),
        lines: vec![
            format!("name gone from /rep: {}", gone.in_words()),
            format!("count back:          {}", back.in_words()),
        ],
        data: json!({ "kills": each, "gone": gone.to_json(), "back": back.to_json() }),
        violations,
        charts: Vec::new(),
    }
}

struct Summary {
    min: f64,
    median: f64,
    worst: f64,
}

impl Summary {
    /// `values` must not be empty.
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = values.collect();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        // Of an even number of values the mean of the two in the middle.
        let median = (sorted[middle] + sorted[(sorted.len() - 1) / 2]) / 2.0;
        Self { min: sorted[0], median, worst: sorted[sorted.len() - 1] }
    }

    fn in_words(&self) -> String {
        format!("min {:.1} ms, median {:.1} ms, worst {:.1} ms", self.min, self.median, self.worst)
    }

    fn to_json(&self) -> serde_json::Value {
        json!({ "min_ms": self.min, "median_ms": self.median, "worst_ms": self.worst })
    }
}
