//! A directory of results: what every experiment found, on disk as soon as it is known.
//!
//! After each run its JSON (raw), the CSV, SVG and PNG of its charts, and `report.html` and `report.md` over all runs so
//! far are written, so an interrupted series keeps what it has. That the directory can be written is found out before
//! anything runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use serde_json::json;

use super::chart::Chart;
use super::csv::Table;
use super::environment::Environment;
use super::{Report, draw, page};

/// One experiment that was run.
#[derive(Debug)]
pub(crate) struct Run {
    /// The experiment's name, as typed.
    pub(crate) name: String,
    /// The command that runs it alone.
    pub(crate) command: String,
    /// How long it took.
    pub(crate) took: Duration,
    /// What it found, or why it could not be run.
    pub(crate) outcome: Result<Report, String>,
}

impl Run {
    /// In one or two words.
    pub(crate) fn verdict(&self) -> &'static str {
        match &self.outcome {
            Ok(report) if report.passed() => "passed",
            Ok(_) => "failed",
            Err(_) => "not run",
        }
    }
}

/// The directory and all runs so far.
#[derive(Debug)]
pub(crate) struct Results {
    dir: PathBuf,
    environment: Environment,
    runs: Vec<Run>,
}

impl Results {
    /// Makes the directory if needed, and makes sure that it can be written.
    pub(crate) fn create(dir: &Path) -> anyhow::Result<Self> {
        let usable = || {
            fs::create_dir_all(dir)?;
            let probe = dir.join(".lb-bench-probe");
            fs::write(&probe, b"")?;
            fs::remove_file(probe)
        };
        usable().with_context(|| format!("the results directory {} can't be written", dir.display()))?;
        Ok(Self { dir: dir.to_owned(), environment: Environment::collect(), runs: Vec::new() })
    }

    /// Writes all that belongs to `run`, and the report anew.
    pub(crate) fn add(&mut self, run: Run) -> anyhow::Result<()> {
        self.write(&format!("{}.json", run.name), &self.to_json(&run))?;
        if let Ok(report) = &run.outcome {
            report.charts.iter().try_for_each(|chart| self.write_chart(chart))?;
        }
        self.runs.push(run);
        self.write("report.html", &page::html(&self.environment, &self.runs))?;
        self.write("report.md", &page::markdown(&self.environment, &self.runs))
    }

    /// All runs so far.
    pub(crate) fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// Says on stderr where everything is.
    pub(crate) fn announce(&self) {
        let charts = self.runs.iter().filter_map(|run| run.outcome.as_ref().ok()).map(|report| report.charts.len());
        let charts: usize = charts.sum();
        let dir = self.dir.display();
        eprintln!("lb-bench: {charts} charts (SVG, PNG, CSV) and the raw JSON are in {dir}");
        eprintln!("lb-bench: the report is {dir}/report.html");
    }

    fn write_chart(&self, chart: &Chart) -> anyhow::Result<()> {
        self.write(&format!("{}.csv", chart.stem), &Table::of(chart).to_csv())?;
        if let Some(marks) = Table::of_marks(chart) {
            self.write(&format!("{}-marks.csv", chart.stem), &marks.to_csv())?;
        }
        self.write(&format!("{}.svg", chart.stem), &draw::svg(chart))?;
        let path = self.dir.join(format!("{}.png", chart.stem));
        draw::png(chart, &path).with_context(|| format!("{} can't be written", path.display()))
    }

    fn write(&self, name: &str, text: &str) -> anyhow::Result<()> {
        let path = self.dir.join(name);
        fs::write(&path, text).with_context(|| format!("{} can't be written", path.display()))
    }

    fn to_json(&self, run: &Run) -> String {
        let mut json = json!({
            "experiment": run.name, "command": run.command, "took_s": run.took.as_secs_f64(),
            "environment": self.environment.to_json(),
        });
        match &run.outcome {
            Ok(report) => json["report"] = report.to_json(),
            Err(error) => json["error"] = error.as_str().into(),
        }
        format!("{json:#}\n")
    }
}

#[cfg(test)]
mod tests;
