//! Do replicas come with a rising load and go with a falling one?
//!
//! Steps of concurrent requests, each slow, to an `lb serve --autoscale`; once a second a look at what it has in flight,
//! how many replicas it wants and has, and why. After the last step, which min can bear, the load goes on until min is
//! reached. Claimed: nothing fails, the target stays within min and max, the highest step gets the replicas that it
//! needs, and in the end min is back. How quickly is shown, not claimed.

use std::collections::BTreeSet;

use anyhow::Context;
use serde_json::{Value, json};
use tokio::time::{Duration, Instant, sleep};

use super::slow::slow_replica;
use crate::balancer::{Admin, Balancer, Program};
use crate::load::{Gauge, Plan, Tally, run as run_load};
use crate::report::chart::{Kind, Series};
use crate::report::progress::Progress;
use crate::report::{Chart, Report};

/// Between two looks, as often as lb itself looks.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Each replica but the first goes a cooldown and a look after the one before; beside that, time to settle.
const SETTLE: Duration = Duration::from_secs(20);

/// `lb-bench autoscale`
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    program: Program,
    /// Fewest replicas
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=60))]
    min: u32,
    /// Most replicas
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=60))]
    max: u32,
    /// Requests in flight that each replica shall have
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    target_inflight: u32,
    /// CPU that each replica shall use, in percent of one; without it only requests count
    #[arg(long, value_name = "PERCENT")]
    target_cpu: Option<u32>,
    /// Seconds without need before a replica goes
    #[arg(long, value_name = "S", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=600))]
    cooldown: u64,
    /// Requests in flight at the same time, step by step; the last should be what min can bear
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_value = "20,60,100,150,100,60,20")]
    plan: Vec<u16>,
    /// How long each step lasts, in seconds
    #[arg(long, value_name = "S", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// How long a replica takes over an answer
    #[arg(long, value_name = "TIME", default_value = "200ms")]
    delay: String,
}

impl Options {
    /// What lb is told.
    fn flag(&self) -> String {
        let Self { min, max, target_inflight, cooldown, .. } = self;
        let cpu = self.target_cpu.map(|percent| format!(",target-cpu={percent}")).unwrap_or_default();
        format!("min={min},max={max},target-inflight={target_inflight},cooldown={cooldown}s{cpu}")
    }

    /// The replicas that the highest step needs; lb may be content with a tenth fewer.
    fn highest(&self) -> u32 {
        let most = self.plan.iter().copied().max().unwrap_or(0);
        let needed = (f64::from(most) / f64::from(self.target_inflight) / 1.1).ceil() as u32;
        needed.clamp(self.min, self.max)
    }
}

/// One look.
#[derive(Clone, Debug)]
struct Look {
    at_s: f64,
    clients: u16,
    in_flight: u64,
    desired: u32,
    target: u32,
    ready: u32,
    /// The steps that lb has taken since the look before.
    why: Vec<String>,
}

/// What is looked at, and what was seen.
struct Watch<'a> {
    admin: Admin,
    started: Instant,
    clients: &'a std::cell::Cell<u16>,
    last_event: u64,
    looks: Vec<Look>,
}

/// Runs the steps and looks on.
pub(crate) async fn run(options: &Options) -> anyhow::Result<Report> {
    let (command, autoscale) = (slow_replica(&options.program, &options.delay)?, options.flag());
    let flags = ["--command", &command, "--autoscale", &autoscale];
    let balancer = Balancer::start(&options.program, options.min, &flags).await?;
    let clients = std::cell::Cell::new(0);
    let mut watch =
        Watch { admin: balancer.admin, started: Instant::now(), clients: &clients, last_event: 0, looks: Vec::new() };
    let stop = Gauge::default();
    let load = async {
        let tallies = drive(options, &balancer, &clients, &stop).await;
        clients.set(0);
        tallies
    };
    let looking = async {
        let looked = watch.until_back(options).await;
        stop.stop();
        looked
    };
    let (tallies, looked) = tokio::join!(load, looking);
    looked.context("looking at the balancer under load")?;
    Ok(report(options, &watch.looks, &tallies))
}

/// A run of the load generator a step; the last goes on until it is stopped.
async fn drive(options: &Options, balancer: &Balancer, clients: &std::cell::Cell<u16>, stop: &Gauge) -> Vec<Tally> {
    let progress = Progress::steps("autoscale: a rising and falling load", options.plan.len() as u64);
    let mut tallies = Vec::new();
    for (index, concurrency) in options.plan.iter().enumerate() {
        clients.set(*concurrency);
        let is_last = index + 1 == options.plan.len();
        let plan = Plan {
            requests_max: u64::MAX,
            concurrency: usize::from(*concurrency),
            time_max: if is_last { Duration::MAX } else { Duration::from_secs(options.seconds) },
            ..Plan::each_once(balancer.front, 100_000)
        };
        let gauge = if is_last { stop.clone() } else { Gauge::default() };
        tallies.push(run_load(&plan, &gauge).await);
        progress.step();
    }
    tallies
}

