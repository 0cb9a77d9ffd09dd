//! A container that is ended by the kernel because its memory is used up, as one that leaks is.
//!
//! Its limit is lowered by `docker update`, and a helper that joins its memory group fills a file in memory until nothing
//! is left: what is in the file counts for the group, but not as the helper's own memory, so that the kernel ends the
//! replica (and then the helper). Needs root, for the group belongs to the engine.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use anyhow::{Context, bail, ensure};
use rustix::process::{Pid, Signal};
use tokio::time::{Duration, Instant, sleep, timeout};

use super::kill::LOOK_EVERY;
use crate::engine::Engine;

/// More than a replica has; little enough to be filled in no time.
const LIMIT: &str = "32m";
/// More than fits.
const FILLED: &str = "96M";
const FILLED_WITHIN: Duration = Duration::from_secs(20);
/// Files in memory.
const MEMORY: &str = "/dev/shm";

/// Uses up the memory of `container`, whose process is `pid`. Returns when the engine says so.
pub(super) async fn strike(engine: &Engine, container: &str, pid: Pid) -> anyhow::Result<()> {
    ensure!(rustix::process::geteuid().is_root(), "an OOM kill of a container is provoked by root alone");
    let id = pid.as_raw_pid();
    let groups = fs::read_to_string(format!("/proc/{id}/cgroup")).with_context(|| format!("{container}: no groups"))?;
    let group = memory_group(&groups).with_context(|| format!("{container} has no memory group"))?;
    engine.run(&["update", "--memory", LIMIT, "--memory-swap", LIMIT, container]).await?;
    // Where that isn't permitted the kernel chooses by size, and a helper is smaller than a replica.
    let _preferred = fs::write(format!("/proc/{id}/oom_score_adj"), "1000");
    let file = Filled(Path::new(MEMORY).join(format!("{container}-{id}")));
    // The engine sometimes hears of the end before it hears of its reason; the helper, ended in the same group by a signal
    // that nobody here has sent, is the kernel's own word.
    let is_kernels = fill(&group, &file.0).await?.signal() == Some(Signal::KILL.as_raw());
    drop(file);
    let deadline = Instant::now() + FILLED_WITHIN;
    loop {
        // One that was replaced and removed already can't be asked. The engine takes a moment to notice the end.
        match engine
            .run(&["inspect", "--format", "{{.State.Running}} {{.State.OOMKilled}}", container])
            .await
            .as_deref()
        {
            Err(_) | Ok("false true") => return Ok(()),
            Ok("false false") if is_kernels => return Ok(()),
            Ok("false false") => bail!("{container} was ended, but not for want of memory"),
            _ => ensure!(Instant::now() < deadline, "{container} still runs although its memory is used up"),
        }
        sleep(LOOK_EVERY).await;
    }
}

/// The directory of the memory group in `/proc/PID/cgroup`, of either version.
fn memory_group(groups: &str) -> Option<PathBuf> {
    let of = |wanted: fn(&str) -> bool| {
        groups.lines().find_map(|line| {
            let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
            wanted(controllers).then(|| path.trim_start_matches('/').to_owned())
        })
    };
    let first = of(|controllers| controllers.split(',').any(|controller| controller == "memory"));
    let in_first = first.map(|path| Path::new("/sys/fs/cgroup/memory").join(path));
    in_first.or_else(|| Some(Path::new("/sys/fs/cgroup").join(of(str::is_empty)?)))
}

/// Ends when the file is full or, as is meant, when the kernel ends the helper too.
async fn fill(group: &Path, file: &Path) -> anyhow::Result<ExitStatus> {
    let mut helper = tokio::process::Command::new("sh");
    helper.args(["-c", "echo $$ > \"$0/cgroup.procs\" && exec head -c \"$2\" /dev/zero > \"$1\""]);
    helper.arg(group).arg(file).arg(FILLED).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let ended = timeout(FILLED_WITHIN, helper.kill_on_drop(true).status()).await;
    ended.context("the memory isn't used up in time")?.context("sh can't be started")
}

/// A file in memory; dropped, it is removed.
struct Filled(PathBuf);

impl Drop for Filled {
    fn drop(&mut self) {
        // Not there where the helper could not be started.
        let _removed = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests;
