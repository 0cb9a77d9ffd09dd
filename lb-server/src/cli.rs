//! What was typed: the command line and the environment, as text and numbers.
//!
//! Nothing is decided here. A flag is also `LB_…` in the environment and a key of the `--config` file, so
//! [`serve::ServeArgs`] is read by clap and by serde from one definition; [`serve::ServeArgs::over`] lays one source over
//! another. What the values mean together, and whether they go together, is [`crate::config`]'s business.
//! Only what this version does is offered: a flag that would be ignored isn't here. In help texts `{N}` stands for `{n}`
//! ([`usage`]).

use std::ffi::OsString;
use std::net::SocketAddr;

use clap::{Args, Parser, Subcommand};

pub(crate) mod change;
pub(crate) mod client;
pub(crate) mod parse;
pub(crate) mod period;
pub(crate) mod serve;
pub(crate) mod target;
pub(crate) mod typed;
pub(crate) mod usage;
pub(crate) mod values;

#[cfg(test)]
mod tests;

use change::{AddArgs, LimitArgs, NameArgs, PlanCommand, RmArgs, RollbackArgs, ScaleArgs, WeightArgs};
use client::{
    EpochsArgs, EventsArgs, ExplainArgs, LogsArgs, ReadyArgs, ReloadArgs, RepArgs, RingArgs, RouteArgs, ShowArgs,
    TopArgs,
};
use parse::socket_addr;
use period::Period;
use typed::Typed;

/// A layer-4 consistent-hash load balancer that keeps its replicas alive.
#[derive(Debug, Parser)]
#[command(name = "lb", version, about, after_help = "Plain `lb` is `lb serve`; its flags are in `lb serve --help`.")]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the front, the admin API and the supervisor (this is also what plain `lb` does)
    Serve(Box<Typed>),
    /// Read the configuration as serve would and print what would apply, as TOML; exit code 3 where it is wrong
    Check(Box<Typed>),
    /// Run the sample backend: /home, /heartbeat, /request
    Replica(ReplicaArgs),
    /// List the backends of a running balancer
    Rep(RepArgs),
    /// Add replicas to a running balancer; ends when they are ready
    Add(AddArgs),
    /// Remove replicas from a running balancer
    Rm(RmArgs),
    /// Give a backend no new sessions; those that it has may finish, and it stays
    Drain(NameArgs),
    /// Give a drained backend sessions again
    Undrain(NameArgs),
    /// Change a backend's share relative to the others
    Weight(WeightArgs),
    /// Change how many sessions a backend has at a time
    Limit(LimitArgs),
    /// Have so many replicas
    Scale(ScaleArgs),
    /// Read the configuration file again and apply what can be applied while running
    Reload(ReloadArgs),
    /// Go back to an earlier mapping
    Rollback(RollbackArgs),
    /// Say what a change would move, and change nothing
    Plan {
        /// The change
        #[command(subcommand)]
        change: PlanCommand,
    },
    /// Say where a key goes, and why
    Explain(ExplainArgs),
    /// Show who has which share of the slots
    Ring(RingArgs),
    /// List the mappings there were, or compare two of them
    Epochs(EpochsArgs),
    /// Watch a running balancer in the terminal: what is wrong, the backends, what happens
    Top(TopArgs),
    /// List what has happened to the membership, or follow it
    Events(EventsArgs),
    /// Show what a replica itself has printed, the end of it
    Logs(LogsArgs),
    /// Show the settings that a running balancer has, and where each comes from
    Config(ShowArgs),
    /// Print the OpenAPI document of a running balancer
    Openapi(ShowArgs),
    /// Print what makes a shell complete the words of a command line
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, of lb or of one of its commands
    Man {
        /// The command
        command: Option<String>,
    },
    /// Ask a running balancer whether it is ready for clients (exit code 0)
    Ready(ReadyArgs),
    /// Ask a running balancer's front which replica answers an id
    Route(RouteArgs),
    /// Make a new session and become another program (how the supervisor starts replicas)
    #[command(hide = true)]
    Launch(LaunchArgs),
}

/// `lb replica`.
#[derive(Debug, Args)]
pub(crate) struct ReplicaArgs {
    /// Where to listen [default: 0.0.0.0:PORT]
    #[arg(long, value_name = "ADDR", value_parser = socket_addr)]
    pub(crate) listen: Option<SocketAddr>,
    /// The port, where --listen isn't given
    #[arg(long, env = "PORT", default_value_t = 5000)]
    pub(crate) port: u16,
    /// Who it says it is
    #[arg(long, env = "SERVER_ID", default_value = "1")]
    pub(crate) id: String,
    /// How long it takes over /home and /request, for experiments
    #[arg(long, value_name = "TIME", default_value = "0")]
    pub(crate) delay: Period,
}

/// `lb launch -- ARGV…`.
#[derive(Debug, Args)]
pub(crate) struct LaunchArgs {
    /// The program and its arguments
    #[arg(last = true, required = true, value_name = "ARGV")]
    pub(crate) argv: Vec<OsString>,
}