impl Watch<'_> {
    /// Looks until all steps are through and min is back, or was not in time.
    async fn until_back(&mut self, options: &Options) -> anyhow::Result<()> {
        let steps = Duration::from_secs(options.seconds) * options.plan.len() as u32;
        let downs = options.max - options.min + 1;
        let latest = steps + SETTLE + Duration::from_secs(options.cooldown + 2) * downs;
        loop {
            let look = self.look().await?;
            let is_back = look.target == options.min && look.ready == options.min;
            self.looks.push(look);
            let passed = self.started.elapsed();
            if (passed >= steps && is_back) || passed >= latest {
                return Ok(());
            }
            sleep(LOOK_EVERY).await;
        }
    }

    async fn look(&mut self) -> anyhow::Result<Look> {
        let backends = self.admin.backends().await?.context("this lb has no /v1/backends")?;
        let metrics = self.admin.metrics().await?.context("this lb has no /metrics")?;
        let events = self.admin.events().await?.context("this lb has no /v1/events")?;
        let figure = |name: &str| metrics.sum(name).map(|value| value as u32).with_context(|| format!("no {name}"));
        let last_event = std::mem::replace(&mut self.last_event, events.events.last().map_or(0, |event| event.id));
        let steps = events.events.into_iter().filter(|event| event.id > last_event && event.kind == "scaled");
        Ok(Look {
            at_s: self.started.elapsed().as_secs_f64(),
            clients: self.clients.get(),
            in_flight: backends.iter().filter(|backend| backend.is_member()).map(|backend| backend.sessions).sum(),
            desired: figure("lb_autoscale_desired")?,
            target: figure("lb_replicas_target")?,
            ready: backends.iter().filter(|backend| backend.is_ready()).count() as u32,
            why: steps.map(|event| event.detail).collect(),
        })
    }
}

fn report(options: &Options, looks: &[Look], tallies: &[Tally]) -> Report {
    let (answered, failed) = (sum(tallies, |tally| tally.answered), sum(tallies, Tally::failed));
    let mut lines = vec![
        format!("{answered} requests answered, {failed} failed (each took {} at the replica)", options.delay),
        format!(
            "{:>6} {:>8} {:>10} {:>8} {:>7} {:>6}  step",
            "s", "clients", "in flight", "desired", "target", "ready"
        ),
    ];
    let mut before: Option<&Look> = None;
    for look in looks {
        let figures = |look: &Look| (look.clients, look.desired, look.target, look.ready);
        if before.map(figures) != Some(figures(look)) || !look.why.is_empty() {
            lines.push(in_words(look));
        }
        before = Some(look);
    }
    Report {
        title: format!(
            "autoscale: {}, {:?} requests in flight, {} s each",
            options.flag(),
            options.plan,
            options.seconds
        ),
        lines,
        data: json!({
            "autoscale": options.flag(), "plan": options.plan, "answered": answered, "failed": failed,
            "looks": looks.iter().map(to_json).collect::<Vec<_>>(),
        }),
        violations: violations(options, looks, failed),
        charts: vec![chart(options, looks)],
    }
}

fn sum(tallies: &[Tally], figure: impl Fn(&Tally) -> u64) -> u64 {
    tallies.iter().map(figure).sum()
}

fn in_words(look: &Look) -> String {
    let Look { at_s, clients, in_flight, desired, target, ready, why } = look;
    format!("{at_s:>6.1} {clients:>8} {in_flight:>10} {desired:>8} {target:>7} {ready:>6}  {}", why.join("; "))
}

fn to_json(look: &Look) -> Value {
    let Look { at_s, clients, in_flight, desired, target, ready, why } = look;
    json!({ "s": at_s, "clients": clients, "in_flight": in_flight, "desired": desired, "target": target,
        "ready": ready, "steps": why })
}

fn violations(options: &Options, looks: &[Look], failed: u64) -> Vec<String> {
    let mut violations = Vec::new();
    if failed > 0 {
        violations.push(format!("{failed} requests failed"));
    }
    let targets: BTreeSet<u32> = looks.iter().map(|look| look.target).collect();
    let outside = |target: &&u32| !(options.min..=options.max).contains(*target);
    if let Some(target) = targets.iter().find(outside) {
        violations.push(format!("{target} replicas were asked for, {} to {} are allowed", options.min, options.max));
    }
    let most = looks.iter().map(|look| look.ready).max().unwrap_or(0);
    if most < options.highest() {
        violations.push(format!("at most {most} replicas were ready, the highest step needs {}", options.highest()));
    }
    if looks.last().is_none_or(|look| (look.target, look.ready) != (options.min, options.min)) {
        violations.push(format!("{} replicas were not back in the end", options.min));
    }
    violations
}

fn chart(options: &Options, looks: &[Look]) -> Chart {
    let series = |name: &str, value: fn(&Look) -> f64| Series {
        name: name.to_owned(),
        values: looks.iter().map(value).collect(),
    };
    let needed = looks.iter().map(|look| look.in_flight as f64 / f64::from(options.target_inflight)).collect();
    let most = looks.iter().map(|look| look.ready).max().unwrap_or(0);
    Chart {
        stem: "autoscale",
        title: format!("Replicas follow the load: {} at least, {most} at the highest step", options.min),
        x_label: "time (s)".to_owned(),
        y_label: "replicas".to_owned(),
        kind: Kind::Lines {
            x: looks.iter().map(|look| look.at_s).collect(),
            series: vec![
                series("ready", |look| f64::from(look.ready)),
                series("target", |look| f64::from(look.target)),
                Series { name: format!("in flight / {}", options.target_inflight), values: needed },
            ],
            spread: None,
        },
    }
}

#[cfg(test)]
mod tests;
