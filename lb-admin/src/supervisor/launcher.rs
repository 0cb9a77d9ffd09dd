//! The seam between the supervisor and what runs replicas: processes or containers.
//!
//! A [`Launcher`] starts one replica for an [`Order`], or takes over one that an earlier `lb serve` has left running; the
//! [`Replica`] it gives tells what happens to it and can be told to end. Neither decides anything: when to start, how
//! long to wait and what a failure means is the membership's and the supervisor's business. Neighbour:
//! [`super::process`] is the launcher for the `process` runtime.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lb_core::backend::BackendId;
use serde::{Deserialize, Serialize};

/// A replica to start.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    /// The incarnation; never used twice.
    pub(crate) id: BackendId,
    /// What users call it; a hostname.
    pub(crate) name: Arc<str>,
    /// Its seat's number.
    pub(crate) seat: u32,
}

/// How a replica ended, or why it couldn't be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Exit {
    /// "exit status 1", "killed by signal 9", …
    pub(crate) how: String,
    /// There is no point in trying again at once: the command doesn't exist, for example.
    pub(crate) hopeless: bool,
    /// The last line that it wrote, printable; may be empty.
    pub(crate) output: String,
}

impl Exit {
    /// Nothing more is known than this.
    pub(crate) fn because(how: &str) -> Self {
        Self { how: how.to_owned(), hopeless: false, output: String::new() }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.how)?;
        if !self.output.is_empty() {
            write!(f, ": {}", self.output)?;
        }
        Ok(())
    }
}

/// What is written down of a running replica, so that the next `lb serve` finds it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Trace {
    /// A process. Its number may be somebody else's by now; with the time of its start it can't be.
    Process {
        /// Its number.
        pid: u32,
        /// Clock ticks between the boot of the machine and its start (/proc/PID/stat).
        start_ticks: u64,
        /// Where it listens, on 127.0.0.1.
        port: u16,
    },
    /// A container.
    Container {
        /// The engine's own id for it, 64 hex digits.
        id: String,
        /// Where it was reached.
        addr: SocketAddr,
    },
}

/// What happens to a replica without our doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// It was frozen at this time: it answers nothing until it is resumed.
    Paused(Instant),
    /// It goes on.
    Resumed,
    /// It ended at this time; how is being found out, and told by `Ended`.
    Ending(Instant),
    /// It has ended; nothing of it is left.
    Ended(Exit),
}

/// Starts replicas.
pub(crate) trait Launcher: Send + Sync + 'static {
    /// What it starts.
    type Replica: Replica;

    /// Starts one. It need not answer its checks yet.
    fn launch(&self, order: &Order) -> impl Future<Output = Result<Self::Replica, Exit>> + Send;

    /// Takes over the replica that an earlier `lb serve` started for this order. `trace` is what was written down of it;
    /// none where that `lb serve` died between the start and the writing: then its mark is looked for. An error: it is
    /// gone, or was never started.
    fn adopt(&self, order: &Order, trace: Option<&Trace>) -> impl Future<Output = Result<Self::Replica, Exit>> + Send;

    /// Ends every replica that carries the mark of our state, isn't one of `known` and wasn't started by this launcher: what
    /// an earlier `lb serve` had started or was ending when it died. Launches go on meanwhile.
    fn sweep(&self, known: &[BackendId]) -> impl Future<Output = ()> + Send;

    /// CPU time that each of these has used since its start, its children included; of which it can't be said (it has
    /// just ended, the engine doesn't answer in time) is left out.
    fn cpu_times(&self, of: &[(BackendId, Trace)]) -> impl Future<Output = Vec<(BackendId, Duration)>> + Send;

    /// The last `lines` lines that one which runs has printed, at most [`super::output::OUTPUT_BYTES_MAX`] bytes; an error
    /// says why they can't be read.
    fn output(
        &self,
        order: &Order,
        trace: &Trace,
        lines: usize,
    ) -> impl Future<Output = Result<Vec<u8>, String>> + Send;

    /// Waits until everything that has ended is cleared away too, with a bound of its own.
    fn settle(&self) -> impl Future<Output = ()> + Send;
}

/// A replica that was started.
pub(crate) trait Replica: Send {
    /// How long after [`Self::kill`] it may take until it has ended and is cleared away.
    const KILL_GRACE: Duration;

    /// Its process, where it is one.
    fn pid(&self) -> Option<u32>;

    /// Where it (will) listen.
    fn addr(&self) -> SocketAddr;

    /// What finds it again.
    fn trace(&self) -> Trace;

    /// Waits for the next thing to happen to it. May be dropped and called again; nothing comes after `Ended`.
    fn news(&mut self) -> impl Future<Output = News> + Send;

    /// Asks it to end.
    fn terminate(&self);

    /// Ends it.
    fn kill(&self);

    /// Its name is free from now on, although it still runs.
    fn retire(&self);

    /// It ended because it was told to: nothing of it is worth keeping.
    fn forget(self);

    /// It goes on running without us.
    fn release(self);
}
