//! The balancer's own process: what it has open, how much memory and CPU time, since when, and which build it is.
//!
//! Read from /proc at the scrape; what can't be read there has no series. What is read each time stays open from the first
//! scrape on: without a descriptor left these are the figures that are looked for, and a scrape must not take the one that
//! a worker is about to use.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::sync::{Mutex, OnceLock, PoisonError};

use rustix::fs::Dir;

use rustix::param::page_size;
use rustix::process::{Resource, getpid, getrlimit};
use rustix::time::{ClockId, clock_gettime};

use super::page::Page;
use crate::supervisor::procfs;

/// Writes all of it.
pub(super) fn write(page: &mut Page) {
    page.gauges("build_info", "1, and which build this is", [([("version", env!("CARGO_PKG_VERSION").to_owned())], 1)]);
    let open = OPEN.get_or_init(Open::new);
    page.gauges(
        "process_open_fds",
        "File descriptors open now, replicas' excluded",
        open.descriptors().map(|open| ([], open)),
    );
    let limit = getrlimit(Resource::Nofile).current;
    page.gauges("process_max_fds", "Most file descriptors that may be open", limit.map(|limit| ([], limit)));
    let resident = open.resident_bytes().map(|bytes| ([], bytes));
    page.gauges("process_resident_memory_bytes", "Memory that the process has in RAM", resident);
    let cpu = clock_gettime(ClockId::ProcessCPUTime);
    let cpu_seconds = cpu.tv_sec as f64 + cpu.tv_nsec as f64 / 1e9;
    page.counter("process_cpu_seconds", "CPU time of all threads, user and system", cpu_seconds);
    let start = open.start_seconds.map(|seconds| ([], seconds));
    page.gauges("process_start_time_seconds", "When the process began, since 1970", start);
}

static OPEN: OnceLock<Open> = OnceLock::new();

/// What stays open, and what stays as it is.
#[derive(Debug)]
struct Open {
    descriptors: Option<Mutex<Dir>>,
    statm: Option<File>,
    start_seconds: Option<u64>,
}

/// Far more than the seven numbers of statm take.
const STATM_BYTES_MAX: usize = 256;

impl Open {
    fn new() -> Self {
        let descriptors = File::open("/proc/self/fd").ok().and_then(|folder| Dir::new(folder).ok()).map(Mutex::new);
        Self { descriptors, statm: File::open("/proc/self/statm").ok(), start_seconds: start_seconds() }
    }

    /// How many are open.
    fn descriptors(&self) -> Option<usize> {
        let mut folder = self.descriptors.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
        folder.rewind();
        let names = std::iter::from_fn(|| folder.read()).map_while(Result::ok);
        Some(names.filter(|entry| !entry.file_name().to_bytes().starts_with(b".")).count())
    }

    /// The second number of statm, in pages.
    fn resident_bytes(&self) -> Option<u64> {
        let mut text = [0; STATM_BYTES_MAX];
        let length = self.statm.as_ref()?.read_at(&mut text, 0).ok()?;
        let pages: u64 = std::str::from_utf8(&text[..length]).ok()?.split(' ').nth(1)?.parse().ok()?;
        Some(pages * page_size() as u64)
    }
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
