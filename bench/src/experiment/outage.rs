//! What does it cost when the container engine stops for a while and starts again, as in an upgrade of it?
//!
//! A second engine is started for this ([`Daemon`], live-restore: its containers outlive it), and an `lb serve` whose
//! replicas are containers of it, all of them in a network namespace of their own, so that the machine's isn't touched. Under load the engine is stopped; a third of its time away later a replica is killed,
//! which nobody can replace yet; then the engine starts again. Claimed ([`outcome`]): nothing fails at any time; the admin
//! API answers all the while; and afterwards N serve, each in a container of its own, and no other container is left.

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{Duration, Instant, sleep, timeout};

use super::slow::slow_replica;
use super::stream::{Log, Stream};
use crate::balancer::{Balancer, Program, Reach, Runtime, sibling_lb};
use crate::engine::daemon::Daemon;
use crate::report::Report;
use crate::report::progress::Progress;

mod outcome;

use outcome::Containers;

/// Before the engine stops and after everything is whole again.
const SETTLE: Duration = Duration::from_secs(3);
/// The engine is back, and N serve again within this, or the experiment says that they don't.
const WHOLE_WITHIN: Duration = Duration::from_secs(60);
/// Between two looks at the admin API.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// An admin API that doesn't answer within this hangs.
const ADMIN_ANSWERS_WITHIN: Duration = Duration::from_secs(5);
/// How long a replica takes over an answer: with the clients below some 200 requests a second.
const REPLICA_DELAY: &str = "200ms";

/// `lb-bench outage`
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The lb to start
    #[arg(long, value_name = "PATH", default_value_os_t = sibling_lb())]
    lb: std::path::PathBuf,
    /// What its replicas are; the image is copied from the engine that `docker` reaches
    #[arg(long, value_name = "REF", default_value = "lb:latest")]
    image: String,
    /// The balancer too runs in a container of the image, on its replicas' network
    #[arg(long)]
    inside: bool,
    /// How the balancer reaches its replicas; published ports are the engine's proxy, which goes away with it
    #[arg(long, value_name = "HOW", value_enum, default_value_t = Reach::Auto)]
    docker_reach: Reach,
    /// Replicas
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(2..=20))]
    replicas: u32,
    /// How long the engine is away
    #[arg(long, value_name = "S", default_value_t = 60, value_parser = clap::value_parser!(u64).range(6..=600))]
    seconds: u64,
    /// Requests in flight at the same time
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = clap::value_parser!(u16).range(1..=200))]
    concurrency: u16,
}

/// An engine and the balancer on it.
struct Scene {
    // In this order: the balancer's containers are removed while the engine is there.
    balancer: Balancer,
    daemon: Daemon,
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.daemon.resume_now();
    }
}

/// What happened when, in milliseconds of the stream's clock.
#[derive(Debug)]
struct Moments {
    /// The engine was told to stop.
    stops_ms: f64,
    /// It had ended.
    away_ms: f64,
    /// A replica was killed.
    killed_ms: f64,
    /// The engine answered again.
    back_ms: f64,
    /// N served again; none where they never did.
    whole_ms: Option<f64>,
}

/// What was seen of the admin API while the engine was away.
#[derive(Debug, Default)]
struct Admin {
    asked: u64,
    unanswered: u64,
    slowest_ms: f64,
    /// Fewest ready replicas in an answer.
    ready_min: Option<usize>,
}

/// All that was found.
#[derive(Debug)]
struct Found {
    victim: String,
    moments: Moments,
    admin: Admin,
    containers: Containers,
    seats: std::collections::BTreeMap<String, u32>,
    log: Log,
}

