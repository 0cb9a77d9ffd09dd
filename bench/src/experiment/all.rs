//! Every experiment that belongs into the results, one after the other, in a network of its own where that is permitted.
//!
//! Which, in which order and how large is one table, [`SERIES`]; the commands in it are parsed as if they were typed, so
//! each can be repeated alone with what the report says. Results are written after each; one that can't be run doesn't
//! keep the others from it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context;
use clap::Parser;

use super::Experiment;
use crate::peer::isolation;
use crate::report::environment::{command_line, today};
use crate::report::results::{Results, Run};
use crate::report::{EXIT_VERDICT_FAILED, Report};

/// `lb-bench all`
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Small runs: does everything work? The figures mean little
    #[arg(long)]
    quick: bool,
    /// The balancer's binary, if it isn't beside lb-bench
    #[arg(long, value_name = "PATH")]
    lb: Option<PathBuf>,
    /// Stay in the network that is there, instead of a namespace of its own
    #[arg(long)]
    no_isolation: bool,
}

/// One experiment of the series.
struct Entry {
    name: &'static str,
    /// Its flags, for results that count and for a quick look.
    flags: &'static [&'static str],
    quick_flags: &'static [&'static str],
    /// Whether it starts a balancer: then it is told which.
    starts_lb: bool,
}

/// In the order in which they are run and shown.
const SERIES: &[Entry] = &[
    Entry { name: "a1", flags: &["--requests=10000"], quick_flags: &["--requests=1000"], starts_lb: true },
    Entry { name: "a2", flags: &[], quick_flags: &["--requests=1000"], starts_lb: true },
    Entry { name: "a3", flags: &["--kills=100"], quick_flags: &["--kills=2"], starts_lb: true },
    Entry { name: "a4", flags: &[], quick_flags: &["--requests=1000"], starts_lb: true },
    Entry { name: "scale", flags: &[], quick_flags: &["--requests=3000"], starts_lb: true },
    Entry { name: "autoscale", flags: &[], quick_flags: &["--plan=10,80,10", "--seconds=6"], starts_lb: true },
    Entry { name: "churn", flags: &[], quick_flags: &["--calls=100"], starts_lb: true },
    Entry { name: "ring", flags: &[], quick_flags: &[], starts_lb: false },
    Entry { name: "traffic", flags: &[], quick_flags: &["--connections=1000"], starts_lb: true },
    Entry {
        name: "overload",
        flags: &[],
        quick_flags: &["--loris=300", "--seconds=2", "--rate=100", "--no-isolation"],
        starts_lb: true,
    },
    Entry {
        name: "fairness",
        flags: &[],
        quick_flags: &["--clients=50", "--rate=100", "--seconds=1", "--worst=1000"],
        starts_lb: true,
    },
    Entry {
        name: "peers",
        flags: &[],
        quick_flags: &[
            "--rounds=1",
            "--requests=500",
            "--kept-requests=500",
            "--downloads=1",
            "--download-mb=8",
            "--rate=100",
            "--rate-seconds=1",
            "--held=100",
            "--traced-requests=100",
        ],
        starts_lb: true,
    },
];

/// A command of the series, parsed like one that is typed.
#[derive(Debug, Parser)]
#[command(name = "lb-bench")]
struct Typed {
    #[command(subcommand)]
    experiment: Experiment,
}

impl Options {
    /// Before anything is opened: starts the bench again in a network of its own.
    pub(crate) fn enter_isolation(&self) {
        if !self.no_isolation {
            isolation::enter();
        }
    }

    fn arguments(&self, entry: &Entry) -> Vec<String> {
        let flags = if self.quick { entry.quick_flags } else { entry.flags };
        let mut arguments: Vec<String> = [entry.name].iter().chain(flags).map(|&flag| flag.to_owned()).collect();
        if let Some(lb) = &self.lb
            && entry.starts_lb
        {
            arguments.extend(["--lb".to_owned(), lb.display().to_string()]);
        }
        arguments
    }
}

/// Runs the series. Without `out` the results are in `bench/results/<date>`.
pub(crate) async fn run(options: &Options, json: bool, out: Option<&Path>) -> anyhow::Result<ExitCode> {
    let dir = out.map_or_else(|| Path::new("bench/results").join(today()), Path::to_owned);
    let mut results = Results::create(&dir)?;
    for (index, entry) in SERIES.iter().enumerate() {
        let arguments = options.arguments(entry);
        eprintln!("lb-bench: {} of {}: {}", index + 1, SERIES.len(), command_line(&arguments));
        let began = Instant::now();
        let outcome = experiment(&arguments).await.map_err(|error| format!("{error:#}"));
        match &outcome {
            // The verdict of the series is made of all of them at the end.
            Ok(report) => drop(report.finish(json)),
            Err(error) => eprintln!("lb-bench: {}: {error}", entry.name),
        }
        let command = command_line(&arguments);
        results.add(Run { name: entry.name.to_owned(), command, took: began.elapsed(), outcome })?;
    }
    results.announce();
    Ok(verdict(results.runs()))
}

async fn experiment(arguments: &[String]) -> anyhow::Result<Report> {
    let typed = Typed::try_parse_from(std::iter::once("lb-bench").chain(arguments.iter().map(String::as_str)));
    typed.context("the series has a command that isn't one")?.experiment.run().await
}

fn verdict(runs: &[Run]) -> ExitCode {
    let (mut failed, mut not_run) = (false, false);
    for run in runs {
        match &run.outcome {
            Ok(report) => failed |= !report.passed(),
            Err(_) => not_run = true,
        }
        eprintln!("lb-bench: {}: {}", run.name, run.verdict());
    }
    match (failed, not_run) {
        (true, _) => ExitCode::from(EXIT_VERDICT_FAILED),
        (false, true) => ExitCode::FAILURE,
        (false, false) => ExitCode::SUCCESS,
    }
}

#[cfg(test)]
mod tests;
