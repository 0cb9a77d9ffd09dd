//! What /proc knows of a process: its state, parent, session, start and environment. Thin; who asks decides.
//!
//! Read from there, since getsid(2) answers 0 for a session from outside our pid namespace, which rustix doesn't expect,
//! and since nothing else tells the children of a process.

use std::fs;

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
}

/// Every process that is there, with what is known of it. Nothing without /proc.
pub(super) fn all() -> impl Iterator<Item = (Pid, Stat)> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter_map(Pid::from_raw);
    pids.filter_map(|pid| Some((pid, stat(pid)?)))
}

/// What is known of one; `None` where it isn't there.
pub(super) fn stat(pid: Pid) -> Option<Stat> {
    parse(&fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?)
}

fn parse(text: &str) -> Option<Stat> {
    // The name before is in brackets and may itself hold brackets. After it: state, parent, process group, session.
    let (_, rest) = text.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace();
    let zombie = matches!(fields.next()?, "Z" | "X");
    let parent = fields.next()?.parse().ok()?;
    let session = fields.nth(1)?.parse().ok()?;
    // Field 22; the session is field 6.
    let start_ticks = fields.nth(15)?.parse().ok()?;
    Some(Stat { zombie, parent, session, start_ticks })
}

/// The environment that a process was started with, `NAME=VALUE` ended by NUL each. `None` where it may not be read;
/// of a zombie it is empty, and a program may have written over it.
pub(super) fn environ(pid: Pid) -> Option<Vec<u8>> {
    fs::read(format!("/proc/{}/environ", pid.as_raw_nonzero())).ok()
}

#[cfg(test)]
mod tests;