/// Runs it once.
pub(crate) async fn run(options: &Options) -> anyhow::Result<Report> {
    if let Some(reason) = Daemon::is_impossible() {
        bail!("not run: {reason}");
    }
    if let Some(reason) = crate::engine::Engine::default().lacks(&options.image) {
        bail!("not run: {reason}");
    }
    let mut scene = set(options).await?;
    let stream = Stream::start(scene.balancer.front, usize::from(options.concurrency));
    let progress = Progress::steps("outage: the engine is away under load", 4);
    sleep(SETTLE).await;
    let mut seats = outcome::seats(&scene.balancer).await?;
    let (victim, pid) = victim(&scene.balancer).await?;
    let stops_ms = stream.at_ms(Instant::now());
    scene.daemon.stop().await?;
    let away = Instant::now();
    let away_ms = stream.at_ms(away);
    progress.step();
    let mut admin = Admin::default();
    admin.watch(&scene.balancer, away + Duration::from_secs(options.seconds) / 3).await;
    let killed_ms = stream.at_ms(Instant::now());
    kill_process(pid, Signal::KILL).with_context(|| format!("{victim} can't be killed"))?;
    progress.step();
    admin.watch(&scene.balancer, away + Duration::from_secs(options.seconds)).await;
    scene.daemon.resume().await?;
    let back_ms = stream.at_ms(Instant::now());
    progress.step();
    let whole = until_whole(&scene.balancer, &victim, options.replicas as usize).await;
    let whole_ms = whole.map(|whole| stream.at_ms(whole));
    sleep(SETTLE).await;
    let containers = Containers::of(&scene.balancer, options.replicas as usize).await?;
    seats.extend(outcome::seats(&scene.balancer).await?);
    let log = stream.stop().await;
    let moments = Moments { stops_ms, away_ms, killed_ms, back_ms, whole_ms };
    Ok(outcome::report(options, &Found { victim, moments, admin, containers, seats, log }))
}

async fn set(options: &Options) -> anyhow::Result<Scene> {
    let program = Program {
        lb: options.lb.clone(),
        runtime: Runtime::Docker,
        image: options.image.clone(),
        inside: options.inside,
        docker_reach: options.docker_reach,
    };
    let daemon = Daemon::start().await?;
    daemon.load(&options.image).await?;
    let command = slow_replica(&program, REPLICA_DELAY)?;
    let flags = ["--command", &command];
    let balancer = Balancer::start_on(daemon.engine.clone(), &program, options.replicas, &flags).await?;
    Ok(Scene { balancer, daemon })
}

/// One of the replicas, and its process: the engine can't be asked for that later.
async fn victim(balancer: &Balancer) -> anyhow::Result<(String, Pid)> {
    let pool = balancer.pool().context("the replicas are containers")?;
    let names = balancer.admin.replicas().await?;
    let name = fastrand::choice(names).context("there are replicas")?;
    let pid = pool.engine.pid(&pool.container(&name)).await?;
    Ok((name, pid))
}

/// When N without the victim are listed and ready.
async fn until_whole(balancer: &Balancer, victim: &str, wanted: usize) -> Option<Instant> {
    let deadline = Instant::now() + WHOLE_WITHIN;
    while Instant::now() < deadline {
        if let Ok(Some(backends)) = balancer.admin.backends().await {
            let serving = backends.iter().filter(|backend| backend.is_ready() && backend.name != victim);
            let listed = balancer.admin.replicas().await.unwrap_or_default();
            if serving.count() == wanted && listed.len() == wanted && listed.iter().all(|name| name != victim) {
                return Some(Instant::now());
            }
        }
        sleep(LOOK_EVERY).await;
    }
    None
}

impl Admin {
    /// Asks it again and again until then.
    async fn watch(&mut self, balancer: &Balancer, until: Instant) {
        while Instant::now() < until {
            let asked = Instant::now();
            let answer = timeout(ADMIN_ANSWERS_WITHIN, balancer.admin.backends()).await;
            self.asked += 1;
            self.slowest_ms = self.slowest_ms.max(asked.elapsed().as_secs_f64() * 1000.0);
            match answer {
                Ok(Ok(Some(backends))) => {
                    let ready = backends.iter().filter(|backend| backend.is_ready()).count();
                    self.ready_min = Some(self.ready_min.map_or(ready, |least| least.min(ready)));
                }
                _ => self.unanswered += 1,
            }
            sleep(LOOK_EVERY).await;
        }
    }
}
