//! What was typed for the commands that ask a running balancer and change nothing: `lb rep`, `ready`, `route`, `explain`,
//! `ring`, `epochs`, `top`, `events`, `config`, `openapi`. Those that change something are in [`super::change`].
//!
//! Nothing is decided here; what they ask and how the answer is told is [`crate::client`]'s business. The variables are
//! those of `lb serve`, so that inside its container (and from its service's environment file) no flag is needed.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use super::period::{Period, PeriodError};
use super::target::Target;

/// Where the admin API is, where nothing says otherwise.
pub(crate) const ADMIN_DEFAULT: &str = "127.0.0.1:5001";

/// Where the admin API is and how it is asked; every client of it has these.
#[derive(Clone, Debug, Args)]
pub(crate) struct AdminArgs {
    /// The admin API: an address as for serve, http://HOST:PORT or unix:PATH
    #[arg(long, env = "LB_ADMIN", value_name = "URL|ADDR|unix:PATH", default_value = ADMIN_DEFAULT)]
    pub(crate) admin: Target,
    /// A file that holds the admin API's token
    #[arg(long, env = "LB_ADMIN_TOKEN_FILE", value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) answer: AnswerArgs,
}

/// How long an answer may take and what it is written as.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct AnswerArgs {
    /// What is written to stdout
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "table")]
    pub(crate) output: Output,
    /// For the whole exchange; 0 = no limit
    #[arg(long, value_name = "TIME", default_value = "30s")]
    pub(crate) timeout: Period,
}

/// `-o`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// Plain text, one thing a line
    Table,
    /// The body as it was received
    Json,
}

/// `lb rep`.
#[derive(Debug, Args)]
pub(crate) struct RepArgs {
    /// More than the names: state, weight, share, sessions, age
    #[arg(short, long)]
    pub(crate) long: bool,
    #[command(flatten)]
    pub(crate) admin: AdminArgs,
}

/// `lb ready`.
#[derive(Debug, Args)]
pub(crate) struct ReadyArgs {
    /// Ask this front for a replica's answer instead, where no admin API listens (profile assignment on port 5001)
    #[arg(long, value_name = "URL|ADDR")]
    pub(crate) front: Option<Target>,
    #[command(flatten)]
    pub(crate) admin: AdminArgs,
}

/// `lb route`.
#[derive(Debug, Args)]
pub(crate) struct RouteArgs {
    /// The request's id
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// The front that is asked
    #[arg(long, env = "LB_FRONT", value_name = "URL|ADDR", default_value = "127.0.0.1:5000")]
    pub(crate) front: Target,
    #[command(flatten)]
    pub(crate) answer: AnswerArgs,
}

/// `lb explain`.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The key: what stands in the request where --key says that it is looked for
    #[arg(value_name = "KEY", required_unless_present = "source")]
    pub(crate) key: Option<String>,
    /// A client address in place of a key, for what is routed by it
    #[arg(long, value_name = "IP", conflicts_with = "key")]
    pub(crate) source: Option<IpAddr>,
    #[command(flatten)]
    pub(crate) admin: AdminArgs,
}

/// `lb ring`.
#[derive(Debug, Args)]
pub(crate) struct RingArgs {
    /// Of this backend also which slots it has
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) admin: AdminArgs,
}

/// `lb epochs`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct EpochsArgs {
    /// What to do with them, other than to list them
    #[command(subcommand)]
    pub(crate) command: Option<EpochsCommand>,
    #[command(flatten)]
    pub(crate) admin: AdminArgs,
}

/// `lb epochs …`.
#[derive(Debug, Subcommand)]
pub(crate) enum EpochsCommand {
    /// What moved from one epoch to another
    Diff(DiffArgs),
}

/// `lb epochs diff`.
#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// The earlier one
    #[arg(value_name = "FROM")]
    pub(crate) from: u64,
    /// The later one
    #[arg(value_name = "TO")]
    pub(crate) to: u64,
    #[command(flatten)]
    pub(crate) admin: AdminArgs,
}

/// `lb top`.
#[derive(Debug, Args)]
pub(crate) struct TopArgs {
    /// How often it looks, 100ms to 1h
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = interval)]
    pub(crate) interval: Period,
    /// Print one picture as plain text, of two looks at most a second apart; needs no terminal. With -o json, one look at
    /// the documents behind it
    #[arg(long)]
    pub(crate) once: bool,
    #[command(flatten)]
    pub(crate) admin: AdminArgs,
}

/// Often enough to be seen, seldom enough to cost nothing.
fn interval(text: &str) -> Result<Period, String> {
    let period: Period = text.parse().map_err(|error: PeriodError| error.to_string())?;
    let allowed = Duration::from_millis(100)..=Duration::from_secs(3600);
    if allowed.contains(&period.0) { Ok(period) } else { Err("write 100ms to 1h, as in 2s".to_owned()) }
}

/// `lb events`.
#[derive(Debug, Args)]
pub(crate) struct EventsArgs {
    /// Go on with those that come, over restarts of the balancer too; Ctrl-C ends it
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// Only those after this one's number
    #[arg(long, value_name = "ID")]
    pub(crate) after: Option<u64>,
    #[command(flatten)]
    pub(crate) admin: AdminArgs,
}

/// `lb reload`.
#[derive(Debug, Args)]
pub(crate) struct ReloadArgs {
    /// Only say what would change
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) admin: AdminArgs,
}

/// `lb logs`.
#[derive(Debug, Args)]
pub(crate) struct LogsArgs {
    /// The replica
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// How many lines
    #[arg(long, value_name = "N", default_value_t = 100, allow_negative_numbers = true)]
    pub(crate) tail: u32,
    #[command(flatten)]
    pub(crate) admin: AdminArgs,
}

/// `lb config` and `lb openapi`.
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    #[command(flatten)]
    pub(crate) admin: AdminArgs,
}
