//! What do `/rep` and the clients notice when the admin port is abused? A thousand requests of nonsense a second and a
//! thousand slow-loris connections, while `/rep` is asked on connections of its own and good requests go through the front
//! at a steady rate.
//!
//! [`nonsense`] makes and judges the nonsense, [`reps`] asks for `/rep`; the loris are those of [`super::overload`]. Both
//! crowds run on threads of their own. Where there are two CPUs [`apart`] then asks what the abuse costs the data path itself,
//! which the first part can't tell from the crowds' own hunger for CPU. Claimed: `/rep` is never slower than `--worst`, no good request fails, every piece
//! of nonsense gets a typed 4xx or a closed connection, nobody was added or removed, and lb's memory stays.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::Context;
use serde_json::json;
use tokio::time::sleep;

use super::front::Front;
use super::overload::beside::mebibytes;
use super::overload::loris::{Caught, Pack};
use crate::balancer::{Admin, sibling_lb};
use crate::load::{Arrivals, Gauge, Plan, Tally, run as run_load};
use crate::peer::accounting::resident_bytes;
use crate::peer::{BACKENDS, Servers, files, isolation};
use crate::report::chart::{Kind, Series};
use crate::report::progress::Progress;
use crate::report::{Chart, Report};
use nonsense::{Crowd, Judged};
use reps::Reps;

mod apart;
mod nonsense;
mod reps;

/// Memory that may remain afterwards beside what was there before: the allocator keeps what 1,024 connections at a time
/// have needed, some 26 KiB each, for the next ones.
const MEMORY_KEPT_MAX: u64 = 1024 * (32 << 10);
/// After the last loris: connections are closed, memory is given back.
const SETTLE: Duration = Duration::from_millis(500);
const GATHER_LOOKS: u32 = 500;
const LOOK_EVERY: Duration = Duration::from_millis(20);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// Good requests that may wait at the same time.
const IN_FLIGHT_MAX: usize = 500;

/// `lb-bench abuse`
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Our binary
    #[arg(long, value_name = "PATH", default_value_os_t = sibling_lb())]
    lb: PathBuf,
    /// Requests of nonsense a second
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    nonsense: u32,
    /// Equal seeds give equal nonsense
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Clients that drip a head
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..=9_000))]
    loris: u64,
    /// For how many seconds, and how long it is measured without them
    #[arg(long, value_name = "S", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Good requests a second on the front
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rate: u32,
    /// How often /rep is asked for, a second
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    reps: u32,
    /// The slowest that an answer of /rep may be, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 100.0)]
    worst: f64,
    /// Then so often with the worker on a CPU of its own: alone, with the crowds at another lb, with them at this one
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(0..=100))]
    rounds: u32,
    /// Stay in the network that is there, instead of a namespace of its own
    #[arg(long)]
    no_isolation: bool,
}

/// Everybody who abuses the admin port.
struct Crowds {
    pack: Pack,
    loris_at_once: u64,
    nonsense: Crowd,
}

impl Crowds {
    /// The nonsense begins when the loris are there.
    async fn let_go(options: &Options, admin: Admin) -> anyhow::Result<Self> {
        let pack = Pack::release(admin.addr(), options.loris)?;
        for _ in 0..GATHER_LOOKS {
            if pack.connected() >= options.loris {
                break;
            }
            sleep(LOOK_EVERY).await;
        }
        let loris_at_once = pack.connected();
        Ok(Self { pack, loris_at_once, nonsense: Crowd::let_go(admin.addr(), options.nonsense, options.seed)? })
    }

    /// Waits until the last of them is gone.
    fn call_back(self) -> (Judged, Caught) {
        (self.nonsense.call_back(), self.pack.call_back())
    }
}

/// Good requests and `/rep` over the same seconds.
struct Look {
    good: Tally,
    reps: Reps,
}

/// Resident bytes of lb.
struct Memory {
    before: u64,
    during: u64,
    after: u64,
}

/// Everything that was seen.
struct Seen {
    without: Look,
    with: Look,
    judged: Judged,
    loris: Caught,
    loris_at_once: u64,
    memory: Memory,
    members_stayed: bool,
}

impl Options {
    /// Before anything is opened.
    pub(crate) fn enter_isolation(&self) {
        if !self.no_isolation {
            isolation::enter();
        }
    }
}

/// Without the crowds, then with them.
pub(crate) async fn run(options: &Options) -> anyhow::Result<Report> {
    files::raise_limit();
    let servers = Servers::start(&["B1", "B2", "B3"][..BACKENDS], 0)?;
    let front = Front::lb(Command::new(&options.lb), &servers.addrs, &["--workers", "1"]).await?;
    let seen = measure(options, &front).await?;
    drop((front, servers));
    let mut report = report(options, &seen);
    match apart::measure(options).await? {
        Some(apart) => apart.report_into(&mut report),
        None if options.rounds == 0 => {}
        None => report.lines.push("the data path alone: NOT RUN, that takes two CPUs".to_owned()),
    }
    Ok(report)
}

