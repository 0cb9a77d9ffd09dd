//! What /proc knows of a process: its state, parent, session, start and environment. Thin; who asks decides.
//!
//! Read from there, since getsid(2) answers 0 for a session from outside our pid namespace, which rustix doesn't expect,
//! and since nothing else tells the children of a process.

use std::collections::HashMap;
use std::fs;
use std::time::Duration;

use rustix::param::clock_ticks_per_second;
use rustix::process::Pid;

/// A part of /proc/PID/stat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stat {
    /// It has ended and waits to be reaped: it can't be killed again.
    pub(super) zombie: bool,
    /// Zero where that is outside our pid namespace, as for the session.
    pub(super) parent: i32,
    pub(super) session: i32,
    /// Clock ticks from the boot of the machine to its start; with its number this is said of no other process.
    pub(super) start_ticks: u64,
    /// Clock ticks on a CPU, its children's that were waited for included.
    pub(super) cpu_ticks: u64,
}

/// Every process that is there, with what is known of it. Nothing without /proc.
pub(super) fn all() -> impl Iterator<Item = (Pid, Stat)> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter_map(Pid::from_raw);
    pids.filter_map(|pid| Some((pid, stat(pid)?)))
}

/// The CPU time of every session: of its living processes and of their children that were waited for.
pub(super) fn cpu_time_by_session() -> HashMap<i32, Duration> {
    let mut ticks: HashMap<i32, u64> = HashMap::new();
    for (_, stat) in all() {
        *ticks.entry(stat.session).or_default() += stat.cpu_ticks;
    }
    let tick = Duration::from_secs(1).div_f64(clock_ticks_per_second() as f64);
    ticks.into_iter().map(|(session, ticks)| (session, tick.mul_f64(ticks as f64))).collect()
}

/// What is known of one; `None` where it isn't there.
pub(super) fn stat(pid: Pid) -> Option<Stat> {
    parse(&fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?)
}

/// How long after the boot of the machine a process began; `None` where it isn't there.
pub(crate) fn began_after_boot(pid: Pid) -> Option<Duration> {
    let tick = Duration::from_secs(1).div_f64(clock_ticks_per_second() as f64);
    Some(tick.mul_f64(stat(pid)?.start_ticks as f64))
}

fn parse(text: &str) -> Option<Stat> {
    // The name before is in brackets and may itself hold brackets. After it: state, parent, process group, session.
    let (_, rest) = text.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace();
    let zombie = matches!(fields.next()?, "Z" | "X");
    let parent = fields.next()?.parse().ok()?;
    let session = fields.nth(1)?.parse().ok()?;
    // Seven more, then utime, stime, cutime, cstime (fields 14 to 17), and the start is field 22.
    let mut fields = fields.skip(7);
    let cpu_ticks = fields.by_ref().take(4).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    let start_ticks = fields.nth(4)?.parse().ok()?;
    Some(Stat { zombie, parent, session, start_ticks, cpu_ticks })
}

/// The environment that a process was started with, `NAME=VALUE` ended by NUL each. `None` where it may not be read;
/// of a zombie it is empty, and a program may have written over it.
pub(super) fn environ(pid: Pid) -> Option<Vec<u8>> {
    fs::read(format!("/proc/{}/environ", pid.as_raw_nonzero())).ok()
}

#[cfg(test)]
mod tests;
