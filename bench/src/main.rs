//! `lb-bench`: experiments on a running `lb` over real sockets, one command each, with a verdict.
//!
//! Data goes to stdout (text, or JSON with `--json`), words to stderr, and with `--out` everything into a directory of
//! results. Exit codes: 0 ok · 1 the experiment could not be run · 2 usage · 10 it ran and its verdict failed.
//! A balancer that was started here is stopped on every way out.
//!
//! [`load`] sends requests, [`balancer`] is who answers them, [`peer`] who else could, [`experiment`] asks one question
//! a file, [`report`] says what came out. It speaks TCP and HTTP like any user; only `lb_core::ring` is used directly:
//! who should answer.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::{Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::LocalSet;

mod balancer;
mod engine;
mod experiment;
mod load;
mod peer;
mod report;
mod trivial_server;

use experiment::{Experiment, all};
use report::environment::command_of_this_process;
use report::results::{Results, Run};

/// Experiments on a running load balancer
#[derive(Debug, Parser)]
#[command(name = "lb-bench", version)]
struct Cli {
    /// Print the result as JSON
    #[arg(long, global = true)]
    json: bool,
    /// Also write results, charts and a report into this directory
    #[arg(long, global = true, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(flatten)]
    One(Box<Experiment>),
    /// Every experiment there is, one after the other, into `bench/results/DATE/` or --out
    All(all::Options),
    /// The backend of `peers` and `ceiling`
    #[command(hide = true)]
    TrivialServer(trivial_server::Options),
}

fn main() -> ExitCode {
    let Cli { json, out, command } = Cli::parse();
    let outcome = match command {
        Command::One(experiment) => {
            experiment.enter_isolation();
            until_interrupted(one(&experiment, json, out.as_deref()))
        }
        Command::All(options) => {
            options.enter_isolation();
            until_interrupted(all::run(&options, json, out.as_deref()))
        }
        Command::TrivialServer(options) => return serve_trivially(&options),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("lb-bench: {error:#}");
        ExitCode::FAILURE
    })
}

/// Runs one experiment and prints its report; with `out` it is written there too.
async fn one(experiment: &Experiment, json: bool, out: Option<&Path>) -> anyhow::Result<ExitCode> {
    let mut results = out.map(Results::create).transpose()?;
    let began = Instant::now();
    let report = experiment.run().await?;
    let code = report.finish(json);
    if let Some(results) = &mut results {
        let (name, command) = (experiment.name().to_owned(), command_of_this_process());
        results.add(Run { name, command, took: began.elapsed(), outcome: Ok(report) })?;
        results.announce();
    }
    Ok(code)
}

/// Runs on one thread. On Ctrl-C or SIGTERM what runs is dropped, and with it what it started, which is stopped.
fn until_interrupted(work: impl Future<Output = anyhow::Result<ExitCode>>) -> anyhow::Result<ExitCode> {
    let work = async {
        tokio::select! {
            outcome = work => outcome,
            _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
            () = terminated() => Err(anyhow::anyhow!("terminated")),
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outcome = LocalSet::new().block_on(&runtime, work);
    // A calculation that was interrupted isn't waited for.
    runtime.shutdown_background();
    outcome
}

/// Resolves at a SIGTERM; never where none can be listened for.
async fn terminated() {
    match signal(SignalKind::terminate()) {
        Ok(mut signals) => drop(signals.recv().await),
        Err(_) => std::future::pending().await,
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
