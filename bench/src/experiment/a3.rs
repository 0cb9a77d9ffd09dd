//! does every endpoint answer as the assignment says, and what does a dying replica cost?
//!
//! First each endpoint once, errors included ([`endpoints`]). Then continuous load ([`super::stream`]) on replicas that take
//! their time for an answer, so that a killed one always holds requests ([`kill`]); what can be done to one is in [`blow`],
//! what came of it in [`outcome`], pictures in [`pictures`]. Claimed: the endpoints; N is back within `--worst`; names are
//! never used twice; and nothing fails, around a kill or elsewhere (`--max-failed`). A replica that is frozen ([`freeze`])
//! lives on: what was sent before it was taken down waits for the first-byte deadline, what is sent later finds another.

use anyhow::bail;

use super::slow::slow_replica;
use crate::balancer::{Balancer, Target};
use crate::report::Report;

mod blow;
mod endpoints;
mod freeze;
mod kill;
mod oom;
mod outcome;
mod pictures;

use blow::Blow;
use outcome::Outcome;

/// How long a replica takes over an answer.
const REPLICA_DELAY: &str = "20ms";
/// The same in a container. 240 clients ask 600 times a second then: three tracked connections each for two minutes are
/// 216,000, and the kernel's table has room for 262,144 ([`crate::engine::conntrack`]).
const CONTAINER_DELAY: &str = "400ms";
/// N is back within this, in milliseconds: of processes, and of containers, which an engine has to make first.
const WORST_MS: u64 = 1000;
const CONTAINER_WORST_MS: u64 = 3000;
/// How long lb waits for a frozen replica: longer than health needs to take it down (three checks, a second each, the
/// first up to a second away), so that what is sent to it at any time may go to another by then.
const FIRST_BYTE_TIMEOUT: &str = "5s";

/// `lb-bench a3`
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Replicas of the balancer that is started
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(2..=60))]
    pub(crate) replicas: u32,
    /// How often a replica is killed; 0: the endpoints only
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) kills: u16,
    /// What is done to a replica
    #[arg(long, value_name = "NAME", value_enum, default_value_t = Fate::Kill)]
    pub(crate) signal: Fate,
    /// The verdict fails where more GETs fail than this
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) max_failed: u64,
    /// Requests in flight at the same time; a kill counts where its replica has at least 50 of them
    #[arg(long, value_name = "N", default_value_t = 240, value_parser = clap::value_parser!(u16).range(50..))]
    pub(crate) concurrency: u16,
    /// The verdict fails where N is back later than this after a kill, in milliseconds [default: 1000; of containers 3000]
    #[arg(long, value_name = "MS")]
    pub(crate) worst: Option<u64>,
}

/// `--signal`
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Fate {
    /// SIGKILL, or `docker kill`: its connections are reset, and another takes its seat
    Kill,
    /// Of a process SIGSTOP, as `pause`; of a container `docker stop --time 1`
    Stop,
    /// SIGSTOP or `docker pause`: its connections stay open and say nothing more, until a while after it was taken down
    Pause,
    /// A container's memory is used up, and the kernel ends it; needs root
    Oom,
    /// `docker rm --force`
    Rm,
}

impl Options {
    /// In milliseconds.
    fn worst_ms(&self) -> u64 {
        self.worst.unwrap_or(if self.target.has_containers() { CONTAINER_WORST_MS } else { WORST_MS })
    }

    /// Of the replicas that are started here.
    fn delay(&self) -> &'static str {
        if self.target.has_containers() { CONTAINER_DELAY } else { REPLICA_DELAY }
    }
}

/// Asks every endpoint, then kills under load.
pub(crate) async fn run(options: &Options) -> anyhow::Result<Report> {
    let blow = Blow::of(options.signal, options.target.has_containers())?;
    if blow == Blow::OutOfMemory && !rustix::process::geteuid().is_root() {
        bail!("not run: an OOM kill of a container is provoked by root alone");
    }
    let command = slow_replica(&options.target.program, options.delay())?;
    let balancer = Balancer::open(&options.target, options.replicas, &flags(blow, &command)).await?;
    let endpoints = endpoints::exercise(&balancer).await?;
    let skipped = match balancer.admin.backends().await? {
        None => Some("the target has no /v1/backends, so nobody's process is known (--admin ADDR)"),
        Some(_) if options.kills == 0 => Some("--kills 0"),
        Some(_) => None,
    };
    let campaign = match skipped {
        None => Some(kill::campaign(&balancer, blow, options).await?),
        Some(_) => None,
    };
    Ok(Outcome { endpoints, campaign, skipped }.report(options))
}

/// Of the balancer that is started.
fn flags(blow: Blow, command: &str) -> Vec<&str> {
    let mut flags = vec!["--command", command];
    if blow.freezes() {
        flags.extend(["--first-byte-timeout", FIRST_BYTE_TIMEOUT]);
    }
    flags
}
