//! The balancer under test: one that somebody else started (`--target`), or our own `lb serve`: on this host ([`OwnLb`]),
//! its replicas processes or containers, or itself in a container beside them ([`InsideLb`]).
//!
//! Experiments see a front to send requests to and an [`Admin`] to ask and steer by. Nothing here knows lb's insides: a
//! target may be any implementation of the assignment, and then there is no `/v1`.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use rustix::process::Pid;
use tokio::time::{Instant, sleep};

pub(crate) mod admin;
pub(crate) mod http;
mod inside;
pub(crate) mod metrics;
mod own;
mod restartable;

use crate::engine::{Engine, HOST_VARIABLE, pool::Pool};
pub(crate) use admin::{Admin, Backend};
use inside::InsideLb;
pub(crate) use metrics::{Metrics, Turns};
use own::OwnLb;
pub(crate) use restartable::{Body, Restartable};

/// How long a balancer may take until its replicas are ready.
const READY_WITHIN: Duration = Duration::from_secs(30);
/// Between two looks at something that is waited for.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// Which balancer an experiment runs on.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Target {
    /// The front of a balancer that runs already, lb or not; without it an `lb serve` is started and stopped again
    #[arg(long, value_name = "ADDR", value_parser = address, conflicts_with_all = ["lb", "runtime", "image", "inside", "docker_reach"])]
    pub(crate) target: Option<SocketAddr>,
    /// The admin API of that balancer, where its front doesn't answer /rep, /add and /rm
    #[arg(long, value_name = "ADDR", requires = "target", value_parser = address)]
    pub(crate) admin: Option<SocketAddr>,
    #[command(flatten)]
    pub(crate) program: Program,
}

/// How a balancer of our own is started.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Program {
    /// The lb to start
    #[arg(long, value_name = "PATH", default_value_os_t = sibling_lb())]
    pub(crate) lb: PathBuf,
    /// How it starts its replicas
    #[arg(long, value_name = "NAME", value_enum, default_value_t = Runtime::Process)]
    pub(crate) runtime: Runtime,
    /// What its replicas are (`--runtime docker`); holds `lb`, and is there already
    #[arg(long, value_name = "REF", default_value = "lb:latest")]
    pub(crate) image: String,
    /// The balancer too runs in a container of the image, on its replicas' network (`--runtime docker`)
    #[arg(long)]
    pub(crate) inside: bool,
    /// How it reaches them (`--runtime docker`)
    #[arg(long, value_name = "HOW", value_enum, default_value_t = Reach::Auto)]
    pub(crate) docker_reach: Reach,
}

/// `--docker-reach`, as lb has it
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Reach {
    /// By their own address where this machine has a route to it, else by a published port
    Auto,
    /// By their own address
    Network,
    /// By a port published on 127.0.0.1, which is the engine's proxy
    Port,
}

impl Reach {
    /// What `lb serve --docker-reach` calls it.
    fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Network => "network",
            Self::Port => "port",
        }
    }
}

/// `--runtime`
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Runtime {
    /// Children of the balancer.
    Process,
    /// Containers of the engine that `docker` reaches; in a pool and a network of this run alone
    Docker,
}

impl Target {
    /// Whether its replicas will be containers that are started here.
    pub(crate) fn has_containers(&self) -> bool {
        self.target.is_none() && self.program.runtime == Runtime::Docker
    }

    /// As [`Program::in_words`]; nothing is known of somebody else's.
    pub(crate) fn in_words(&self) -> &'static str {
        if self.target.is_none() { self.program.in_words() } else { "" }
    }
}

impl Program {
    /// The flags of an `lb serve` that starts containers in `pool`.
    fn docker_flags<'a>(&'a self, pool: &'a Pool, has_command: bool) -> Vec<&'a str> {
        // An image whose name isn't lb's own isn't known to need a verb.
        let verb: &[&str] = if has_command { &[] } else { &["--command", "replica"] };
        let docker = ["--runtime", "docker", "--docker-reach", self.docker_reach.name()];
        [verb, &docker, &pool.flags(&self.image)].concat()
    }

    /// Within a report's title: what is special about this balancer; empty for one with processes.
    pub(crate) fn in_words(&self) -> &'static str {
        match (self.runtime, self.inside) {
            (Runtime::Process, _) => "",
            (Runtime::Docker, false) => match self.docker_reach {
                Reach::Auto => "replicas in containers, ",
                Reach::Network => "replicas in containers reached by their addresses, ",
                Reach::Port => "replicas in containers reached by published ports, ",
            },
            (Runtime::Docker, true) => "replicas and balancer in containers, ",
        }
    }
}

/// A balancer that is ready. Dropping it stops one that was started here.
#[derive(Debug)]
pub(crate) struct Balancer {
    /// Where requests go.
    pub(crate) front: SocketAddr,
    /// Its admin API.
    pub(crate) admin: Admin,
    own: Option<Own>,
}

/// What was started here. In this order it ends: the balancer stops its replicas, then what is left of them is removed.
#[derive(Debug)]
struct Own {
    lb: Lb,
    pool: Option<Pool>,
}

#[derive(Debug)]
enum Lb {
    Process(OwnLb),
    Container { _ends_with_this: InsideLb },
}

