//! `lb-bench`: experiments on a running `lb` over real sockets, one command each, with a verdict.
//!
//! Data goes to stdout (text, or JSON with `--json`), words to stderr. Exit codes: 0 ok · 1 the experiment could not be
//! run · 2 usage · 10 it ran and its verdict failed. A balancer that was started here is stopped again on every way out.
//!
//! [`load`] sends requests, [`balancer`] is who answers them, [`experiment`] asks one question a file, [`report`] says
//! what came out. It speaks TCP and HTTP like any user; only `lb_core::ring` is used directly, to know who should answer.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tokio::task::LocalSet;

mod balancer;
mod experiment;
mod load;
mod report;

use experiment::{kill, scale, spread};
use report::Report;

/// Experiments on a running load balancer
#[derive(Debug, Parser)]
#[command(name = "lb-bench", version)]
struct Cli {
    /// Print the result as JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    experiment: Experiment,
}

#[derive(Debug, Subcommand)]
enum Experiment {
    /// How requests spread over the replicas, and whether the same id finds the same replica again
    Spread(spread::Options),
    /// Whether adding and removing replicas under load costs a request
    Scale(scale::Options),
    /// How long it takes until a killed replica is replaced
    Kill(kill::Options),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    match LocalSet::new().block_on(&runtime, run(&cli.experiment)) {
        Ok(report) => report.finish(cli.json),
        Err(error) => failed(&error),
    }
}

/// Dropping the experiment on Ctrl-C drops its balancer, which stops it.
async fn run(experiment: &Experiment) -> anyhow::Result<Report> {
    let ended = async {
        match experiment {
            Experiment::Spread(options) => spread::run(options).await,
            Experiment::Scale(options) => scale::run(options).await,
            Experiment::Kill(options) => kill::run(options).await,
        }
    };
    tokio::select! {
        report = ended => report,
        _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
    }
}

fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("lb-bench: {error:#}");
    ExitCode::FAILURE
}
