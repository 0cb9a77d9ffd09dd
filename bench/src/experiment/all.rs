//! Every experiment that belongs into the results, one after the other, in a network of its own where that is permitted;
//! then, mostly in the machine's network, those whose replicas are containers, where there is an engine with the image.
//!
//! Which, in which order and how large is one table each, [`SERIES`] and [`CONTAINERS`]; the commands in it are parsed as if they were typed, so
//! each can be repeated alone with what the report says. Results are written after each; one that can't be run doesn't
//! keep the others from it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

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
    /// What replicas in containers are
    #[arg(long, value_name = "REF", default_value = "lb:latest")]
    image: String,
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
    Entry { name: "restart", flags: &[], quick_flags: &["--kills=2"], starts_lb: true },
    Entry { name: "ring", flags: &[], quick_flags: &[], starts_lb: false },
    Entry { name: "traffic", flags: &[], quick_flags: &["--connections=1000"], starts_lb: true },
    Entry {
        name: "overload",
        flags: &[],
        quick_flags: &["--loris=300", "--seconds=2", "--rate=100", "--no-isolation"],
        starts_lb: true,
    },
    Entry {
        name: "abuse",
        flags: &[],
        quick_flags: &["--nonsense=100", "--loris=200", "--seconds=2", "--rate=100", "--no-isolation"],
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

/// An experiment on replicas in containers.
struct Part {
    /// Of its results: the experiment itself is in the series already.
    name: &'static str,
    /// What is typed, for results that count and for a quick look.
    words: &'static [&'static str],
    quick_flags: &'static [&'static str],
    network: Network,
}

/// Where an experiment with containers is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Network {
    /// In the series' own, with an engine of its own.
    Own,
    /// In the machine's, where the machine's engine is.
    Machine,
}

/// In the order in which they are run and shown, after the series; those in its own network come first.
const CONTAINERS: &[Part] = &[
    Part { name: "outage", words: &["outage"], quick_flags: &["--seconds=6"], network: Network::Own },
    Part {
        name: "a1-docker",
        words: &["a1", "--runtime=docker"],
        quick_flags: &["--requests=500"],
        network: Network::Machine,
    },
    Part {
        name: "a2-docker",
        words: &["a2", "--runtime=docker"],
        quick_flags: &["--requests=500", "--to=3"],
        network: Network::Machine,
    },
    Part {
        name: "a3-docker-kill",
        words: &["a3", "--runtime=docker", "--kills=100"],
        quick_flags: &["--kills=1"],
        network: Network::Machine,
    },
    Part {
        name: "a3-docker-stop",
        words: &["a3", "--runtime=docker", "--signal=stop"],
        quick_flags: &["--kills=1"],
        network: Network::Machine,
    },
    Part {
        name: "a3-docker-pause",
        words: &["a3", "--runtime=docker", "--signal=pause"],
        quick_flags: &["--kills=1"],
        network: Network::Machine,
    },
    Part {
        name: "a3-docker-oom",
        words: &["a3", "--runtime=docker", "--signal=oom"],
        quick_flags: &["--kills=1"],
        network: Network::Machine,
    },
    Part {
        name: "a3-docker-rm",
        words: &["a3", "--runtime=docker", "--signal=rm"],
        quick_flags: &["--kills=1"],
        network: Network::Machine,
    },
    Part {
        name: "restart-docker",
        words: &["restart", "--runtime=docker"],
        quick_flags: &["--kills=2"],
        network: Network::Machine,
    },
];

/// How an error begins where something is missing on this machine that the experiment can't do without. It is said, but
/// doesn't make the series fail.
const NOT_RUN: &str = "not run: ";

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

    fn arguments_of_part(&self, part: &Part) -> Vec<String> {
        let given = |flag: &&str| self.quick && part.quick_flags.iter().any(|quick| same_flag(quick, flag));
        let words = part.words.iter().filter(|word| !given(word));
        let quick = part.quick_flags.iter().filter(|_| self.quick);
        let mut arguments: Vec<String> = words.chain(quick).map(|&word| word.to_owned()).collect();
        arguments.extend(["--image".to_owned(), self.image.clone()]);
        if let Some(lb) = &self.lb {
            arguments.extend(["--lb".to_owned(), lb.display().to_string()]);
        }
        arguments
    }
}

/// Whether both are `--flag=…` of one flag: it may be typed once.
fn same_flag(one: &str, other: &str) -> bool {
    let name = |word: &str| word.split_once('=').map(|(name, _)| name.to_owned());
    name(one).is_some() && name(one) == name(other)
}

/// Runs the series. Without `out` the results are in `bench/results/<date>`.
pub(crate) async fn run(options: &Options, json: bool, out: Option<&Path>) -> anyhow::Result<ExitCode> {
    let dir = out.map_or_else(|| Path::new("bench/results").join(today()), Path::to_owned);
    let mut results = Results::create(&dir)?;
    let all = SERIES.len() + CONTAINERS.len();
    for (index, entry) in SERIES.iter().enumerate() {
        let arguments = options.arguments(entry);
        eprintln!("lb-bench: {} of {all}: {}", index + 1, command_line(&arguments));
        results.add(one(entry.name, &arguments, json).await)?;
    }
    let mut reached = Ok(());
    for (index, part) in CONTAINERS.iter().enumerate() {
        let arguments = options.arguments_of_part(part);
        eprintln!("lb-bench: {} of {all}: {}", SERIES.len() + index + 1, command_line(&arguments));
        if part.network == Network::Machine {
            reached = isolation::leave().map_err(|error| format!("{NOT_RUN}{error:#}; see --no-isolation"));
        }
        results.add(match &reached {
            Ok(()) => one(part.name, &arguments, json).await,
            Err(error) => {
                let (name, command) = (part.name.to_owned(), command_line(&arguments));
                Run { name, command, took: Duration::ZERO, outcome: Err(error.clone()) }
            }
        })?;
    }
    results.announce();
    Ok(verdict(results.runs()))
}

async fn one(name: &str, arguments: &[String], json: bool) -> Run {
    let began = Instant::now();
    let outcome = experiment(arguments).await.map_err(|error| format!("{error:#}"));
    match &outcome {
        // The verdict of the series is made of all of them at the end.
        Ok(report) => drop(report.finish(json)),
        Err(error) => eprintln!("lb-bench: {name}: {error}"),
    }
    Run { name: name.to_owned(), command: command_line(arguments), took: began.elapsed(), outcome }
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
            Err(error) => not_run |= !error.starts_with(NOT_RUN),
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