impl Balancer {
    /// Attaches to the target, which must have a replica, or starts one as [`Self::start`] does.
    pub(crate) async fn open(target: &Target, replicas: u32, flags: &[&str]) -> anyhow::Result<Self> {
        let Some(front) = target.target else { return Self::start(&target.program, replicas, flags).await };
        let balancer = Self { front, admin: Admin::new(target.admin.unwrap_or(front)), own: None };
        let listed = balancer.admin.replicas().await.context("the target can't be asked")?;
        if listed.is_empty() {
            bail!("/rep at {} lists no replica, so nobody can answer: /add some first", balancer.admin.addr());
        }
        Ok(balancer)
    }

    /// Starts one with `replicas` and `flags` added to `lb serve`; waits until all its replicas are ready.
    pub(crate) async fn start(program: &Program, replicas: u32, flags: &[&str]) -> anyhow::Result<Self> {
        ensure!(!program.inside || program.runtime == Runtime::Docker, "--inside is for --runtime docker");
        match program.runtime {
            Runtime::Process => {
                let flags = [flags, &["--runtime", "process"]].concat();
                Self::of(OwnLb::start(&program.lb, replicas, &flags)?, None).ready(replicas).await
            }
            Runtime::Docker => Self::start_on(Engine::default(), program, replicas, flags).await,
        }
    }

    /// The same with replicas on `engine`.
    pub(crate) async fn start_on(
        engine: Engine,
        program: &Program,
        replicas: u32,
        flags: &[&str],
    ) -> anyhow::Result<Self> {
        if let Some(reason) = engine.lacks(&program.image) {
            bail!("not run: {reason}");
        }
        let pool = Pool::create(engine).await?;
        let flags = [flags, &program.docker_flags(&pool, flags.contains(&"--command"))].concat();
        if program.inside {
            let lb = InsideLb::start(&pool, &program.image, replicas, &flags).await?;
            let (front, admin) = (lb.front, Admin::new(lb.admin));
            let own = Own { lb: Lb::Container { _ends_with_this: lb }, pool: Some(pool) };
            return Self { front, admin, own: Some(own) }.ready(replicas).await;
        }
        let mut command = Command::new(&program.lb);
        if let Some(host) = pool.engine.host() {
            command.env(HOST_VARIABLE, host);
        }
        let lb = OwnLb::start_by(command, replicas, &flags)?;
        Self::of(lb, Some(pool)).ready(replicas).await
    }

    /// One without replicas before `backends`, started by `command`, which becomes lb. It may not answer yet.
    pub(crate) fn with_backends(command: Command, backends: &[SocketAddr], flags: &[&str]) -> anyhow::Result<Self> {
        let named = backends.iter().zip(1..).flat_map(|(addr, n)| ["--backend".to_owned(), format!("B{n}={addr}")]);
        let named: Vec<String> = named.collect();
        let flags: Vec<&str> = flags.iter().copied().chain(named.iter().map(String::as_str)).collect();
        Ok(Self::of(OwnLb::start_by(command, 0, &flags)?, None))
    }

    fn of(lb: OwnLb, pool: Option<Pool>) -> Self {
        let (front, admin) = (lb.front, Admin::new(lb.admin));
        Self { front, admin, own: Some(Own { lb: Lb::Process(lb), pool }) }
    }

    async fn ready(self, replicas: u32) -> anyhow::Result<Self> {
        self.wait_until_ready(replicas as usize).await?;
        Ok(self)
    }

    /// Whether it was started here, so that its settings are known.
    pub(crate) fn is_own(&self) -> bool {
        self.own.is_some()
    }

    /// The process that was started here.
    pub(crate) fn pid(&self) -> Option<Pid> {
        match &self.own.as_ref()?.lb {
            Lb::Process(lb) => Some(lb.pid()),
            Lb::Container { .. } => None,
        }
    }

    /// Where its replicas are, where those are containers that were started here.
    pub(crate) fn pool(&self) -> Option<&Pool> {
        self.own.as_ref()?.pool.as_ref()
    }

    /// `/add` or `/rm` of as many as are missing or too many: the names there are then.
    pub(crate) async fn scale_to(&self, replicas: u32) -> anyhow::Result<Vec<String>> {
        let listed = self.admin.replicas().await?;
        let now = u32::try_from(listed.len()).context("/rep lists more than 2^32 replicas")?;
        let after = match now {
            _ if now < replicas => self.admin.add(replicas - now).await?,
            _ if now > replicas => self.admin.remove(now - replicas).await?,
            _ => listed,
        };
        if after.len() != replicas as usize {
            bail!("{replicas} replicas were asked for, {} lists {after:?}", self.admin.addr());
        }
        Ok(after)
    }

    async fn wait_until_ready(&self, replicas: usize) -> anyhow::Result<()> {
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            let listed = self.admin.replicas().await.context("the balancer can't be reached")?;
            if listed.len() >= replicas {
                return Ok(());
            }
            if Instant::now() > deadline {
                bail!("{} lists {listed:?} after {READY_WITHIN:?}, {replicas} are wanted", self.admin.addr());
            }
            sleep(LOOK_AGAIN).await;
        }
    }
}

/// `lb` beside this binary: both are built into one directory.
pub(crate) fn sibling_lb() -> PathBuf {
    std::env::current_exe().map_or_else(|_| PathBuf::from("lb"), |path| path.with_file_name("lb"))
}

/// The first address of `HOST:PORT`, IPv4 before IPv6: most implementations of the assignment listen on IPv4 only.
fn address(text: &str) -> Result<SocketAddr, String> {
    let found = text.to_socket_addrs().map_err(|error| format!("write HOST:PORT ({error})"))?;
    found.min_by_key(SocketAddr::is_ipv6).ok_or_else(|| "the name has no address".to_owned())
}

#[cfg(test)]
mod tests;
