//! What an experiment says at its end: a text for people, JSON for machines, and the verdict as exit code.

use std::process::ExitCode;

use serde_json::{Value, json};

pub(crate) mod chart;
pub(crate) mod progress;

use chart::Chart;

/// Exit code where the experiment ran but its verdict failed.
const EXIT_VERDICT_FAILED: u8 = 10;

/// The result of one experiment.
#[derive(Debug)]
pub(crate) struct Report {
    /// The experiment's name and settings, one line.
    pub(crate) title: String,
    /// What was measured, in lines.
    pub(crate) lines: Vec<String>,
    /// The same for machines.
    pub(crate) data: Value,
    /// What was claimed and did not hold; empty: passed.
    pub(crate) violations: Vec<String>,
    /// Its pictures.
    pub(crate) charts: Vec<Chart>,
}

impl Report {
    /// Prints it to stdout and says how the process shall end.
    pub(crate) fn finish(&self, as_json: bool) -> ExitCode {
        let passed = self.violations.is_empty();
        if as_json {
            let verdict = json!({ "passed": passed, "violations": self.violations });
            println!("{}", json!({ "title": self.title, "data": self.data, "verdict": verdict }));
        } else {
            println!("{}", self.title);
            self.lines.iter().for_each(|line| println!("  {line}"));
            self.violations.iter().for_each(|violation| println!("  FAILED: {violation}"));
            println!("  verdict: {}", if passed { "passed" } else { "failed" });
        }
        if passed { ExitCode::SUCCESS } else { ExitCode::from(EXIT_VERDICT_FAILED) }
    }
}
