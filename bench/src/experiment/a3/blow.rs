//! What A-3 does to a replica, by the word that was typed and by what the replica is, and the moment in which it happened.
//!
//! A process gets a signal, a container what its user would type: `docker kill`, `stop -t 1`, `pause`, `rm -f`, or an end
//! by the kernel for want of memory ([`super::oom`]). The command takes its time, so the moment isn't when it was begun but
//! when the process in the container was gone (its pidfd says so) or the engine says that it was paused.

use std::os::fd::OwnedFd;
use std::time::SystemTime;

use anyhow::{Context, bail};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};
use tokio::time::{Duration, Instant};

use super::{Fate, oom};
use crate::balancer::{Backend, Balancer};
use crate::engine::{Engine, pool::Pool};

/// A struck replica is gone within this, or it wasn't struck: `stop -t 1` and a removal take seconds.
const GONE_WITHIN: Timespec = Timespec { tv_sec: 30, tv_nsec: 0 };

/// What is done to a replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blow {
    /// SIGKILL to a process.
    Kill,
    /// SIGSTOP to a process, later SIGCONT.
    Freeze,
    /// SIGKILL to a container.
    DockerKill,
    /// SIGTERM to a container, a second later SIGKILL.
    DockerStop,
    /// A container's freezer, later thawed.
    DockerPause,
    /// The kernel ends a container whose memory is used up.
    OutOfMemory,
    /// A container is killed and removed in one go.
    Remove,
}

impl Blow {
    /// What `fate` means for replicas that are containers or aren't.
    pub(super) fn of(fate: Fate, containers: bool) -> anyhow::Result<Self> {
        Ok(match (fate, containers) {
            (Fate::Kill, false) => Self::Kill,
            (Fate::Stop | Fate::Pause, false) => Self::Freeze,
            (Fate::Kill, true) => Self::DockerKill,
            (Fate::Stop, true) => Self::DockerStop,
            (Fate::Pause, true) => Self::DockerPause,
            (Fate::Oom, true) => Self::OutOfMemory,
            (Fate::Rm, true) => Self::Remove,
            (Fate::Oom | Fate::Rm, false) => bail!("--signal oom and rm are for containers: add --runtime docker"),
        })
    }

    /// One of them, as a noun.
    pub(super) fn in_words(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Freeze => "freeze",
            Self::DockerKill => "docker kill",
            Self::DockerStop => "docker stop",
            Self::DockerPause => "docker pause",
            Self::OutOfMemory => "OOM kill",
            Self::Remove => "docker removal",
        }
    }

    /// The files of its charts (over time, recovery): all of them may be in one directory of results.
    pub(super) fn stems(self) -> [&'static str; 2] {
        match self {
            Self::Kill | Self::Freeze => ["a3_timeline", "a3_recovery"],
            Self::DockerKill => ["a3_docker_kill_timeline", "a3_docker_kill_recovery"],
            Self::DockerStop => ["a3_docker_stop_timeline", "a3_docker_stop_recovery"],
            Self::DockerPause => ["a3_docker_pause_timeline", "a3_docker_pause_recovery"],
            Self::OutOfMemory => ["a3_docker_oom_timeline", "a3_docker_oom_recovery"],
            Self::Remove => ["a3_docker_rm_timeline", "a3_docker_rm_recovery"],
        }
    }

    /// Whether its victim lives on and goes on later.
    pub(super) fn freezes(self) -> bool {
        matches!(self, Self::Freeze | Self::DockerPause)
    }

    /// Whether its victim is a container.
    pub(super) fn is_of_containers(self) -> bool {
        !matches!(self, Self::Kill | Self::Freeze)
    }

    /// Whether a victim may still finish what it holds; then nothing need be interrupted. A paused container does when it
    /// is replaced: to be stopped it has to be resumed.
    pub(super) fn is_gentle(self) -> bool {
        matches!(self, Self::DockerStop | Self::DockerPause)
    }
}

/// A replica that is to be struck.
pub(super) enum Victim<'a> {
    Process(Pid),
    Container { pool: &'a Pool, name: String, pid: Pid },
}

impl<'a> Victim<'a> {
    /// The process or container of `backend`, which must be the balancer's own.
    pub(super) async fn of(balancer: &'a Balancer, backend: &Backend) -> anyhow::Result<Self> {
        if let Some(pool) = balancer.pool() {
            let name = pool.container(&backend.name);
            let pid = pool.engine.pid(&name).await?;
            return Ok(Self::Container { pool, name, pid });
        }
        let pid = backend.pid.and_then(Pid::from_raw);
        pid.map(Self::Process).with_context(|| format!("{} has no process", backend.name))
    }

