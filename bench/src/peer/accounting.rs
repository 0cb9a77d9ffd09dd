//! What a process has cost, with its threads and children: CPU time and memory, as the kernel counts them in /proc.
//!
//! CPU time is the scheduler's run time of every thread (`task/*/schedstat`, nanoseconds) where the kernel offers it,
//! else utime + stime of `stat`, in clock ticks. Both count what is done on the process's behalf while it runs; on
//! loopback that includes most of the other side's TCP work. Threads that ended in between would be missed in the first;
//! none of the measured programs ends a thread under load.

use std::fs;
use std::time::Duration;

use rustix::process::Pid;

/// How finely CPU time is told apart, in words.
pub(crate) fn resolution() -> String {
    match schedstat_of(rustix::process::getpid()) {
        Some(_) => "scheduler run time of all threads, in ns".to_owned(),
        None => format!("utime + stime, in ticks of {} ms", 1000 / ticks_per_s()),
    }
}

/// CPU time of the process and its descendants until now; zero for one that is gone.
pub(crate) fn cpu_time(root: Pid) -> Duration {
    family(root).into_iter().map(cpu_time_alone).sum()
}

/// CPU time of the process without its children.
pub(crate) fn cpu_time_alone(pid: Pid) -> Duration {
    schedstat_of(pid).or_else(|| stat_of(pid)).unwrap_or_default()
}

/// Resident memory that belongs to the process and its descendants alone (anonymous pages), in bytes.
pub(crate) fn resident_bytes(root: Pid) -> u64 {
    let of_one = |pid: Pid| {
        let status = fs::read_to_string(format!("/proc/{}/status", pid.as_raw_pid())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    };
    family(root).into_iter().filter_map(of_one).sum::<u64>() * 1024
}

/// The process and its descendants.
pub(crate) fn family(root: Pid) -> Vec<Pid> {
    let mut family = vec![root];
    let parents = parents();
    let mut next = 0;
    while let Some(&parent) = family.get(next) {
        family.extend(parents.iter().filter(|(_, of)| *of == parent.as_raw_pid()).map(|(pid, _)| *pid));
        next += 1;
    }
    family
}

/// Every process with its parent's number.
fn parents() -> Vec<(Pid, i32)> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| Pid::from_raw(entry.file_name().to_str()?.parse().ok()?));
    let of_one = |pid: Pid| {
        let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_pid())).ok()?;
        Some((pid, stat_fields(&stat)?.get(1)?.parse().ok()?))
    };
    pids.filter_map(of_one).collect()
}

fn schedstat_of(pid: Pid) -> Option<Duration> {
    let tasks = fs::read_dir(format!("/proc/{}/task", pid.as_raw_pid())).ok()?;
    let nanos = tasks.flatten().map(|task| {
        let text = fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    });
    nanos.sum::<Option<u64>>().map(Duration::from_nanos)
}

fn stat_of(pid: Pid) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_pid())).ok()?;
    let ticks = cpu_ticks(&stat)?;
    Some(Duration::from_millis(ticks * 1000 / ticks_per_s()))
}

/// utime + stime.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let fields = stat_fields(stat)?;
    Some(fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?)
}

/// The fields after the name, which may hold spaces and brackets: state is the first.
fn stat_fields(stat: &str) -> Option<Vec<&str>> {
    Some(stat.rsplit_once(')')?.1.split_whitespace().collect())
}

fn ticks_per_s() -> u64 {
    rustix::param::clock_ticks_per_second().max(1)
}

#[cfg(test)]
mod tests;
