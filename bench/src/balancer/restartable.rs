//! An `lb serve` that is killed and started again on the same front and state directory.
//!
//! Its replicas outlive it, so it ends in order: whoever runs when this is dropped is told to stop, and stops them all;
//! containers that are left are removed with their [`Pool`]. A replica is known by its [`Body`]: by its mark it is ours,
//! `LB_INSTANCE` in a process's environment or the label `lb.instance` of a container.

use std::fs;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use rustix::process::Signal;

use super::{Backend, Program, Runtime};
use crate::engine::{Engine, pool::Pool};
use crate::peer::process::{Process, TempDir};

/// How long it may take to print its addresses.
const ADDRESSES_WITHIN: Duration = Duration::from_secs(10);
/// Between two looks at what it has printed.
const LOOK_AGAIN: Duration = Duration::from_millis(1);
/// SIGKILL takes no longer.
const KILLED_WITHIN: Duration = Duration::from_secs(5);
/// Containers take about a second each to stop.
const STOPPED_WITHIN: Duration = Duration::from_secs(15);

/// The one that runs now.
#[derive(Debug)]
pub(crate) struct Restartable {
    /// Where clients connect; the same after every start.
    pub(crate) front: SocketAddr,
    /// Its admin API; the same after every start.
    pub(crate) admin: SocketAddr,
    program: Program,
    // In this order: it stops its containers, then what is left of them is removed.
    process: Option<Process>,
    pool: Option<Pool>,
    state: TempDir,
}

/// What a replica is on this machine.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Body {
    /// A process, by its number.
    Process(i32),
    /// A container, by its id, and the replica that it says to be.
    Container {
        /// The engine's.
        id: String,
        /// Its label.
        name: String,
    },
}

impl Body {
    /// Whether it is this member's.
    pub(crate) fn is_of(&self, member: &Backend) -> bool {
        match self {
            Self::Process(pid) => member.pid == Some(*pid),
            Self::Container { name, .. } => *name == member.name,
        }
    }
}

impl Restartable {
    /// The first start, on free ports.
    pub(crate) async fn start(program: &Program, replicas: u32) -> anyhow::Result<Self> {
        ensure!(!program.inside, "a balancer in a container isn't killed here: leave --inside out");
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let state = TempDir::new().context("the state directory can't be made")?;
        let pool = match program.runtime {
            Runtime::Process => None,
            Runtime::Docker => Some(pool(&program.image).await?),
        };
        let mut started = Self { front: any, admin: any, program: program.clone(), process: None, pool, state };
        started.spawn(&["--replicas", &replicas.to_string()])?;
        Ok(started)
    }

    /// SIGKILL; it has ended when this returns.
    pub(crate) fn kill(&mut self) -> anyhow::Result<()> {
        let process = self.process.take().context("it runs")?;
        if !process.ends_after(Signal::KILL, KILLED_WITHIN) {
            bail!("lb survives SIGKILL");
        }
        Ok(())
    }

    /// The next one. How many replicas there are is for it to remember.
    pub(crate) fn start_again(&mut self) -> anyhow::Result<()> {
        self.spawn(&[])
    }

    /// Everything that carries the mark of this state directory.
    pub(crate) async fn bodies(&self) -> anyhow::Result<Vec<Body>> {
        let instance = self.instance()?;
        let Some(pool) = &self.pool else { return marked_processes(&instance) };
        let containers = pool.marked(&instance).await?;
        Ok(containers.into_iter().map(|(id, name)| Body::Container { id, name }).collect())
    }

    fn instance(&self) -> anyhow::Result<String> {
        let file = self.state.path().join(self.front.port().to_string()).join("instance");
        let text = fs::read_to_string(&file).with_context(|| format!("{} can't be read", file.display()))?;
        Ok(text.trim().to_owned())
    }

    fn spawn(&mut self, flags: &[&str]) -> anyhow::Result<()> {
        let mut command = Command::new(&self.program.lb);
        command.args(["serve", "--front", &self.front.to_string(), "--admin", &self.admin.to_string()]);
        command.arg("--state-dir").arg(self.state.path()).args(flags);
        match &self.pool {
            None => command.args(["--runtime", "process"]),
            Some(pool) => command.args(self.program.docker_flags(pool, false)),
        };
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let dir = TempDir::new().context("a directory for its output can't be made")?;
        let log = dir.path().join("stderr");
        let process = Process::start(&mut command, dir)?;
        let deadline = Instant::now() + ADDRESSES_WITHIN;
        loop {
            let text = fs::read_to_string(&log).unwrap_or_default();
            let after = |word: &str| text.lines().find_map(|line| line.strip_prefix(word)?.parse().ok());
            if let (Some(front), Some(admin)) = (after("front "), after("admin http://")) {
                (self.front, self.admin, self.process) = (front, admin, Some(process));
                return Ok(());
            }
            if process.has_ended() || Instant::now() > deadline {
                bail!("lb serve printed no addresses: {}", process.last_words());
            }
            std::thread::sleep(LOOK_AGAIN);
        }
    }
}

impl Drop for Restartable {
    fn drop(&mut self) {
        if let Some(process) = &self.process {
            // Killed sooner, it would leave its replicas behind.
            let _ended = process.ends_after(Signal::TERM, STOPPED_WITHIN);
        }
    }
}

async fn pool(image: &str) -> anyhow::Result<Pool> {
    let engine = Engine::default();
    if let Some(reason) = engine.lacks(image) {
        bail!("not run: {reason}");
    }
    Pool::create(engine).await
}

/// Zombies have no environment, so they aren't among them.
fn marked_processes(instance: &str) -> anyhow::Result<Vec<Body>> {
    let mark = format!("LB_INSTANCE={instance}");
    let carries = |pid: &i32| {
        let environ = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environ.split(|&byte| byte == 0).any(|entry| entry == mark.as_bytes())
    };
    let entries = fs::read_dir("/proc").context("/proc can't be read")?.flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    Ok(pids.filter(carries).map(Body::Process).collect())
}
