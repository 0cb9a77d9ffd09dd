//! The `process` runtime: a replica is a child process that leads a session of its own.
//!
//! `LAUNCHER ARGV…` makes a new session and becomes the program (lb-server's hidden `launch` verb), so a Ctrl-C at our
//! terminal doesn't reach the replicas, and all that a replica starts can be found and ended with it. stdin is
//! /dev/null, output goes to a file ([`super::logs`]), no other descriptor is passed on (all of ours are close-on-exec).
//! A pidfd says at once when the process has ended. It is reaped only after its session was cleared: until then the
//! kernel gives its number to nobody else, so the signals can't hit a stranger.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use lb_core::backend::BackendId;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, WaitIdStatus, kill_process, kill_process_group, pidfd_open,
    pidfd_send_signal, waitid,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::launcher::{Exit, Launcher, News, Order, Replica, Trace};
use super::logs::{self, Logs};
use super::plan::Recipe;
use super::ports::{PortLease, Ports};
use super::procfs;
use super::reaper::Started;

/// What a shell says where a command can't be executed or isn't there; our `launch` verb does the same.
const CANNOT_EXECUTE: [i32; 2] = [126, 127];
/// A session is looked through again for what was forked meanwhile, this often at the most.
const SESSION_ROUNDS_MAX: usize = 3;

/// Starts child processes.
#[derive(Debug)]
pub(crate) struct ProcessLauncher {
    recipe: Recipe,
    logs: Arc<Logs>,
    ports: Ports,
    started: Started,
}

impl ProcessLauncher {
    /// Makes the folder for the replicas' output. `started` learns which of our children are replicas.
    ///
    /// # Errors
    /// It couldn't be made.
    pub(crate) fn new(recipe: Recipe, state_dir: PathBuf, started: Started) -> io::Result<Self> {
        Ok(Self { recipe, logs: Arc::new(Logs::new(state_dir)?), ports: Ports::default(), started })
    }

    fn start(&self, order: &Order) -> io::Result<Process> {
        let lease = self.ports.lease()?;
        let plan = self.recipe.plan(order, lease.port());
        let (output, path) = self.logs.create(order)?;
        let log = Log { path, logs: Arc::clone(&self.logs) };
        let (program, args) = plan.argv.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        let mut command = Command::new(program);
        command.args(args).envs(plan.env).stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let mut child = command.spawn().map_err(|error| {
            io::Error::new(error.kind(), format!("{} could not be run: {error}", program.to_string_lossy()))
        })?;
        let pid = Pid::from_child(&child);
        let pidfd = watch(pid).inspect_err(|_no_descriptor| {
            // Nobody would notice its end. It has hardly begun, and SIGKILL can't be put off: no wait worth the name.
            let _ended = child.kill().and_then(|()| child.wait());
        })?;
        self.started.insert(pid);
        Ok(Process { pid, pidfd, reaped: false, released: false, started: self.started.clone(), lease, log })
    }
}

/// What becomes readable when a child ends. It isn't reaped before this returns, so the number is still its own.
fn watch(pid: Pid) -> io::Result<AsyncFd<OwnedFd>> {
    let pidfd = pidfd_open(pid, PidfdFlags::empty())?;
    #[expect(deprecated, reason = "an OwnedFd keeps its promise; the successor is an unsafe fn for types that may not")]
    AsyncFd::with_interest(pidfd, Interest::READABLE)
}

impl Launcher for ProcessLauncher {
    type Replica = Process;

    async fn launch(&self, order: &Order) -> Result<Process, Exit> {
        // Whatever it is (no program, no port, no descriptor), the next moment won't be better.
        self.start(order).map_err(|error| Exit { how: error.to_string(), hopeless: true, output: String::new() })
    }

    async fn adopt(&self, _order: &Order, _trace: Option<&Trace>) -> Result<Process, Exit> {
        Err(Exit { how: "gone".to_owned(), hopeless: false, output: String::new() })
    }

    async fn sweep(&self, _known: &[BackendId]) {}

    /// A replica leads a session of its own: what is in it is the replica's. One look at /proc serves all.
    async fn cpu_times(&self, of: &[(BackendId, Trace)]) -> Vec<(BackendId, Duration)> {
        let used = procfs::cpu_time_by_session();
        let time = |trace: &Trace| match trace {
            Trace::Process { pid, .. } => used.get(&i32::try_from(*pid).ok()?).copied(),
            Trace::Container { .. } => None,
        };
        of.iter().filter_map(|(id, trace)| Some((*id, time(trace)?))).collect()
    }

