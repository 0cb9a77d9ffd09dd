//! strace at work on the worker threads of a running balancer: attached, it lets some calls fail; detached, none.
//!
//! Only the workers: the admin side has its own event loop, and its counters are what the tests ask.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStderr, Command, Stdio};

use rustix::process::Signal;
use tempfile::NamedTempFile;

use crate::support::process::signal;

/// A running injection.
pub(super) struct Injection {
    strace: Child,
    /// Kept open: strace tells here of its end too.
    _stderr: BufReader<ChildStderr>,
    trace: NamedTempFile,
}

/// Why this machine can't inject anything.
#[derive(Debug)]
pub(super) struct Unavailable(pub(super) String);

impl Injection {
    /// From its return on, calls of `syscall` by the workers of `pid` fail with `errno` at `when`.
    pub(super) fn begin(pid: u32, syscall: &str, errno: &str, when: &str) -> Result<Self, Unavailable> {
        let trace = NamedTempFile::new().unwrap();
        let workers = workers_of(pid);
        let mut command = Command::new("strace");
        command.arg("-o").arg(trace.path());
        command.args(["-e", &format!("trace={syscall}")]);
        command.args(["-e", &format!("inject={syscall}:error={errno}:when={when}")]);
        command.args(workers.iter().flat_map(|thread| ["-p", thread]));
        let spawned = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let mut strace = spawned.map_err(|error| Unavailable(format!("no strace ({error})")))?;
        let mut stderr = BufReader::new(strace.stderr.take().unwrap());
        for _ in &workers {
            let mut line = String::new();
            stderr.read_line(&mut line).unwrap();
            if !line.contains(" attached") {
                let _ended = strace.kill();
                let _reaped = strace.wait();
                assert!(!line.contains("invalid"), "strace doesn't understand {syscall} = {errno}: {line}");
                return Err(Unavailable(format!("strace can't attach ({})", line.trim())));
            }
        }
        Ok(Self { strace, _stderr: stderr, trace })
    }

    /// Nothing fails any more. Gives how many calls did.
    pub(super) fn end(mut self) -> usize {
        signal(self.strace.id(), Signal::TERM);
        self.strace.wait().unwrap();
        fs::read_to_string(self.trace.path()).unwrap().matches("(INJECTED)").count()
    }
}

impl Drop for Injection {
    /// Also where the test fails: a traced process can't be waited for by others.
    fn drop(&mut self) {
        let _gone = self.strace.kill();
        let _reaped = self.strace.wait();
    }
}

/// The ids of the worker threads.
fn workers_of(pid: u32) -> Vec<String> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).unwrap().map(|entry| entry.unwrap());
    let is_worker = |name: String| name.starts_with("lb-worker-");
    let workers = threads.filter(|thread| fs::read_to_string(thread.path().join("comm")).is_ok_and(is_worker));
    workers.map(|thread| thread.file_name().to_string_lossy().into_owned()).collect()
}
