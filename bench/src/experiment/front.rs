//! Who stands before the backends in `traffic`, `overload` and `fairness`: an `lb` of our own with the flags that the
//! experiment needs, or HAProxy's tcp mode, which is how we find out whether the experiment asks for something possible.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::bail;
use rustix::process::Pid;
use tokio::time::{Instant, sleep};

use crate::balancer::{Admin, Balancer, Turns};
use crate::load::{Client, Connections};
use crate::peer::{Peer, RunningPeer};

/// How long it may take until a request is answered.
const READY_WITHIN: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// `--against`
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Against {
    /// Ours.
    Lb,
    /// HAProxy's tcp mode with its default data path, as in `peers`.
    Haproxy,
}

impl Against {
    /// In texts.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Lb => "lb",
            Self::Haproxy => Peer::HaproxyTcp.name(),
        }
    }
}

/// A balancer that answers; it ends with this.
#[derive(Debug)]
pub(super) struct Front {
    /// Where connections go.
    pub(super) addr: SocketAddr,
    running: Running,
}

#[derive(Debug)]
enum Running {
    Own(Balancer),
    Peer(RunningPeer),
}

impl Front {
    /// `lb serve` with `flags` before `backends`, started by `command`, which becomes lb.
    pub(super) async fn lb(command: Command, backends: &[SocketAddr], flags: &[&str]) -> anyhow::Result<Self> {
        let balancer = Balancer::with_backends(command, backends, flags)?;
        let front = Self { addr: balancer.front, running: Running::Own(balancer) };
        front.until_answered().await?;
        Ok(front)
    }

    /// HAProxy before `backends`, which must be three.
    pub(super) async fn haproxy(backends: &[SocketAddr]) -> anyhow::Result<Self> {
        let peer = RunningPeer::start(Peer::HaproxyTcp, Path::new("haproxy"), backends).await?;
        Ok(Self { addr: peer.front, running: Running::Peer(peer) })
    }

    /// Either of them; `flags` are for lb.
    pub(super) async fn of(
        against: Against,
        lb: &Path,
        backends: &[SocketAddr],
        flags: &[&str],
    ) -> anyhow::Result<Self> {
        match against {
            Against::Lb => Self::lb(Command::new(lb), backends, flags).await,
            Against::Haproxy => Self::haproxy(backends).await,
        }
    }

    /// Its process.
    pub(super) fn pid(&self) -> Option<Pid> {
        match &self.running {
            Running::Own(balancer) => balancer.pid(),
            Running::Peer(peer) => peer.process.as_ref().map(crate::peer::process::Process::pid),
        }
    }

    /// Its admin API, where it has one.
    pub(super) fn admin(&self) -> Option<Admin> {
        match &self.running {
            Running::Own(balancer) => Some(balancer.admin),
            Running::Peer(_) => None,
        }
    }

    /// How long its workers' turns took, where it says so.
    pub(super) async fn turns(&self) -> anyhow::Result<Turns> {
        let Running::Own(balancer) = &self.running else { return Ok(Turns::default()) };
        Ok(balancer.admin.metrics().await?.as_ref().map(Turns::of).unwrap_or_default())
    }

    async fn until_answered(&self) -> anyhow::Result<()> {
        let deadline = Instant::now() + READY_WITHIN;
        let mut client = Client::new(self.addr, Connections::OnePerRequest, READY_WITHIN);
        loop {
            match client.ask(1).await.map(drop) {
                Ok(()) => return Ok(()),
                Err(kind) if Instant::now() > deadline => bail!("{} doesn't answer: {kind}", self.addr),
                Err(_) => sleep(LOOK_AGAIN).await,
            }
        }
    }
}
