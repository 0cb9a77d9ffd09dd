//! A `dockerd` of our own, beside the machine's: with its own data, sockets, networks and containerd, so that it may be
//! stopped and started again while nobody else notices.
//!
//! It has to run in a network namespace of its own: an engine without a bridge (`--bridge=none`) deletes the `docker0` that
//! it finds, whosever that is. It writes no firewall rules (`--iptables=false`): its containers are reached by their
//! addresses and by published ports, and reach nobody beyond that namespace. With `--live-restore` its containers live on while
//! it is away. All it has is in a temporary directory that goes with it; containers have to be removed before that.

use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use rustix::process::{Signal, kill_process};
use tokio::time::{Instant, sleep};

use super::Engine;
use crate::peer::isolation;
use crate::peer::process::{Process, TempDir, on_path};

/// How long it may take until it answers, and until it has ended.
const CHANGED_WITHIN: Duration = Duration::from_secs(30);
/// How long what it leaves behind may take to go.
const GONE_WITHIN: Duration = Duration::from_secs(5);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// An engine that is ours to stop.
#[derive(Debug)]
pub(crate) struct Daemon {
    /// How it is asked.
    pub(crate) engine: Engine,
    running: Option<Process>,
    dir: TempDir,
}

impl Daemon {
    /// Why there can't be one here, in a line; `None` where there can.
    pub(crate) fn is_impossible() -> Option<&'static str> {
        if !rustix::process::geteuid().is_root() {
            return Some("a container engine of our own needs root");
        }
        if on_path("dockerd").is_none() {
            return Some("dockerd isn't installed");
        }
        (!isolation::is_own_network()).then_some(
            "a second container engine would delete docker0, so it needs a network of its own (unshare and ip installed, \
             no --no-isolation)",
        )
    }

    /// Starts one without images; waits until it answers.
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let dir = TempDir::new().context("a temporary directory can't be made")?;
        // The machine's own settings are not for this one.
        std::fs::write(dir.path().join("daemon.json"), "{}")?;
        let engine = Engine::at(format!("unix://{}", dir.path().join("docker.sock").display()));
        let mut daemon = Self { engine, running: None, dir };
        daemon.resume().await?;
        Ok(daemon)
    }

    /// Copies an image from the user's engine.
    pub(crate) async fn load(&self, image: &str) -> anyhow::Result<()> {
        let file = self.dir.path().join("image.tar");
        let file = file.to_str().context("the temporary directory's path is not UTF-8")?;
        Engine::default().run(&["save", "--output", file, image]).await?;
        self.engine.run(&["load", "--input", file]).await.map(drop)
    }

    /// Stops it by SIGTERM; its containers live on. Returns when it has ended.
    pub(crate) async fn stop(&mut self) -> anyhow::Result<()> {
        let running = self.running.as_ref().context("the engine is away already")?;
        kill_process(running.pid(), Signal::TERM).context("the engine can't be stopped")?;
        let deadline = Instant::now() + CHANGED_WITHIN;
        while !running.has_ended() {
            ensure!(Instant::now() < deadline, "the engine doesn't stop within {CHANGED_WITHIN:?}");
            sleep(LOOK_AGAIN).await;
        }
        self.running = None;
        Ok(())
    }

    /// Starts it, again or for the first time; returns when it answers.
    pub(crate) async fn resume(&mut self) -> anyhow::Result<()> {
        self.spawn()?;
        let deadline = Instant::now() + CHANGED_WITHIN;
        while let Err(error) = self.engine.run(&["version"]).await {
            let running = self.running.as_ref().context("the engine has just been started")?;
            if running.has_ended() || Instant::now() > deadline {
                bail!("dockerd doesn't answer ({error:#}): {}", running.last_words());
            }
            sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }

    /// The same where nothing can be awaited: containers can only be removed while it is there.
    pub(crate) fn resume_now(&mut self) {
        if self.running.is_some() || self.spawn().is_err() {
            return;
        }
        let deadline = std::time::Instant::now() + CHANGED_WITHIN;
        while self.engine.run_now(&["version"]).is_err() && std::time::Instant::now() < deadline {
            std::thread::sleep(LOOK_AGAIN);
        }
    }

    fn spawn(&mut self) -> anyhow::Result<()> {
        let program = on_path("dockerd").context("dockerd isn't installed")?;
        let mut command = Command::new(program);
        let mut place = |flag: &str, name: &str| {
            command.arg(flag).arg(self.dir.path().join(name));
        };
        place("--config-file", "daemon.json");
        place("--data-root", "data");
        place("--exec-root", "exec");
        place("--pidfile", "pid");
        command.args(["--host", self.engine.host().unwrap_or_default(), "--live-restore", "--storage-driver", "vfs"]);
        command.args(["--bridge=none", "--iptables=false", "--ip-masq=false", "--ip-forward=false"]);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        self.running = Some(Process::start(&mut command, TempDir::new()?)?);
        Ok(())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Told twice it would leave its mounts, and its containerd writes until a moment after its end.
        if let Some(running) = self.running.take() {
            let _ended = running.ends_after(Signal::TERM, CHANGED_WITHIN);
        }
        // It mounts its data onto itself where mounts are shared; best effort, for mostly it has undone that.
        let mut unmount = Command::new("umount");
        unmount.arg(self.dir.path().join("data")).stdin(Stdio::null()).stderr(Stdio::null());
        let _unmounted = unmount.status();
        let deadline = std::time::Instant::now() + GONE_WITHIN;
        while std::fs::remove_dir_all(self.dir.path()).is_err_and(|error| error.kind() != std::io::ErrorKind::NotFound)
        {
            if std::time::Instant::now() > deadline {
                eprintln!("lb-bench: {} can't be removed", self.dir.path().display());
                return;
            }
            std::thread::sleep(LOOK_AGAIN);
        }
    }
}
