//! An `lb serve` that is killed and started again on the same front and state directory.
//!
//! Its replicas outlive it, so it ends in order: whoever runs when this is dropped is told to stop, and stops them all.

use std::fs;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rustix::process::Signal;

use super::Program;
use crate::peer::process::{Process, TempDir};

/// How long it may take to print its addresses.
const ADDRESSES_WITHIN: Duration = Duration::from_secs(10);
/// Between two looks at what it has printed.
const LOOK_AGAIN: Duration = Duration::from_millis(1);
/// SIGKILL takes no longer.
const KILLED_WITHIN: Duration = Duration::from_secs(5);

/// The one that runs now.
#[derive(Debug)]
pub(crate) struct Restartable {
    /// Where clients connect; the same after every start.
    pub(crate) front: SocketAddr,
    /// Its admin API; the same after every start.
    pub(crate) admin: SocketAddr,
    program: Program,
    process: Option<Process>,
    state: TempDir,
}

impl Restartable {
    /// The first start, on free ports.
    pub(crate) fn start(program: &Program, replicas: u32) -> anyhow::Result<Self> {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let state = TempDir::new().context("the state directory can't be made")?;
        let mut started = Self { front: any, admin: any, program: program.clone(), process: None, state };
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

    /// The mark of its replicas.
    pub(crate) fn instance(&self) -> anyhow::Result<String> {
        let file = self.state.path().join(self.front.port().to_string()).join("instance");
        let text = fs::read_to_string(&file).with_context(|| format!("{} can't be read", file.display()))?;
        Ok(text.trim().to_owned())
    }

    fn spawn(&mut self, flags: &[&str]) -> anyhow::Result<()> {
        let mut command = Command::new(&self.program.lb);
        command.args(["serve", "--front", &self.front.to_string(), "--admin", &self.admin.to_string()]);
        command.args(["--runtime", "process", "--state-dir"]).arg(self.state.path()).args(flags);
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