    /// A process that has ended has been reaped: nothing is left.
    async fn settle(&self) {}
}

/// A child process, its port and its output.
#[derive(Debug)]
pub(crate) struct Process {
    pid: Pid,
    pidfd: AsyncFd<OwnedFd>,
    reaped: bool,
    /// It is to go on without us.
    released: bool,
    started: Started,
    lease: PortLease,
    log: Log,
}

impl Process {
    /// To its process group; where it hasn't become the leader of one yet, to itself.
    fn signal(&self, signal: Signal) {
        if self.reaped {
            return;
        }
        if kill_process_group(self.pid, signal).is_err() {
            // ESRCH at most: it is ours and not reaped, so at the worst it has just ended.
            let _ended = pidfd_send_signal(&self.pidfd, signal);
        }
    }

    /// Ends whatever its session still holds. Only while it isn't reaped.
    fn clear_session(&self) {
        for _ in 0..SESSION_ROUNDS_MAX {
            // The group first: one system call, and nearly always all there is.
            let _no_group = kill_process_group(self.pid, Signal::KILL);
            let others = session_members(self.pid);
            if others.is_empty() {
                return;
            }
            for pid in others {
                let _gone = kill_process(pid, Signal::KILL);
            }
        }
    }

    fn reap(&mut self, options: WaitIdOptions) -> io::Result<Option<WaitIdStatus>> {
        let status = waitid(WaitId::PidFd(self.pidfd.as_fd()), WaitIdOptions::EXITED | options)?;
        if status.is_some() {
            self.reaped = true;
            self.started.remove(self.pid);
        }
        Ok(status)
    }
}

impl Replica for Process {
    /// After SIGKILL only a process stuck in the kernel is still there; waiting longer would block our own end.
    const KILL_GRACE: Duration = Duration::from_secs(2);

    fn pid(&self) -> Option<u32> {
        u32::try_from(self.pid.as_raw_nonzero().get()).ok()
    }

    fn addr(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.lease.port()).into()
    }

    fn trace(&self) -> Trace {
        let pid = self.pid().expect("a process has a number");
        Trace::Process { pid, start_ticks: 0, port: self.lease.port() }
    }

    async fn news(&mut self) -> News {
        // Readable means: it has ended. An error of the reactor only makes us look earlier; `reap` waits then.
        let _readiness = self.pidfd.readable().await.map(|mut ready| ready.retain_ready());
        self.clear_session();
        let (how, hopeless) = describe(self.reap(WaitIdOptions::empty()));
        News::Ended(Exit { how, hopeless, output: self.log.last_line() })
    }

    fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    fn kill(&self) {
        self.signal(Signal::KILL);
    }

    /// Names of processes are only in our own books.
    fn retire(&self) {}

    fn forget(mut self) {
        self.log.remove();
    }

    fn release(mut self) {
        self.released = true;
    }
}

impl Drop for Process {
    /// Where its task was dropped while it still ran: nothing may be left running.
    fn drop(&mut self) {
        if !self.reaped && !self.released {
            self.kill();
            self.clear_session();
            let _at_our_own_end = self.reap(WaitIdOptions::NOHANG);
            self.started.remove(self.pid);
        }
    }
}

/// A replica's file: kept if it ended by itself, removed if it was told to.
#[derive(Debug)]
struct Log {
    path: Option<PathBuf>,
    logs: Arc<Logs>,
}

impl Log {
    fn last_line(&self) -> String {
        self.path.as_deref().map(logs::last_line).unwrap_or_default()
    }

    fn remove(&mut self) {
        if let Some(path) = self.path.take() {
            logs::remove(&path);
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        if let Some(path) = self.path.take() {
            self.logs.keep(path);
        }
    }
}

/// In words, and whether there is no point in trying again.
fn describe(status: io::Result<Option<WaitIdStatus>>) -> (String, bool) {
    let Ok(Some(status)) = status else {
        return ("ended, reaped by somebody else".to_owned(), false);
    };
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => (format!("exit status {code}"), CANNOT_EXECUTE.contains(&code)),
        (None, Some(signal)) => (format!("killed by signal {signal}"), false),
        (None, None) => ("ended".to_owned(), false),
    }
}

/// The other living processes of the session that `leader` leads, those that left its process group among them.
fn session_members(leader: Pid) -> Vec<Pid> {
    let session = leader.as_raw_nonzero().get();
    let members = procfs::all().filter(|(pid, stat)| *pid != leader && !stat.zombie && stat.session == session);
    members.map(|(pid, _)| pid).collect()
}
