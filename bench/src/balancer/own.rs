//! An `lb serve` of our own: started on free ports, stopped when dropped, whatever the way out (also Ctrl-C).
//!
//! Its addresses are read from the lines that it prints to stderr. It gets a process group of its own, so that Ctrl-C
//! in the terminal reaches us alone and we end it in order.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};
use std::{fs, thread};

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process};

/// How long it may take to print its addresses.
const ADDRESSES_WITHIN: Duration = Duration::from_secs(10);
/// How long it may take to drain; then it is told again.
const DRAINED_WITHIN: Duration = Duration::from_secs(5);
/// How long it may then take to stop; then it is killed.
const STOPPED_WITHIN: Duration = Duration::from_secs(10);
/// Between two looks at a child that shall end.
const LOOK_AGAIN: Duration = Duration::from_millis(5);
/// Last lines of its stderr that are shown when it fails.
const LINES_SHOWN: usize = 5;

/// A child `lb serve`.
#[derive(Debug)]
pub(crate) struct OwnLb {
    /// Its front.
    pub(crate) front: SocketAddr,
    /// Its admin API.
    pub(crate) admin: SocketAddr,
    running: Running,
}

/// The process and its state directory; both end with it.
#[derive(Debug)]
struct Running {
    child: Child,
    state_dir: PathBuf,
}

impl OwnLb {
    /// Its process.
    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.running.child)
    }

    /// Starts `program serve` with `flags` on free loopback ports.
    pub(crate) fn start(program: &Path, replicas: u32, flags: &[&str]) -> anyhow::Result<Self> {
        Self::start_by(Command::new(program), replicas, flags)
    }

    /// The same by a command that becomes `lb` when `serve` and its flags are added.
    pub(crate) fn start_by(mut command: Command, replicas: u32, flags: &[&str]) -> anyhow::Result<Self> {
        let program = command.get_program().to_owned();
        let state_dir = std::env::temp_dir().join(format!("lb-bench-{}-{:08x}", std::process::id(), fastrand::u32(..)));
        fs::create_dir(&state_dir).with_context(|| format!("{} can't be made", state_dir.display()))?;
        command.args(["serve", "--front", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--state-dir"]).arg(&state_dir);
        command.args(["--replicas", &replicas.to_string()]).args(flags);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).process_group(0);
        let spawned = command.spawn().with_context(|| {
            format!(
                "{} can't be started; build it (cargo build --release) or name it with --lb",
                program.to_string_lossy()
            )
        });
        let child = spawned.inspect_err(|_| drop(fs::remove_dir_all(&state_dir)))?;
        let mut running = Running { child, state_dir };
        let stderr = running.child.stderr.take().expect("stderr is piped");
        let (front, admin) = read_addresses(stderr)?;
        Ok(Self { front, admin, running })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The second SIGTERM ends what is left of the drain; killed at once, lb would leave its replicas behind.
        if !self.ends_after_term(DRAINED_WITHIN) && !self.ends_after_term(STOPPED_WITHIN) {
            eprintln!("lb-bench: lb (pid {}) did not stop; killed: its replicas may be left", self.child.id());
            let _gone = self.child.kill();
            let _reaped = self.child.wait();
        }
        // Best effort: what is left in a temporary directory harms nobody.
        let _removed = fs::remove_dir_all(&self.state_dir);
    }
}

impl Running {
    fn ends_after_term(&mut self, patience: Duration) -> bool {
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // ESRCH: it has ended by itself.
            let _gone = kill_process(pid, Signal::TERM);
        }
        let deadline = Instant::now() + patience;
        while matches!(self.child.try_wait(), Ok(None)) {
            if Instant::now() > deadline {
                return false;
            }
            thread::sleep(LOOK_AGAIN);
        }
        true
    }
}

fn read_addresses(stderr: ChildStderr) -> anyhow::Result<(SocketAddr, SocketAddr)> {
    let lines = lines_of(stderr);
    let deadline = Instant::now() + ADDRESSES_WITHIN;
    let (mut front, mut admin) = (None, None);
    let mut last = VecDeque::new();
    loop {
        if let (Some(front), Some(admin)) = (front, admin) {
            return Ok((front, admin));
        }
        let heard = match lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(line) => {
                front = front.or_else(|| address_in(&line, "front"));
                admin = admin.or_else(|| address_in(&line, "admin"));
                last.push_back(line);
                if last.len() > LINES_SHOWN {
                    last.pop_front();
                }
                continue;
            }
            Err(RecvTimeoutError::Timeout) => "printed no addresses in time",
            Err(RecvTimeoutError::Disconnected) => "ended before it was up",
        };
        bail!("lb serve {heard}: {}", last.make_contiguous().join(" | "));
    }
}

/// Reads on for as long as the child lives: a full pipe would block it.
fn lines_of(stderr: ChildStderr) -> Receiver<String> {
    let (sender, lines) = channel();
    thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            // Nobody listens any more once the addresses are known.
            let _unheard = sender.send(line);
        }
    });
    lines
}

/// The address in a line that has the word `what`.
fn address_in(line: &str, what: &str) -> Option<SocketAddr> {
    let mut words = line.split(|c: char| c.is_whitespace() || matches!(c, '/' | ',' | '=' | '(' | ')'));
    words.clone().any(|word| word.trim_end_matches(':') == what).then(|| words.find_map(|word| word.parse().ok()))?
}

#[cfg(test)]
mod tests;
