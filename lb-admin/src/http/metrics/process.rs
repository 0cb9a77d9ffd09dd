//! The balancer's own process: what it has open, how much memory and CPU time, since when, and which build it is.
//!
//! Read from /proc at the scrape; what can't be read there has no series.

use std::fs;

use rustix::param::page_size;
use rustix::process::{Resource, getpid, getrlimit};
use rustix::time::{ClockId, clock_gettime};

use super::page::Page;
use crate::supervisor::procfs;

/// Writes all of it.
pub(super) fn write(page: &mut Page) {
    page.gauges("build_info", "1, and which build this is", [([("version", env!("CARGO_PKG_VERSION").to_owned())], 1)]);
    // One of them is the folder that is being read.
    let open = fs::read_dir("/proc/self/fd").ok().map(|entries| entries.count().saturating_sub(1));
    page.gauges("process_open_fds", "File descriptors open now, replicas' excluded", open.map(|open| ([], open)));
    let limit = getrlimit(Resource::Nofile).current;
    page.gauges("process_max_fds", "Most file descriptors that may be open", limit.map(|limit| ([], limit)));
    let resident = resident_bytes().map(|bytes| ([], bytes));
    page.gauges("process_resident_memory_bytes", "Memory that the process has in RAM", resident);
    let cpu = clock_gettime(ClockId::ProcessCPUTime);
    let cpu_seconds = cpu.tv_sec as f64 + cpu.tv_nsec as f64 / 1e9;
    page.counter("process_cpu_seconds", "CPU time of all threads, user and system", cpu_seconds);
    let start = start_seconds().map(|seconds| ([], seconds));
    page.gauges("process_start_time_seconds", "When the process began, since 1970", start);
}

/// The second number of statm, in pages.
fn resident_bytes() -> Option<u64> {
    let pages: u64 = fs::read_to_string("/proc/self/statm").ok()?.split(' ').nth(1)?.parse().ok()?;
    Some(pages * page_size() as u64)
}

/// The kernel counts from the boot of the machine, and knows when that was to the second.
fn start_seconds() -> Option<u64> {
    let began = procfs::began_after_boot(getpid())?;
    let stat = fs::read_to_string("/proc/stat").ok()?;
    let boot: u64 = stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
    Some(boot + began.as_secs())
}

#[cfg(test)]
mod tests;
