//! What an experiment says at its end: a text for people, JSON for machines, and the verdict as exit code.
//!
//! With `--out` a report is written down too: [`results`] owns the directory, [`draw`] makes pictures of the [`chart`]s,
//! [`csv`] tables, [`page`] one page of everything, and [`environment`] says where it ran.

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use serde_json::{Value, json};

pub(crate) mod chart;
mod csv;
mod draw;
pub(crate) mod environment;
mod page;
pub(crate) mod progress;
pub(crate) mod results;

pub(crate) use chart::Chart;

/// Exit code where the experiment ran but its verdict failed.
pub(crate) const EXIT_VERDICT_FAILED: u8 = 10;

/// The result of one experiment.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// The experiment's name and settings, one line.
    pub(crate) title: String,
    /// What was measured, in lines.
    pub(crate) lines: Vec<String>,
    /// The same for machines.
    pub(crate) data: Value,
    /// What was claimed and did not hold; empty: passed.
    pub(crate) violations: Vec<String>,
    /// What can be drawn of it.
    pub(crate) charts: Vec<Chart>,
}

impl Report {
    /// Whether everything that was claimed held.
    pub(crate) fn passed(&self) -> bool {
        self.violations.is_empty()
    }

    /// Prints it to stdout and says how the process shall end.
    pub(crate) fn finish(&self, as_json: bool) -> ExitCode {
        print(&if as_json { format!("{}\n", self.to_json()) } else { self.to_text() });
        if self.passed() { ExitCode::SUCCESS } else { ExitCode::from(EXIT_VERDICT_FAILED) }
    }

    /// Everything but the charts, whose numbers are in `data`.
    pub(crate) fn to_json(&self) -> Value {
        let verdict = json!({ "passed": self.passed(), "violations": self.violations });
        json!({ "title": self.title, "data": self.data, "verdict": verdict })
    }

    fn to_text(&self) -> String {
        let lines = self.lines.iter().cloned();
        let violations = self.violations.iter().map(|violation| format!("FAILED: {violation}"));
        let verdict = format!("verdict: {}", if self.passed() { "passed" } else { "failed" });
        let mut text = format!("{}\n", self.title);
        for line in lines.chain(violations).chain([verdict]) {
            text += format!("  {line}").trim_end();
            text.push('\n');
        }
        text
    }
}

/// Writes to stdout. A reader that has had enough (`| head`) is no error; any other failure is said.
fn print(text: &str) {
    let mut stdout = io::stdout().lock();
    if let Err(error) = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush())
        && error.kind() != ErrorKind::BrokenPipe
    {
        eprintln!("lb-bench: stdout: {error}");
    }
}
