//! What is left of the replicas when the balancer is killed, and how soon does it serve again?
//!
//! SIGKILLs `lb serve` a number of times, every other time right after a change of the membership was asked for, and
//! starts it again on the same front and state directory. Timed from the start: until the front answers the first 200, and
//! until every member is ready. Claimed: every member that lived is taken over, none runs twice, nothing runs that is no
//! member. What runs is asked of `/proc` or of the engine ([`Body`]), not of lb; so the balancer is on this machine.

use std::collections::BTreeSet;

use anyhow::{Context, bail};
use serde_json::json;
use tokio::time::{Duration, Instant, sleep};

use crate::balancer::{Admin, Backend, Body, Program, Restartable, Runtime, http};
use crate::peer::isolation;
use crate::report::{Report, progress::Progress};

/// How long a restart may take, and what was left over to go.
const SETTLED_WITHIN: Duration = Duration::from_secs(60);
/// An engine goes on with what it was asked for by somebody who is dead.
const STRAYS_WITHIN: Duration = Duration::from_secs(3);
/// Between two looks at the front and the admin API.
const LOOK_AGAIN: Duration = Duration::from_millis(1);
/// Between two looks at all processes or containers.
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
    /// Members before that go on in the same process or container.
    adopted: usize,
    /// Members before that lived and were not taken over.
    lost: usize,
    /// Processes or containers that are still there beside the members' at the deadline.
    orphans: usize,
    /// Members that have none of their own, or share a name or a seat.
    duplicates: usize,
}

impl Options {
    /// Before anything is opened. Containers are reached from the machine's network alone.
    pub(crate) fn enter_isolation(&self) {
        if self.program.runtime == Runtime::Process {
            isolation::enter();
        }
    }
}

/// Kills and starts again, one after the other.
pub(crate) async fn run(options: &Options) -> anyhow::Result<Report> {
    let mut balancer = Restartable::start(&options.program, options.replicas).await?;
    let before = settled(&balancer).await.context("the first start")?;
    if before.members.len() != options.replicas as usize {
        bail!("{} replicas came up, not {}", before.members.len(), options.replicas);
    }
    let progress = Progress::steps("kills of lb", u64::from(options.kills));
    let mut restarts = Vec::new();
    for round in 0..options.kills {
        restarts.push(kill_once(&mut balancer, options.program.runtime, round).await?);
        progress.step();
    }
    // What the last killed change may have ordered comes late.
    sleep(STRAYS_WITHIN).await;
    let strays = settled(&balancer).await?.orphans();
    drop(progress);
    Ok(report(options, &restarts, strays))
}

/// Every other time in the middle of a change, whose answer never comes.
async fn kill_once(balancer: &mut Restartable, runtime: Runtime, round: u32) -> anyhow::Result<Restart> {
    let before = settled(balancer).await?.members;
    if round % 2 == 1 {
        let admin = balancer.admin;
        let unanswered = tokio::task::spawn_local(async move { Admin::new(admin).add(2).await });
        // It is under way, a little further each time.
        sleep(further(runtime) * (round % 40)).await;
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
    let adopted = before.iter().filter(|old| after.members.iter().any(|new| same(old, new))).count();
    let distinct = |key: fn(&Member) -> String| after.members.iter().map(key).collect::<BTreeSet<_>>().len();
    let (names, seats) = (distinct(|member| member.name.clone()), distinct(|member| member.seat.to_string()));
    let restart = Restart {
        serving_ms,
        ready_ms,
        adopted,
        lost: before.len() - adopted,
        orphans: after.orphans(),
        duplicates: after.members.len() - after.owned().len().min(names).min(seats),
    };
    // What the killed /add may have brought goes again, so that each round begins alike.
    let surplus = after.members.len().saturating_sub(before.len());
    if surplus > 0 {
        Admin::new(balancer.admin).remove(u32::try_from(surplus)?).await?;
    }
    Ok(restart)
}

/// Forty of these are a little more than starting a replica takes.
fn further(runtime: Runtime) -> Duration {
    match runtime {
        Runtime::Process => Duration::from_millis(1),
        Runtime::Docker => Duration::from_millis(15),
    }
}

fn same(old: &Member, new: &Member) -> bool {
    old.name == new.name && old.seat == new.seat && old.body.is_some() && old.body == new.body
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

/// A member, and what it is on this machine.
#[derive(Debug)]
struct Member {
    name: String,
    seat: u32,
    body: Option<Body>,
}

/// Members, and all that carries our mark, when the two agree or won't.
#[derive(Debug)]
struct Settled {
    members: Vec<Member>,
    bodies: Vec<Body>,
}

impl Settled {
    fn of(backends: &[Backend], bodies: Vec<Body>) -> Self {
        let member = |backend: &Backend| Member {
            name: backend.name.clone(),
            seat: backend.seat,
            body: bodies.iter().find(|body| body.is_of(backend)).cloned(),
        };
        Self { members: backends.iter().map(member).collect(), bodies }
    }

    fn owned(&self) -> BTreeSet<&Body> {
        self.members.iter().filter_map(|member| member.body.as_ref()).collect()
    }

    fn orphans(&self) -> usize {
        let owned = self.owned();
        self.bodies.iter().filter(|body| !owned.contains(body)).count()
    }

    fn agree(&self) -> bool {
        !self.members.is_empty() && self.owned().len() == self.members.len() && self.orphans() == 0
    }
}

async fn settled(balancer: &Restartable) -> anyhow::Result<Settled> {
    let deadline = Instant::now() + SETTLED_WITHIN;
    loop {
        let backends = members(balancer).await?;
        let settled = Settled::of(&backends, balancer.bodies().await?);
        if (backends.iter().all(Backend::is_ready) && settled.agree()) || Instant::now() > deadline {
            return Ok(settled);
        }
        sleep(COUNT_AGAIN).await;
    }
}

async fn members(balancer: &Restartable) -> anyhow::Result<Vec<Backend>> {
    let backends = Admin::new(balancer.admin).backends().await?.context("there is no /v1/backends")?;
    Ok(backends.into_iter().filter(Backend::is_member).collect())
}

/// `strays`: what is left over in the end, after all restarts.
fn report(options: &Options, restarts: &[Restart], strays: usize) -> Report {
    let sum = |pick: fn(&Restart) -> usize| restarts.iter().map(pick).sum::<usize>();
    let (adopted, lost) = (sum(|one| one.adopted), sum(|one| one.lost));
    let (orphans, duplicates) = (sum(|one| one.orphans) + strays, sum(|one| one.duplicates));
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
        title: format!(
            "restart: lb killed {} times, {}{} replicas",
            options.kills,
            options.program.in_words(),
            options.replicas
        ),
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
