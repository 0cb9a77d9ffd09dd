//! What is left of the replicas when the balancer is killed, and how soon does it serve again?
//!
//! SIGKILLs `lb serve` a number of times, always right after a change of the membership was asked for, and starts it
//! again on the same front and state directory. Timed from the start: until the front answers the first 200, and until
//! every member is ready. Claimed: every member that lived is taken over, none runs twice, nothing runs that is no
//! member. A process is known by its mark (`LB_INSTANCE` in its environment), so this needs the `process` runtime and a
//! balancer on this machine.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, bail};
use serde_json::json;
use tokio::time::{Duration, Instant, sleep};

use crate::balancer::{Admin, Backend, Program, Restartable, http};
use crate::report::{Report, progress::Progress};

/// How long a restart may take, and what was left over to go.
const SETTLED_WITHIN: Duration = Duration::from_secs(20);
/// Between two looks at the front and the admin API.
const LOOK_AGAIN: Duration = Duration::from_millis(1);
/// Between two looks at all processes.
const COUNT_AGAIN: Duration = Duration::from_millis(50);

/// `lb-bench restart`
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    program: Program,
    /// Replicas
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=60))]
    replicas: u32,
    /// How often it is killed
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    kills: u32,
}

/// What came of one kill.
#[derive(Debug, Default)]
struct Restart {
    serving_ms: f64,
    ready_ms: f64,
    /// Members before that go on in the same process.
    adopted: usize,
    /// Members before whose process lived and was not taken over.
    lost: usize,
    /// Processes that still run beside the members' at the deadline.
    orphans: usize,
    /// Members that share a process, a name or a seat.
    duplicates: usize,
}

/// Kills and starts again, one after the other.
pub(crate) async fn run(options: &Options) -> anyhow::Result<Report> {
    let mut balancer = Restartable::start(&options.program, options.replicas)?;
    let before = settled(&balancer).await.context("the first start")?;
    if before.members.len() != options.replicas as usize {
        bail!("{} replicas came up, not {}", before.members.len(), options.replicas);
    }
    let progress = Progress::steps("kills of lb", u64::from(options.kills));
    let mut restarts = Vec::new();
    for round in 0..options.kills {
        restarts.push(kill_once(&mut balancer, round).await?);
        progress.step();
    }
    drop(progress);
    Ok(report(options, &restarts))
}

/// Every other time in the middle of a change, whose answer never comes.
async fn kill_once(balancer: &mut Restartable, round: u32) -> anyhow::Result<Restart> {
    let before = settled(balancer).await?.members;
    if round % 2 == 1 {
        let admin = balancer.admin;
        let unanswered = tokio::task::spawn_local(async move { Admin::new(admin).add(2).await });
        // It is under way, a little further each time.
        sleep(LOOK_AGAIN * (round % 40)).await;
        balancer.kill()?;
        unanswered.abort();
    } else {
        balancer.kill()?;
    }
    let began = Instant::now();
    balancer.start_again()?;
    let serving_ms = until_serving(balancer, began).await?;
    let ready_ms = until_ready(balancer, began).await?;
    let after = settled(balancer).await?;
    let pids: BTreeSet<i32> = after.members.iter().filter_map(|member| member.pid).collect();
    let adopted = before.iter().filter(|old| after.members.iter().any(|new| same(old, new))).count();
    let distinct = |key: fn(&Backend) -> String| after.members.iter().map(key).collect::<BTreeSet<_>>().len();
    let names = distinct(|member| member.name.clone());
    let seats = distinct(|member| member.seat.to_string());
    let distinct = pids.len().min(names).min(seats);
    let restart = Restart {
        serving_ms,
        ready_ms,
        adopted,
        lost: before.len() - adopted,
        orphans: after.processes.difference(&pids).count(),
        duplicates: after.members.len().saturating_sub(distinct),
    };
    // What the killed /add may have brought goes again, so that each round begins alike.
    let surplus = after.members.len().saturating_sub(before.len());
    if surplus > 0 {
        Admin::new(balancer.admin).remove(u32::try_from(surplus)?).await?;
    }
    Ok(restart)
}

fn same(old: &Backend, new: &Backend) -> bool {
    old.name == new.name && old.seat == new.seat && old.pid == new.pid
}

/// Milliseconds until the front answered 200.
async fn until_serving(balancer: &Restartable, began: Instant) -> anyhow::Result<f64> {
    loop {
        if http::ask(balancer.front, "GET", "/home", "").await.is_ok_and(|(status, _)| status == 200) {
            return Ok(began.elapsed().as_secs_f64() * 1000.0);
        }
        if began.elapsed() > SETTLED_WITHIN {
            bail!("the front doesn't answer {SETTLED_WITHIN:?} after the restart");
        }
        sleep(LOOK_AGAIN).await;
    }
}

