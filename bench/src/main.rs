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
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::LocalSet;

mod balancer;
mod experiment;
mod load;
mod report;

use experiment::{a1, a2, a3, a4, ring, scale};
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
    /// Distribution: whether each replica gets what its slots promise, and the same id the same replica
    A1(a1::Options),
    /// Scaling: the load of each replica while N grows by /add, and which ids move
    A2(a2::Options),
    /// Failure: every endpoint, then replicas killed under load: what fails, and how long until they are replaced
    A3(a3::Options),
    /// Hash functions: with each of them, side by side, and why the assignment's are so uneven
    A4(a4::Options),
    /// Whether adding and removing replicas under load costs a request
    Scale(scale::Options),
    /// How even the rules of the ring are, what a change moves, what a look-up and a build take
    Ring,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.experiment {
        Experiment::A1(options) => on_sockets(cli.json, a1::run(&options)),
        Experiment::A2(options) => on_sockets(cli.json, a2::run(&options)),
        Experiment::A3(options) => on_sockets(cli.json, a3::run(&options)),
        Experiment::A4(options) => on_sockets(cli.json, a4::run(&options)),
        Experiment::Scale(options) => on_sockets(cli.json, scale::run(&options)),
        Experiment::Ring if cli.json => {
            Cli::command().error(ErrorKind::ArgumentConflict, "`ring` prints tables, no JSON").exit()
        }
        Experiment::Ring => {
            ring::run();
            ExitCode::SUCCESS
        }
    }
}

/// Runs an experiment on one thread. On SIGINT and SIGTERM it is dropped, and with it its balancer, which is stopped.
fn on_sockets(as_json: bool, experiment: impl Future<Output = anyhow::Result<Report>>) -> ExitCode {
    let until_interrupted = async {
        tokio::select! {
            report = experiment => report,
            _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
            () = terminated() => Err(anyhow::anyhow!("terminated")),
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

/// Ends when SIGTERM comes; never, where it can't be caught.
async fn terminated() {
    match signal(SignalKind::terminate()) {
        Ok(mut signals) => drop(signals.recv().await),
        Err(_) => std::future::pending().await,
    }
}
