//! System calls of a process, counted by `strace -c` while something is done to it. It slows the process down several
//! times, so nothing else is measured meanwhile.

use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};
use rustix::process::{Pid, Signal};
use tokio::time::{Instant, sleep};

use super::accounting::family;
use super::process::{Process, TempDir, on_path};

/// How long strace may take to attach, and to print its table.
const STRACE_WITHIN: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Whether they can be counted here.
pub(crate) fn are_counted() -> bool {
    on_path("strace").is_some()
}

/// strace, attached.
#[derive(Debug)]
pub(crate) struct Counting {
    strace: Process,
    table: std::path::PathBuf,
}

impl Counting {
    /// Attaches to the process, its threads and children; none where there is no strace.
    pub(crate) async fn attach(root: Pid) -> anyhow::Result<Option<Self>> {
        let Some(program) = on_path("strace") else { return Ok(None) };
        let dir = TempDir::new()?;
        let table = dir.path().join("table");
        let mut command = Command::new(program);
        command.args(["-c", "-f", "-o"]).arg(&table).stdin(Stdio::null()).stdout(Stdio::null());
        let pids = family(root);
        for pid in &pids {
            command.args(["-p", &pid.as_raw_pid().to_string()]);
        }
        let counting = Self { strace: Process::start(&mut command, dir)?, table };
        let deadline = Instant::now() + STRACE_WITHIN;
        while counting.strace.last_words().matches("attached").count() < pids.len() {
            let ended = counting.strace.has_ended();
            ensure!(!ended && Instant::now() < deadline, "strace can't attach: {}", counting.strace.last_words());
            sleep(LOOK_AGAIN).await;
        }
        Ok(Some(counting))
    }

    /// Detaches and says how many calls there were.
    pub(crate) fn finish(self) -> anyhow::Result<u64> {
        ensure!(self.strace.ends_after(Signal::INT, STRACE_WITHIN), "strace doesn't detach");
        let table = std::fs::read_to_string(&self.table).context("strace left no table")?;
        calls_in_total(&table).with_context(|| format!("strace's table has no total: {table}"))
    }
}

/// The calls in the line `100.00 SECONDS USECS/CALL CALLS [ERRORS] total`.
fn calls_in_total(table: &str) -> Option<u64> {
    let total = table.lines().rev().find(|line| line.trim_end().ends_with(" total"))?;
    total.split_whitespace().nth(3)?.parse().ok()
}

#[cfg(test)]
mod tests;