    /// Ends it; the moment in which it was gone.
    pub(super) async fn end(&self, blow: Blow) -> anyhow::Result<Instant> {
        let (pool, name, pid) = match self {
            Self::Process(pid) => {
                let now = Instant::now();
                kill_process(*pid, Signal::KILL).with_context(|| format!("pid {pid:?} can't be killed"))?;
                return Ok(now);
            }
            Self::Container { pool, name, pid } => (pool, name.as_str(), *pid),
        };
        let process = pidfd_open(pid, PidfdFlags::empty()).with_context(|| format!("{name}: pid {pid:?}"))?;
        let gone = tokio::task::spawn_blocking(move || until_gone(&process));
        let engine = &pool.engine;
        match blow {
            Blow::DockerKill => engine.run(&["kill", name]).await.map(drop)?,
            Blow::DockerStop => engine.run(&["stop", "--time", "1", name]).await.map(drop)?,
            Blow::Remove => engine.run(&["rm", "--force", name]).await.map(drop)?,
            Blow::OutOfMemory => oom::strike(engine, name, pid).await?,
            Blow::Kill | Blow::Freeze | Blow::DockerPause => bail!("{name}: {blow:?} doesn't end a container"),
        }
        gone.await.context("the watch over a process can't be kept")?.with_context(|| format!("{name} lives on"))
    }
}

/// Waits for a process to end; on a thread of its own, for the load shall go on and the moment be exact.
fn until_gone(process: &OwnedFd) -> anyhow::Result<Instant> {
    let mut watched = [PollFd::new(process, PollFlags::IN)];
    match poll(&mut watched, Some(&GONE_WITHIN)).context("a process can't be watched")? {
        0 => bail!("not gone within {} s", GONE_WITHIN.tv_sec),
        _ => Ok(Instant::now()),
    }
}

/// A replica that says nothing more; dropped, it goes on.
pub(super) struct Frozen<'a> {
    victim: Victim<'a>,
    goes_on: bool,
}

impl<'a> Frozen<'a> {
    /// Freezes it; also says when it was frozen.
    pub(super) async fn new(victim: Victim<'a>) -> anyhow::Result<(Self, Instant)> {
        let (now, time) = (Instant::now(), SystemTime::now());
        match &victim {
            Victim::Process(pid) => {
                kill_process(*pid, Signal::STOP).with_context(|| format!("pid {pid:?} can't be stopped"))?;
                Ok((Self { victim, goes_on: false }, now))
            }
            Victim::Container { pool, name, .. } => {
                let (engine, name) = (pool.engine.clone(), name.clone());
                // Before the call: an interrupted one may have paused it.
                let frozen = Self { victim, goes_on: false };
                engine.run(&["pause", &name]).await?;
                Ok((frozen, now + paused_after(&engine, &name, time).await?))
            }
        }
    }

    /// Lets it go on.
    pub(super) async fn thaw(mut self) {
        match &self.victim {
            // ESRCH: the balancer has ended it.
            Victim::Process(pid) => drop(kill_process(*pid, Signal::CONT)),
            // It may have been replaced, and removed, meanwhile.
            Victim::Container { pool, name, .. } => drop(pool.engine.run(&["unpause", name]).await),
        }
        self.goes_on = true;
    }
}

impl Drop for Frozen<'_> {
    fn drop(&mut self) {
        match &self.victim {
            _ if self.goes_on => {}
            Victim::Process(pid) => drop(kill_process(*pid, Signal::CONT)),
            Victim::Container { pool, name, .. } => drop(pool.engine.run_now(&["unpause", name])),
        }
    }
}

/// From `time` to the engine's event that says that a container was paused.
async fn paused_after(engine: &Engine, name: &str, time: SystemTime) -> anyhow::Result<Duration> {
    let unix = |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).context("the clock is before 1970");
    let begun = unix(time)?;
    let seconds = |unix: Duration| format!("{}.{:09}", unix.as_secs(), unix.subsec_nanos());
    let (since, until) = (seconds(begun), seconds(unix(SystemTime::now())?));
    let container = format!("container={name}");
    let events = ["events", "--since", &since, "--until", &until, "--filter", &container];
    let said = engine.run(&[&events[..], &["--filter", "event=pause", "--format", "{{.TimeNano}}"]].concat()).await?;
    let nanos: u64 = said.lines().next().unwrap_or_default().parse().context("the engine tells no pause")?;
    Ok(Duration::from_nanos(nanos).saturating_sub(begun))
}

#[cfg(test)]
mod tests;
