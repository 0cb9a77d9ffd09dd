//! does every endpoint answer as the assignment says, and what does a dying replica cost?
//!
//! First each endpoint once, errors included ([`endpoints`]). Then continuous load ([`stream`]) on replicas that take
//! 20 ms for an answer, so that a killed one always holds requests ([`kill`]); what came of it is in [`outcome`],
//! pictures in [`pictures`]. Claimed: the endpoints; N is back within `--worst`; names are never used twice; and nothing
//! fails, around a kill or elsewhere (`--max-failed`). With `--signal stop` the replica is frozen ([`freeze`]) instead: what
//! was sent before health has taken it down waits for the first-byte deadline, what is sent after that finds another.

use super::slow::slow_replica;
use crate::balancer::{Balancer, Target};
use crate::report::Report;

mod endpoints;
mod freeze;
mod kill;
mod outcome;
mod pictures;
mod stream;
mod timeline;

use outcome::Outcome;

/// How long a replica takes over an answer.
const REPLICA_DELAY: &str = "20ms";
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
    /// What is done to a replica: `kill` ends it, `stop` freezes it until health has taken it down and a while longer
    #[arg(long, value_name = "NAME", value_enum, default_value_t = Fate::Kill)]
    pub(crate) signal: Fate,
    /// The verdict fails where more GETs fail than this
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) max_failed: u64,
    /// Requests in flight at the same time; a kill counts where its replica has at least 50 of them
    #[arg(long, value_name = "N", default_value_t = 240, value_parser = clap::value_parser!(u16).range(50..))]
    pub(crate) concurrency: u16,
    /// The verdict fails where N is back later than this after a kill, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 1000)]
    pub(crate) worst: u64,
}

/// `--signal`
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Fate {
    /// SIGKILL: its connections are reset, and another takes its seat.
    Kill,
    /// SIGSTOP: its connections stay open and say nothing more. Later SIGCONT.
    Stop,
}

/// Asks every endpoint, then kills under load.
pub(crate) async fn run(options: &Options) -> anyhow::Result<Report> {
    let command = slow_replica(&options.target.program, REPLICA_DELAY)?;
    let balancer = Balancer::open(&options.target, options.replicas, &flags(options.signal, &command)).await?;
    let endpoints = endpoints::exercise(&balancer).await?;
    let skipped = match balancer.admin.backends().await? {
        None => Some("the target has no /v1/backends, so nobody's process is known (--admin ADDR)"),
        Some(_) if options.kills == 0 => Some("--kills 0"),
        Some(_) => None,
    };
    let campaign = match skipped {
        None => Some(kill::campaign(&balancer, options).await?),
        Some(_) => None,
    };
    Ok(Outcome { endpoints, campaign, skipped }.report(options))
}

/// Of the balancer that is started.
fn flags(signal: Fate, command: &str) -> Vec<&str> {
    let mut flags = vec!["--command", command];
    if signal == Fate::Stop {
        flags.extend(["--first-byte-timeout", FIRST_BYTE_TIMEOUT]);
    }
    flags
}
