//! The `process` runtime: a replica is a child process that leads a session of its own.
//!
//! `LAUNCHER ARGV…` makes a new session and becomes the program (lb-server's hidden `launch` verb), so a Ctrl-C at our
//! terminal doesn't reach the replicas, and all that a replica starts can be found and ended with it. stdin is
//! /dev/null, output goes to a file ([`super::logs`]), no other descriptor is passed on (all of ours are close-on-exec).
//! A pidfd says at once when the process has ended. It is reaped only after its session was cleared: until then the
//! kernel gives its number to nobody else, so the signals can't hit a stranger. One that an earlier `lb serve` has started
//! isn't our child: nobody tells us how it ended, and its number needs a second look ([`session`]).
//! - [`adopt`]: taking over what an earlier `lb serve` has left running
//! - [`sweep`]: ending what it has left and nobody wants
//! - [`mark`]: how both know it

use std::collections::HashSet;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use lb_core::backend::BackendId;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, WaitIdStatus, kill_process_group, pidfd_open, pidfd_send_signal,
    waitid,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use self::mark::Mark;
use super::launcher::{Exit, Launcher, News, Order, Replica, Trace};
use super::logs::{self, Logs};
use super::plan::Recipe;
use super::ports::{PortLease, Ports};
use super::procfs;
use super::reaper::Started;

mod adopt;
pub(crate) mod mark;
mod session;
pub(crate) mod sweep;

/// What a shell says where a command can't be executed or isn't there; our `launch` verb does the same.
const CANNOT_EXECUTE: [i32; 2] = [126, 127];

/// Starts child processes.
#[derive(Debug)]
pub(crate) struct ProcessLauncher {
    recipe: Recipe,
    logs: Arc<Logs>,
    ports: Ports,
    started: Started,
    mark: Mark,
}

impl ProcessLauncher {
    /// Makes the folder for the replicas' output. `started` learns which of our children are replicas.
    ///
    /// # Errors
    /// It couldn't be made.
    pub(crate) fn new(recipe: Recipe, state_dir: PathBuf, started: Started) -> io::Result<Self> {
        let mark = recipe.mark.clone();
        let logs = Arc::new(Logs::new(state_dir)?);
        Ok(Self { recipe, logs, ports: Ports::default(), started, mark })
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
        // It isn't reaped, so it is there, if only as a zombie; without /proc its restart finds nothing anyway.
        let start_ticks = procfs::stat(pid).map_or(0, |stat| stat.start_ticks);
        let kin = Kin::Child(self.started.clone());
        Ok(Process { pid, start_ticks, pidfd, kin, ended: false, released: false, lease, log })
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

    async fn adopt(&self, order: &Order, trace: Option<&Trace>) -> Result<Process, Exit> {
        self.take_over(order, trace).await
    }

    async fn sweep(&self, known: &[BackendId]) {
        let known: HashSet<BackendId> = known.iter().copied().collect();
        // Their files first: whoever still writes to one does no harm, and our own end may come before theirs.
        self.logs.remove_others(&known);
        sweep::end_marked(&self.mark, &known).await;
    }

    /// A replica leads a session of its own: what is in it is the replica's. One look at /proc serves all.
    async fn cpu_times(&self, of: &[(BackendId, Trace)]) -> Vec<(BackendId, Duration)> {
        let used = procfs::cpu_time_by_session();
        let time = |trace: &Trace| match trace {
            Trace::Process { pid, .. } => used.get(&i32::try_from(*pid).ok()?).copied(),
            Trace::Container { .. } => None,
        };
        of.iter().filter_map(|(id, trace)| Some((*id, time(trace)?))).collect()
    }

    async fn output(&self, order: &Order, _trace: &Trace, lines: usize) -> Result<Vec<u8>, String> {
        self.logs.last_lines(order, lines).map_err(|error| error.to_string())
    }

    /// A process that has ended has been reaped: nothing is left.
    async fn settle(&self) {}
}

/// A replica's process, its port and its output.
#[derive(Debug)]
pub(crate) struct Process {
    pid: Pid,
    /// When it started; with its number that means no other process.
    start_ticks: u64,
    pidfd: AsyncFd<OwnedFd>,
    kin: Kin,
    /// It has ended, and the number is or may soon be somebody else's.
    ended: bool,
    /// It is to go on without us.
    released: bool,
    lease: PortLease,
    log: Log,
}

impl Process {
    /// Whether its number is still its own, so that its group and its session are too.
    fn has_its_number(&self) -> bool {
        match self.kin {
            Kin::Child(_) => !self.ended,
            Kin::Adopted => session::is_its_own(self.pid, self.start_ticks),
        }
    }

    /// To its process group; where it hasn't become the leader of one yet, to itself.
    fn signal(&self, signal: Signal) {
        if self.ended {
            return;
        }
        if !self.has_its_number() || kill_process_group(self.pid, signal).is_err() {
            // ESRCH at most: the descriptor means this process, which at the worst has just ended.
            let _ended = pidfd_send_signal(&self.pidfd, signal);
        }
    }

    /// Ends whatever its session still holds.
    fn clear_session(&self) {
        match self.kin {
            Kin::Child(_) if self.ended => {}
            Kin::Child(_) => session::clear(self.pid),
            Kin::Adopted => session::clear_of_stranger(self.pid, self.start_ticks),
        }
    }

    /// How it ended. A child is reaped, so this comes after its session was cleared.
    fn bury(&mut self, options: WaitIdOptions) -> (String, bool) {
        let Kin::Child(started) = &self.kin else {
            self.ended = true;
            return ("ended (it was taken over, so its status is not known)".to_owned(), false);
        };
        let status = waitid(WaitId::PidFd(self.pidfd.as_fd()), WaitIdOptions::EXITED | options);
        if let Ok(Some(_)) = status {
            self.ended = true;
            started.remove(self.pid);
        }
        describe(status.map_err(Into::into))
    }
}

/// Whose child it is.
#[derive(Debug)]
enum Kin {
    /// Ours, to be reaped by us.
    Child(Started),
    /// An earlier `lb serve`'s, whom somebody else reaps.
    Adopted,
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
        Trace::Process { pid, start_ticks: self.start_ticks, port: self.lease.port() }
    }

    async fn news(&mut self) -> News {
        // Readable means: it has ended. An error of the reactor only makes us look earlier; `reap` waits then.
        let _readiness = self.pidfd.readable().await.map(|mut ready| ready.retain_ready());
        self.clear_session();
        let (how, hopeless) = self.bury(WaitIdOptions::empty());
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
        // It goes on writing there, and the next run goes on reading.
        self.log.path = None;
    }
}

impl Drop for Process {
    /// Where its task was dropped while it still ran: nothing may be left running.
    fn drop(&mut self) {
        if !self.ended && !self.released {
            self.kill();
            self.clear_session();
            let _at_our_own_end = self.bury(WaitIdOptions::NOHANG);
            if let Kin::Child(started) = &self.kin {
                started.remove(self.pid);
            }
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