/// Milliseconds until every member was ready.
async fn until_ready(balancer: &Restartable, began: Instant) -> anyhow::Result<f64> {
    loop {
        let members = members(balancer).await?;
        if !members.is_empty() && members.iter().all(Backend::is_ready) {
            return Ok(began.elapsed().as_secs_f64() * 1000.0);
        }
        if began.elapsed() > SETTLED_WITHIN {
            bail!("not all replicas are ready {SETTLED_WITHIN:?} after the restart");
        }
        sleep(LOOK_AGAIN).await;
    }
}

/// Members and processes, when the two agree or won't.
#[derive(Debug)]
struct Settled {
    members: Vec<Backend>,
    processes: BTreeSet<i32>,
}

async fn settled(balancer: &Restartable) -> anyhow::Result<Settled> {
    let deadline = Instant::now() + SETTLED_WITHIN;
    loop {
        let members = members(balancer).await?;
        let processes = marked(&balancer.instance()?)?;
        let pids: BTreeSet<i32> = members.iter().filter_map(|member| member.pid).collect();
        let agree = !members.is_empty() && members.iter().all(Backend::is_ready) && pids == processes;
        if agree || Instant::now() > deadline {
            return Ok(Settled { members, processes });
        }
        sleep(COUNT_AGAIN).await;
    }
}

async fn members(balancer: &Restartable) -> anyhow::Result<Vec<Backend>> {
    let backends = Admin::new(balancer.admin).backends().await?.context("there is no /v1/backends")?;
    Ok(backends.into_iter().filter(Backend::is_member).collect())
}

/// The processes that carry the mark of this state directory; zombies have no environment.
fn marked(instance: &str) -> anyhow::Result<BTreeSet<i32>> {
    let mark = format!("LB_INSTANCE={instance}");
    let carries = |pid: &i32| {
        let environ = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environ.split(|&byte| byte == 0).any(|entry| entry == mark.as_bytes())
    };
    let entries = fs::read_dir("/proc").context("/proc can't be read")?.flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    Ok(pids.filter(carries).collect())
}

fn report(options: &Options, restarts: &[Restart]) -> Report {
    let sum = |pick: fn(&Restart) -> usize| restarts.iter().map(pick).sum::<usize>();
    let (adopted, lost) = (sum(|one| one.adopted), sum(|one| one.lost));
    let (orphans, duplicates) = (sum(|one| one.orphans), sum(|one| one.duplicates));
    let serving = Spread::of(restarts, |one| one.serving_ms);
    let ready = Spread::of(restarts, |one| one.ready_ms);
    let lines = vec![
        format!("first 200 after the start: {serving}"),
        format!("every member ready: {ready}"),
        format!("adopted {adopted}, lost {lost}, orphans {orphans}, duplicates {duplicates}"),
    ];
    let counts = [("replicas lost", lost), ("orphans", orphans), ("duplicates", duplicates)];
    let violations = counts.iter().filter(|(_, n)| *n > 0).map(|(what, n)| format!("{n} {what}")).collect();
    Report {
        title: format!("restart: lb killed {} times, {} replicas", options.kills, options.replicas),
        lines,
        data: json!({ "adopted": adopted, "lost": lost, "orphans": orphans, "duplicates": duplicates,
            "serving_ms": serving.all, "ready_ms": ready.all }),
        violations,
        charts: Vec::new(),
    }
}

/// Times in milliseconds, smallest first.
#[derive(Debug)]
struct Spread {
    all: Vec<f64>,
}

impl Spread {
    fn of(restarts: &[Restart], pick: fn(&Restart) -> f64) -> Self {
        let mut all: Vec<f64> = restarts.iter().map(pick).collect();
        all.sort_by(f64::total_cmp);
        Self { all }
    }

    /// The value that `part` of all are at or below.
    fn at(&self, part: f64) -> f64 {
        let rank = (part * self.all.len() as f64).ceil() as usize;
        self.all.get(rank.saturating_sub(1)).copied().unwrap_or(0.0)
    }
}

impl std::fmt::Display for Spread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [median, p95, max] = [0.5, 0.95, 1.0].map(|part| self.at(part));
        write!(f, "median {median:.0} ms, p95 {p95:.0} ms, max {max:.0} ms")
    }
}

#[cfg(test)]
mod tests;
