//! The balancer under test: one that the user has running (`--front`, `--admin`), or our own `lb serve` ([`OwnLb`]).
//!
//! Experiments see a front to send requests to and an [`Admin`] to ask and steer by. Nothing here knows lb's insides.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::time::{Instant, sleep};

pub(crate) mod admin;
mod own;

pub(crate) use admin::{Admin, Backend};
use own::OwnLb;

/// How long a balancer may take until its replicas are ready.
const READY_WITHIN: Duration = Duration::from_secs(20);
/// Between two looks at something that is waited for.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// Which balancer an experiment runs on.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Target {
    /// The front of a running balancer; without it an `lb serve` is started for the experiment and stopped again
    #[arg(long, value_name = "ADDR", requires = "admin")]
    front: Option<SocketAddr>,
    /// The admin API of that balancer
    #[arg(long, value_name = "ADDR", requires = "front")]
    admin: Option<SocketAddr>,
    /// The binary to start
    #[arg(long, value_name = "PATH", default_value_os_t = sibling_lb(), conflicts_with = "front")]
    lb: PathBuf,
    /// Replicas of the balancer that is started
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub(crate) replicas: u32,
}

/// A balancer that is ready. Dropping it stops one that was started here.
#[derive(Debug)]
pub(crate) struct Balancer {
    /// Where requests go.
    pub(crate) front: SocketAddr,
    /// Its admin API.
    pub(crate) admin: Admin,
    _own: Option<OwnLb>,
}

impl Balancer {
    /// Attaches to the target, or starts one with `flags` added to `lb serve`; waits until all its replicas are ready.
    pub(crate) async fn open(target: &Target, flags: &[&str]) -> anyhow::Result<Self> {
        let (balancer, replicas) = match (target.front, target.admin) {
            (Some(front), Some(admin)) => (Self { front, admin: Admin::new(admin), _own: None }, 1),
            _ => {
                let own = OwnLb::start(&target.lb, target.replicas, flags)?;
                (Self { front: own.front, admin: Admin::new(own.admin), _own: Some(own) }, target.replicas)
            }
        };
        balancer.wait_until_ready(replicas as usize).await?;
        Ok(balancer)
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
