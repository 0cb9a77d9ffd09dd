//! One `lb serve` process with a state directory of its own and its stderr collected line by line.
//!
//! Dropping it ends it by its pid: SIGTERM first, so that it stops its replicas, SIGKILL where it doesn't obey.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::wait::{eventually, in_time};

/// A child, running or ended.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    stderr: Lines,
    state_dir: Arc<TempDir>,
}

type Lines = Arc<Mutex<Vec<String>>>;

impl Process {
    /// Starts `lb serve` (`command` is lb, or a shell that becomes it) with `flags`, on free ports where none are
    /// given.
    pub(crate) fn spawn(command: Command, flags: &[&str]) -> Self {
        Self::spawn_in(Arc::new(state_dir()), command, flags)
    }

    /// The same on a state directory that others have used.
    pub(crate) fn spawn_in(state_dir: Arc<TempDir>, mut command: Command, flags: &[&str]) -> Self {
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("LB_")) {
            command.env_remove(name);
        }
        // A profile would else take an engine that answers, where it has the image; a flag of the test wins over this.
        command.env("LB_RUNTIME", "process");
        command.arg("serve").args(["--workers", "2"]).arg("--state-dir").arg(state_dir.path());
        for (flag, value) in [("--front", "127.0.0.1:0"), ("--admin", "127.0.0.1:0")] {
            if !flags.contains(&flag) {
                command.args([flag, value]);
            }
        }
        command.args(flags).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stderr = collect_lines(child.stderr.take().unwrap());
        Self { child, stderr, state_dir }
    }

    /// Its state directory, which lasts as long as anybody holds it.
    pub(crate) fn state_dir(&self) -> &Arc<TempDir> {
        &self.state_dir
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    pub(crate) fn exit_status(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Waits until it has ended by itself.
    pub(crate) fn wait_for_exit(&mut self) -> ExitStatus {
        eventually("lb ends", || self.exit_status())
    }

    /// The lines it has written so far.
    pub(crate) fn stderr(&self) -> Vec<String> {
        self.stderr.lock().unwrap().clone()
    }

    /// All it has ever written; it must have ended.
    pub(crate) fn last_words(&self) -> String {
        // The collecting thread gives its share up at the end of the stream.
        eventually("stderr is read to its end", || (Arc::strong_count(&self.stderr) == 1).then_some(()));
        self.stderr().join("\n")
    }

    /// What lies in the state directory.
    pub(crate) fn state_files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.state_dir.path()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("--- stderr of lb (pid {}):\n{}", self.pid(), self.stderr().join("\n"));
        }
        if self.exit_status().is_some() {
            return;
        }
        signal(self.pid(), Signal::TERM);
        if in_time(|| self.exit_status()).is_none() {
            // The second one ends what is left of a drain; killed at once, lb would leave its replicas behind.
            signal(self.pid(), Signal::TERM);
            let _in_vain = in_time(|| self.exit_status());
            let _gone = self.child.kill();
            let _reaped = self.child.wait();
            assert!(thread::panicking(), "lb does not end after SIGTERM");
        }
    }
}

/// Sends a signal to one process; false where it is gone.
pub(crate) fn signal(pid: u32, signal: Signal) -> bool {
    kill_process(Pid::from_raw(pid as i32).unwrap(), signal).is_ok()
}

/// Whether a process is there (a zombie is).
pub(crate) fn is_alive(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

/// Its children, zombies among them.
pub(crate) fn children_of(pid: u32) -> Vec<u32> {
    let pids = fs::read_dir("/proc").unwrap().filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
    let has_parent = |child: &u32| {
        let stat = fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
        // After the name, which is in brackets: state, parent.
        let parent = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1)?.parse().ok());
        parent == Some(pid)
    };
    pids.filter(has_parent).collect()
}

/// In memory where there is such a folder: a change is refused where the disk takes longer than a second, and what else
/// this machine writes is not what is tested.
fn state_dir() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn collect_lines(stderr: impl Read + Send + 'static) -> Lines {
    let lines = Lines::default();
    let collected = Arc::clone(&lines);
    thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            collected.lock().unwrap().push(line);
        }
    });
    lines
}
