//! Compares counted instructions with the committed ones (`just instructions`).
//!
//! Reads what gungraun prints (a JSON object a bench, on stdin). Counts depend on the compiler, on libc (`memcpy` and
//! `malloc` are in them) and, since libc picks its routines by it, on the CPU model. Where all three are those that
//! `bench/instructions.json` was recorded with, more than [`ALLOWED_PERCENT`] above it fails with exit code 10; elsewhere
//! the counts are only printed. `--record` writes the file anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Read, Write};
use std::process::{Command, ExitCode};

use anyhow::{Context, bail};
use clap::Parser;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How much more a step may take than recorded.
const ALLOWED_PERCENT: u64 = 3;
/// Exit code where a step takes more.
const EXIT_MORE: u8 = 10;

/// Compares counted instructions with the committed ones
#[derive(Debug, Parser)]
struct Cli {
    /// The recorded counts
    #[arg(long, value_name = "PATH", default_value = "bench/instructions.json")]
    recorded: String,
    /// Write them anew instead of comparing
    #[arg(long)]
    record: bool,
}

/// Counts, and with what they were counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Recording {
    compiler: String,
    libc: String,
    cpu: String,
    /// By the bench's name.
    instructions: BTreeMap<String, u64>,
}

/// One step beside its record.
#[derive(Debug, PartialEq, Eq)]
enum Judged {
    Within,
    More,
    New,
    /// Recorded, but not counted any more.
    Gone,
}

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("instructions: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> anyhow::Result<ExitCode> {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).context("stdin")?;
    let counted = here(counts(&text)?)?;
    if cli.record {
        let json = serde_json::to_string_pretty(&counted)?;
        fs::write(&cli.recorded, json + "\n").with_context(|| format!("{} can't be written", cli.recorded))?;
        return Ok(ExitCode::SUCCESS);
    }
    let recorded = fs::read_to_string(&cli.recorded).with_context(|| format!("{} can't be read", cli.recorded))?;
    let recorded: Recording =
        serde_json::from_str(&recorded).with_context(|| format!("{}: unknown form", cli.recorded))?;
    let comparable = same_ground(&recorded, &counted);
    let (lines, fails) = compare(&recorded, &counted);
    let mut out = io::stdout().lock();
    // A reader that has had enough is no error.
    let _read = lines.iter().try_for_each(|line| writeln!(out, "{line}"));
    for (what, recorded, here) in comparable.iter().flatten() {
        eprintln!("instructions: not compared: recorded with {what} {recorded}, here is {here}");
    }
    let failed = fails && comparable.is_none();
    if failed {
        eprintln!(
            "instructions: above +{ALLOWED_PERCENT} %, or not recorded; if that is meant: just instructions --record"
        );
    }
    Ok(if failed { ExitCode::from(EXIT_MORE) } else { ExitCode::SUCCESS })
}

/// What differs between the two machines and compilers; `None`: nothing.
fn same_ground<'a>(recorded: &'a Recording, here: &'a Recording) -> Option<Vec<(&'static str, &'a str, &'a str)>> {
    let all = [
        ("compiler", &*recorded.compiler, &*here.compiler),
        ("libc", &*recorded.libc, &*here.libc),
        ("CPU", &*recorded.cpu, &*here.cpu),
    ];
    let different: Vec<_> = all.into_iter().filter(|(_, recorded, here)| recorded != here).collect();
    (!different.is_empty()).then_some(different)
}

/// A line for each step, and whether one isn't [`Judged::Within`].
fn compare(recorded: &Recording, counted: &Recording) -> (Vec<String>, bool) {
    let names: BTreeSet<&String> = recorded.instructions.keys().chain(counted.instructions.keys()).collect();
    let mut fails = false;
    let mut lines = vec![format!("{:<32} {:>12} {:>12}", "", "recorded", "now")];
    for name in names {
        let (before, now) = (recorded.instructions.get(name).copied(), counted.instructions.get(name).copied());
        let judged = judge(before, now);
        fails |= judged != Judged::Within;
        let shown = |count: Option<u64>| count.map_or_else(|| "-".to_owned(), |count| count.to_string());
        let change = match (before, now) {
            (Some(before), Some(now)) => format!("{:+.2} %", percent(before, now)),
            _ => String::new(),
        };
        let remark = match judged {
            Judged::Within => "",
            Judged::More => "MORE",
            Judged::New => "not recorded",
            Judged::Gone => "not counted",
        };
        let line = format!("{name:<32} {:>12} {:>12} {change:>10} {remark}", shown(before), shown(now));
        lines.push(line.trim_end().to_owned());
    }
    (lines, fails)
}

fn judge(before: Option<u64>, now: Option<u64>) -> Judged {
    match (before, now) {
        // In whole numbers, so that exactly 3 % is allowed.
        (Some(before), Some(now)) if now * 100 > before * (100 + ALLOWED_PERCENT) => Judged::More,
        (Some(_), Some(_)) => Judged::Within,
        (None, _) => Judged::New,
        (Some(_), None) => Judged::Gone,
    }
}

fn percent(before: u64, now: u64) -> f64 {
    (now as f64 / before.max(1) as f64 - 1.0) * 100.0
}

/// Instructions (callgrind's `Ir`) by bench, summed over threads.
fn counts(gungraun: &str) -> anyhow::Result<BTreeMap<String, u64>> {
    let mut counts = BTreeMap::new();
    for line in gungraun.lines().filter(|line| line.starts_with('{')) {
        let bench: Value = serde_json::from_str(line).context("gungraun's output: no JSON")?;
        let (Some(function), Some(id)) = (bench["function_name"].as_str(), bench["id"].as_str()) else {
            bail!("gungraun's output: a bench without a name");
        };
        let parts = bench["profiles"][0]["data"]["parts"].as_array().context("gungraun's output: no counts")?;
        let count = parts.iter().filter_map(|part| part["metrics"]["Ir"]["values"]["new"].as_u64()).sum();
        counts.insert(format!("{function} {id}"), count);
    }
    if counts.is_empty() {
        bail!("no counts on stdin; run it as `just instructions`");
    }
    Ok(counts)
}

fn here(instructions: BTreeMap<String, u64>) -> anyhow::Result<Recording> {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").context("/proc/cpuinfo")?;
    let model = cpuinfo.lines().filter_map(|line| line.split_once(':')).find(|(key, _)| key.trim() == "model name");
    let cpu = model.map_or("unknown", |(_, model)| model.trim()).to_owned();
    let (compiler, libc) = (said("rustc", &["--version"])?, said("getconf", &["GNU_LIBC_VERSION"])?);
    Ok(Recording { compiler, libc, cpu, instructions })
}

fn said(program: &str, arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new(program).args(arguments).output().with_context(|| format!("{program} can't be run"))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests;
