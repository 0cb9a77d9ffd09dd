//! A program that runs on one CPU: what is started inside [`on_last_cpu`] inherits the choice, and so do its threads.
//!
//! The last CPU, because interrupts and everybody else's programs prefer the first. Clients and backends are left to the
//! scheduler, which moves them to where there is time.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Runs `start` while this thread may only be on the last CPU that it may use; afterwards it has its old choice again.
/// Where that can't be (one CPU only, not permitted) it is run as it is.
pub(crate) fn on_last_cpu<T>(start: impl FnOnce() -> T) -> T {
    let Some((all, last)) = choice() else { return start() };
    let narrowed = sched_setaffinity(None, &last).is_ok();
    let started = start();
    if narrowed {
        // It was allowed before.
        let _restored = sched_setaffinity(None, &all);
    }
    started
}

/// Which CPU that is, in words.
pub(crate) fn described() -> String {
    match choice().and_then(|(_, last)| last_of(&last)) {
        Some(cpu) => format!("each proxy is pinned to CPU {cpu}, where clients and backends may run too"),
        None => "the proxies are not pinned: there is one CPU".to_owned(),
    }
}

/// The CPUs that this thread may use, and the last of them.
fn choice() -> Option<(CpuSet, CpuSet)> {
    let all = sched_getaffinity(None).ok().filter(|all| all.count() > 1)?;
    let mut last = CpuSet::new();
    last.set(last_of(&all)?);
    Some((all, last))
}

fn last_of(set: &CpuSet) -> Option<usize> {
    (0..CpuSet::MAX_CPU).rev().find(|&cpu| set.is_set(cpu))
}

#[cfg(test)]
mod tests;
