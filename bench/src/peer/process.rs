//! A child that can't be left behind: in a process group of its own (Ctrl-C in the terminal reaches the bench alone,
//! which ends its children in order), asked to end when dropped, and after that its whole group is killed.
//!
//! The group is signalled while its leader is not yet reaped, so its number can't have been given to anybody else.

use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use anyhow::Context;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid};

/// How long a child may take to end after each of two SIGTERMs; then its group is killed.
const ENDED_WITHIN: Duration = Duration::from_secs(2);
/// Between two looks at a child that shall end.
const LOOK_AGAIN: Duration = Duration::from_millis(2);
/// Last bytes of its log that are shown when it fails.
const LOG_BYTES_SHOWN: usize = 600;

/// A running child with a directory of its own; both end with this.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    dir: TempDir,
}

impl Process {
    /// Starts `command`; its stderr goes to a file in `dir`.
    pub(crate) fn start(command: &mut Command, dir: TempDir) -> anyhow::Result<Self> {
        let program = command.get_program().to_string_lossy().into_owned();
        let log = File::create(dir.path().join("stderr")).context("the log can't be made")?;
        let spawned = command.stderr(log).process_group(0).spawn();
        let child = spawned.with_context(|| format!("{program} can't be started"))?;
        Ok(Self { child, dir })
    }

    /// Its id.
    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// The child, for its pipes.
    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Whether it has ended by itself. It stays unreaped.
    pub(crate) fn has_ended(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        !matches!(waitid(WaitId::Pid(self.pid()), options), Ok(None))
    }

    /// The end of what it has said, in one line.
    pub(crate) fn last_words(&self) -> String {
        let log = fs::read(self.dir.path().join("stderr")).unwrap_or_default();
        let end = &log[log.len().saturating_sub(LOG_BYTES_SHOWN)..];
        String::from_utf8_lossy(end).trim().replace('\n', " | ")
    }

    /// Ends it without a chance to say goodbye.
    pub(crate) fn kill(&self) {
        // ESRCH: it has ended by itself.
        let _gone = kill_process_group(self.pid(), Signal::KILL);
    }

    /// Asks it to end; true when it did within `patience`.
    pub(crate) fn ends_after(&self, signal: Signal, patience: Duration) -> bool {
        let _gone = kill_process(self.pid(), signal);
        let deadline = Instant::now() + patience;
        while !self.has_ended() {
            if Instant::now() > deadline {
                return false;
            }
            thread::sleep(LOOK_AGAIN);
        }
        true
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Some end only when their input does.
        drop(self.child.stdin.take());
        // A balancer drains at the first SIGTERM and ends at the second.
        let _ended = self.ends_after(Signal::TERM, ENDED_WITHIN) || self.ends_after(Signal::TERM, ENDED_WITHIN);
        self.kill();
        let _reaped = self.child.wait();
    }
}

/// A directory that is removed when dropped.
#[derive(Debug)]
pub(crate) struct TempDir(PathBuf);

impl TempDir {
    /// Makes one with a name of its own.
    pub(crate) fn new() -> io::Result<Self> {
        let path = std::env::temp_dir().join(format!("lb-bench-{}-{:08x}", std::process::id(), fastrand::u32(..)));
        fs::create_dir(&path).map(|()| Self(path))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        // Best effort: what is left in a temporary directory harms nobody.
        let _removed = fs::remove_dir_all(&self.0);
    }
}

/// Where `program` is on PATH.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    // Daemons live in sbin, which isn't on every user's PATH.
    let places = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    places.map(|place| place.join(program)).find(|file| file.is_file())
}

/// What `program ARGS` prints (stdout, then stderr), its first line.
pub(crate) fn first_line_of(program: &Path, args: &[&str]) -> String {
    let output = Command::new(program).args(args).stdin(Stdio::null()).output();
    let text = output.map(|output| [output.stdout, output.stderr].concat()).unwrap_or_default();
    String::from_utf8_lossy(&text).lines().next().unwrap_or("unknown version").to_owned()
}

#[cfg(test)]
mod tests;