async fn measure(options: &Options, front: &Front) -> anyhow::Result<Seen> {
    let admin = front.admin().context("lb has an admin API")?;
    let memory = || front.pid().map_or(0, resident_bytes);
    let members = admin.replicas().await?;
    let progress = Progress::steps("abuse: without the crowds, then with them", 2);
    let without = look(options, front).await?;
    progress.step();
    let before = memory();
    let crowds = Crowds::let_go(options, admin).await?;
    let loris_at_once = crowds.loris_at_once;
    let with = look(options, front).await?;
    let during = memory();
    let (judged, loris) = crowds.call_back();
    sleep(SETTLE).await;
    progress.step();
    let memory = Memory { before, during, after: memory() };
    let members_stayed = admin.replicas().await? == members;
    Ok(Seen { without, with, judged, loris, loris_at_once, memory, members_stayed })
}

async fn look(options: &Options, front: &Front) -> anyhow::Result<Look> {
    let admin = front.admin().context("lb has an admin API")?;
    let requests = u64::from(options.rate) * options.seconds;
    let plan = Plan {
        arrivals: Arrivals::PerSecond(f64::from(options.rate)),
        concurrency: IN_FLIGHT_MAX,
        request_timeout: REQUEST_TIMEOUT,
        ..Plan::each_once(front.addr, requests)
    };
    let gauge = Gauge::default();
    let wanted = u64::from(options.reps) * options.seconds;
    let (good, reps) = tokio::join!(run_load(&plan, &gauge), reps::ask(admin.addr(), options.reps, wanted));
    Ok(Look { good, reps })
}

fn report(options: &Options, seen: &Seen) -> Report {
    let Memory { before, during, after } = seen.memory;
    let mut lines = vec![
        format!("good requests alone:      {}", seen.without.good),
        format!("good requests with abuse: {}", seen.with.good),
        format!("/rep alone:      {}", seen.without.reps),
        format!("/rep with abuse: {}", seen.with.reps),
        format!("nonsense: {}", seen.judged),
    ];
    lines.extend(seen.loris.in_words());
    lines.push(format!("  {} of them were there when the nonsense began", seen.loris_at_once));
    let [before_mib, during_mib, after_mib] = [before, during, after].map(mebibytes);
    lines.push(format!("memory: {before_mib:.1} MiB before, {during_mib:.1} during, {after_mib:.1} after"));
    Report {
        title: format!(
            "abuse of the admin port: {} requests of nonsense/s (seed {}) and {} slow-loris clients beside {} good \
             requests/s and /rep {} times/s, for {} s",
            options.nonsense, options.seed, options.loris, options.rate, options.reps, options.seconds
        ),
        lines,
        data: json!({
            "without": { "good": seen.without.good.to_json(), "rep": seen.without.reps.to_json() },
            "with": { "good": seen.with.good.to_json(), "rep": seen.with.reps.to_json() },
            "nonsense": seen.judged.to_json(), "loris": seen.loris.to_json(), "worst_allowed_ms": options.worst,
            "memory_bytes": { "before": before, "during": during, "after": after },
        }),
        violations: violations(options, seen),
        charts: vec![chart(seen)],
    }
}

fn violations(options: &Options, seen: &Seen) -> Vec<String> {
    let mut violations = seen.loris.violations();
    let worst = seen.with.reps.worst_ms();
    if worst > options.worst {
        violations.push(format!("/rep took {worst:.1} ms once, {} ms are allowed", options.worst));
    }
    let failed = [("/rep", seen.with.reps.failed), ("good requests", seen.with.good.failed())];
    violations.extend(failed.iter().filter(|(_, n)| *n > 0).map(|(what, n)| format!("{what}: {n} failed")));
    violations.extend(seen.judged.violations());
    if !seen.members_stayed {
        violations.push("the nonsense has changed the membership".to_owned());
    }
    let kept = seen.memory.after.saturating_sub(seen.memory.before);
    if kept > MEMORY_KEPT_MAX {
        violations.push(format!("{:.1} MiB were kept after the crowds had gone", mebibytes(kept)));
    }
    violations
}

fn chart(seen: &Seen) -> Chart {
    let percents = [50.0, 90.0, 99.0, 99.9];
    let of = |name: &str, tally: &Tally| Series {
        name: name.to_owned(),
        values: percents.map(|percent| tally.latency_ms(percent)).to_vec(),
    };
    Chart {
        stem: "abuse",
        title: format!(
            "the admin port abused: /rep at worst {:.1} ms, good requests' median {:.2} ms instead of {:.2} ms",
            seen.with.reps.worst_ms(),
            seen.with.good.latency_ms(50.0),
            seen.without.good.latency_ms(50.0)
        ),
        x_label: "percentile of the good requests".to_owned(),
        y_label: "latency (ms)".to_owned(),
        kind: Kind::Bars {
            groups: percents.map(|percent| format!("p{percent}")).to_vec(),
            series: vec![of("without", &seen.without.good), of("with the abuse", &seen.with.good)],
            ideal: None,
        },
    }
}
