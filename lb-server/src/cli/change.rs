//! What was typed for the commands that change a running balancer: `lb add`, `rm`, `drain`, `undrain`, `weight`, `limit`,
//! `scale`, `rollback`, and `lb plan …`, which says of each of them what it would move.
//!
//! What they ask, and how a plan reads, is in [`crate::client`].

use clap::{Args, Subcommand};

use super::client::AdminArgs;
use super::period::Period;

/// How a change is made.
#[derive(Clone, Debug, Args)]
pub(crate) struct HowArgs {
    /// Say what it would move, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Don't ask first (nobody is asked where stdin or stderr is no terminal)
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Make it once, however often it is asked for under this key: a script that got no answer asks again
    #[arg(long, value_name = "KEY", value_parser = super::parse::idempotency_key)]
    pub(crate) idempotency_key: Option<String>,
    #[command(flatten)]
    pub(crate) admin: AdminArgs,
}

/// `lb add` and `lb rm`.
#[derive(Clone, Debug, Args)]
pub(crate) struct WhoArgs {
    /// How many [default: as many as there are names]
    #[arg(short, long, value_name = "N", required_unless_present = "names")]
    pub(crate) n: Option<u64>,
    /// Which; where N is more, the others are made up (add) or picked at random (rm)
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
}

/// How long a command may wait for replicas.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct WaitArgs {
    /// How long the balancer waits until new replicas are ready, before it takes all back; 0: it goes on by itself
    /// [default: 8s]
    #[arg(long, value_name = "TIME")]
    pub(crate) wait: Option<Period>,
}

/// `lb add`.
#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    #[command(flatten)]
    pub(crate) who: WhoArgs,
    #[command(flatten)]
    pub(crate) wait: WaitArgs,
    #[command(flatten)]
    pub(crate) how: HowArgs,
}

/// `lb rm`.
#[derive(Debug, Args)]
pub(crate) struct RmArgs {
    #[command(flatten)]
    pub(crate) who: WhoArgs,
    #[command(flatten)]
    pub(crate) how: HowArgs,
}

/// `lb drain` and `lb undrain`.
#[derive(Debug, Args)]
pub(crate) struct NameArgs {
    /// The backend
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) how: HowArgs,
}

/// `lb weight`.
#[derive(Debug, Args)]
pub(crate) struct WeightArgs {
    /// The backend
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Its share relative to the others, 0.001 to 256
    #[arg(value_name = "WEIGHT", allow_negative_numbers = true)]
    pub(crate) weight: f64,
    #[command(flatten)]
    pub(crate) how: HowArgs,
}

/// `lb limit`.
#[derive(Debug, Args)]
pub(crate) struct LimitArgs {
    /// The backend
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Sessions at a time, over all workers; 0 = no limit
    #[arg(value_name = "N")]
    pub(crate) max_connections: u32,
    #[command(flatten)]
    pub(crate) how: HowArgs,
}

/// `lb scale`.
#[derive(Debug, Args)]
pub(crate) struct ScaleArgs {
    /// So many replicas
    #[arg(value_name = "N")]
    pub(crate) n: u64,
    #[command(flatten)]
    pub(crate) wait: WaitArgs,
    #[command(flatten)]
    pub(crate) how: HowArgs,
}

/// `lb rollback`.
#[derive(Debug, Args)]
pub(crate) struct RollbackArgs {
    /// The epoch whose mapping shall be again (`lb epochs` lists them)
    #[arg(value_name = "EPOCH")]
    pub(crate) epoch: u64,
    #[command(flatten)]
    pub(crate) wait: WaitArgs,
    #[command(flatten)]
    pub(crate) how: HowArgs,
}

/// `lb plan …`: as the command of that name with --dry-run.
#[derive(Debug, Subcommand)]
pub(crate) enum PlanCommand {
    /// Of `lb add`
    Add(AddArgs),
    /// Of `lb rm`
    Rm(RmArgs),
    /// Of `lb drain`
    Drain(NameArgs),
    /// Of `lb undrain`
    Undrain(NameArgs),
    /// Of `lb weight`
    Weight(WeightArgs),
    /// Of `lb limit`
    Limit(LimitArgs),
    /// Of `lb scale`
    Scale(ScaleArgs),
    /// Of `lb rollback`
    Rollback(RollbackArgs),
}
