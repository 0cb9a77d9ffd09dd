//! The threads of a process by their names: which CPU they may use, and what the scheduler has given them.
//!
//! A thread that is gone meanwhile is no error: it has nothing more to be told or kept from.

use std::fs;
use std::time::Duration;

use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// What the scheduler says of some threads until now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scheduled {
    /// They have run.
    pub(crate) ran: Duration,
    /// They could have run, and waited for a CPU.
    pub(crate) waited: Duration,
}

/// The threads of `pid` whose name begins with `prefix`; all of them where it is empty.
pub(crate) fn named(pid: Pid, prefix: &str) -> Vec<Pid> {
    let tasks = fs::read_dir(format!("/proc/{}/task", pid.as_raw_pid())).into_iter().flatten().flatten();
    let is_one = |task: &fs::DirEntry| {
        fs::read_to_string(task.path().join("comm")).is_ok_and(|name| name.trim_end().starts_with(prefix))
    };
    tasks.filter(is_one).filter_map(|task| Pid::from_raw(task.file_name().to_str()?.parse().ok()?)).collect()
}

/// The first and the last of the CPUs that this thread may use, where there are two.
pub(crate) fn two_cpus() -> Option<[usize; 2]> {
    let all = sched_getaffinity(None).ok()?;
    let mut cpus = (0..CpuSet::MAX_CPU).filter(|&cpu| all.is_set(cpu));
    Some([cpus.next()?, cpus.next_back()?])
}

/// From now on they run on `cpu` only, and so does what they start. Whether all of them do.
pub(crate) fn pin(threads: &[Pid], cpu: usize) -> bool {
    let mut only = CpuSet::new();
    only.set(cpu);
    threads.iter().all(|thread| sched_setaffinity(Some(*thread), &only).is_ok())
}

/// Of `threads` of the process `pid`, added up; `None` where the kernel doesn't say.
pub(crate) fn scheduled(pid: Pid, threads: &[Pid]) -> Option<Scheduled> {
    let of_one = |thread: &Pid| {
        let path = format!("/proc/{}/task/{}/schedstat", pid.as_raw_pid(), thread.as_raw_pid());
        let text = fs::read_to_string(path).ok()?;
        let mut fields = text.split_whitespace().map(|field| field.parse().map(Duration::from_nanos));
        Some(Scheduled { ran: fields.next()?.ok()?, waited: fields.next()?.ok()? })
    };
    threads.iter().map(of_one).try_fold(Scheduled::default(), |sum, one| {
        let one = one?;
        Some(Scheduled { ran: sum.ran + one.ran, waited: sum.waited + one.waited })
    })
}

impl Scheduled {
    /// What came since `earlier`.
    pub(crate) fn since(self, earlier: Self) -> Self {
        Self { ran: self.ran.saturating_sub(earlier.ran), waited: self.waited.saturating_sub(earlier.waited) }
    }
}

#[cfg(test)]
mod tests;
