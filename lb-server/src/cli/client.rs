//! What was typed for the commands that ask a running balancer: `lb rep`, `add`, `rm`, `ready`, `route`.
//!
//! Nothing is decided here; what they ask and how the answer is told is [`crate::client`]'s business. The variables are
//! those of `lb serve`, so that inside its container (and from its service's environment file) no flag is needed.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::period::Period;
use super::target::Target;

/// Where the admin API is and how it is asked; every client of it has these.
#[derive(Clone, Debug, Args)]
pub(crate) struct AdminArgs {
    /// The admin API: an address as for serve, http://HOST:PORT or unix:PATH
    #[arg(long, env = "LB_ADMIN", value_name = "URL|ADDR|unix:PATH", default_value = "127.0.0.1:5001")]
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
    #[command(flatten)]
    pub(crate) admin: AdminArgs,
}

/// `lb add` and `lb rm`.
#[derive(Debug, Args)]
pub(crate) struct ChangeArgs {
    /// How many [default: as many as there are names]
    #[arg(short, long, value_name = "N", required_unless_present = "names")]
    pub(crate) n: Option<u64>,
    /// Which; where N is more, the others are made up (add) or picked at random (rm)
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
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
