//! `lb-bench`: experiments on a running `lb` over real sockets, one command each, with a verdict.
//!
//! Data goes to stdout (text, or JSON with `--json`), words to stderr. Exit codes: 0 ok · 1 the experiment could not
//! be run · 2 usage · 10 it ran and its verdict failed. A balancer that was started here is stopped on every way out.
//!
//! [`load`] sends requests, [`balancer`] is who answers them, [`experiment`] asks one question a file, [`report`] says
//! what came out. It speaks TCP and HTTP like any user; only `lb_core::ring` is used directly: who should answer.

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};
use tokio::task::LocalSet;

mod balancer;
mod experiment;
mod load;
mod peer;
mod report;
mod trivial_server;

use experiment::{ceiling, kill, peers, ring, scale, spread};
use report::Report;

/// Experiments on a running load balancer
#[derive(Debug, Parser)]
#[command(name = "lb-bench", version)]
struct Cli {
    /// Print the result as JSON (not `ring`)
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
    /// Our balancer beside haproxy, nginx and no balancer at all
    Peers(peers::Options),
    /// One run of the load generator against any front
    Load(experiment::load::Options),
    /// How much the load generator can ask for, beside wrk
    Ceiling(ceiling::Options),
    /// The backend of `peers` and `ceiling`
    #[command(hide = true)]
    TrivialServer(trivial_server::Options),
    /// How even the rules of the ring are, what a change moves, what a look-up and a build take
    Ring,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.experiment {
        Experiment::Spread(options) => on_sockets(cli.json, spread::run(&options)),
        Experiment::Scale(options) => on_sockets(cli.json, scale::run(&options)),
        Experiment::Kill(options) => on_sockets(cli.json, kill::run(&options)),
        Experiment::Peers(options) => {
            options.enter_isolation();
            on_sockets(cli.json, peers::run(&options))
        }
        Experiment::Load(options) => on_sockets(cli.json, experiment::load::run(&options)),
        Experiment::Ceiling(options) => on_sockets(cli.json, ceiling::run(&options)),
        Experiment::TrivialServer(options) => serve_trivially(&options),
        Experiment::Ring if cli.json => {
            Cli::command().error(ErrorKind::ArgumentConflict, "`ring` prints tables, no JSON").exit()
        }
        Experiment::Ring => {
            ring::run();
            ExitCode::SUCCESS
        }
    }
}

/// Not an experiment: no report, and Ctrl-C is for whoever started it.
fn serve_trivially(options: &trivial_server::Options) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime.and_then(|runtime| LocalSet::new().block_on(&runtime, trivial_server::run(options))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lb-bench: trivial-server: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs an experiment on one thread. On Ctrl-C or SIGTERM it is dropped, and with it what it started, which is stopped.
fn on_sockets(as_json: bool, experiment: impl Future<Output = anyhow::Result<Report>>) -> ExitCode {
    let until_interrupted = async {
        tokio::select! {
            report = experiment => report,
            _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
            _ = terminated() => Err(anyhow::anyhow!("terminated")),
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let report = runtime.map_err(anyhow::Error::from);
    let report = report.and_then(|runtime| LocalSet::new().block_on(&runtime, until_interrupted));
    match report {
        Ok(report) => report.finish(as_json),
        Err(error) => {
            eprintln!("lb-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Resolves at a SIGTERM; never where none can be listened for.
async fn terminated() {
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut signal) => drop(signal.recv().await),
        Err(_) => std::future::pending().await,
    }
}
