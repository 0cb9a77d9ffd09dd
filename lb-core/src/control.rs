//! The only door from other crates to the running workers.
//!
//! Tables go in: [`Control::publish`] sends an `Arc<RingTable>` to every worker through its crossbeam channel and wakes
//! it; the worker drains the channel, keeps the newest and stores the version that it has applied, so whoever asked for
//! a change can wait until [`Control::applied_version`] has reached it. Reports come out on bounded channels that never
//! block a worker: what doesn't fit is counted ([`WorkerStats::reports_dropped`]).
//! Nothing here is tokio: the control side hands in a `notify` hook that the workers call when there is something to read.

use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded, unbounded};
use mio::Waker;

pub(crate) use self::tally::Tally;
pub use self::tally::{Count, MappingStep};
use crate::backend::places::PlaceLimits;
use crate::backend::{Backend, BackendId};
use crate::config::WorkerConfig;
use crate::ring::RingTable;
use crate::worker::stats::WorkerStats;

mod tally;

/// Failure reports that may wait to be read; one a failed connect, so a burst beyond this tells nothing new.
const REPORTS_MAX: usize = 1024;
/// Answered ids that may wait to be read: at 100,000 requests/s that is over half a second of them.
const ANSWERED_MAX: usize = 65_536;
/// Connections that may wait for the admin side to take them over.
const FRONT_REQUESTS_MAX: usize = 1024;
/// Longest id that is recorded; longer ones are cut.
pub const RECORDED_ID_BYTES_MAX: usize = 64;

/// What a worker is told.
#[derive(Debug)]
pub(crate) enum Command {
    /// Route by this table from now on.
    Apply(Arc<RingTable>),
    /// Add to this tally how many sessions would move. Gone, where nobody waits for it any more.
    CountMoved(Weak<Tally>),
    /// Go by these settings from now on.
    Configure(Arc<WorkerConfig>),
    /// Close the sessions of this backend.
    Evict(BackendId),
    /// Take no new connections; close what is open when `deadline` has passed.
    Drain { deadline: Duration },
    /// Close everything and end.
    Stop,
}

/// What a worker has seen of a backend: a hint, faster than any health check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// A connect was refused, reset or answered by ourselves (self-connect).
    ConnectRefused(BackendId),
    /// A connect got no answer in time.
    ConnectTimedOut(BackendId),
    /// The backend went away after the request was sent and before the first byte of a response.
    DiedBeforeFirstByte(BackendId),
}

/// The id of one request that a backend answered, cut at [`RECORDED_ID_BYTES_MAX`] bytes.
#[derive(Clone, Copy, Debug)]
pub struct Answered {
    /// Who answered.
    pub backend: BackendId,
    len: u8,
    bytes: [u8; RECORDED_ID_BYTES_MAX],
}

impl Answered {
    /// Records (a prefix of) `id`.
    pub fn new(backend: BackendId, id: &[u8]) -> Self {
        let len = id.len().min(RECORDED_ID_BYTES_MAX);
        let mut bytes = [0; RECORDED_ID_BYTES_MAX];
        bytes[..len].copy_from_slice(&id[..len]);
        Self { backend, len: len as u8, bytes }
    }

    /// The id.
    pub fn id(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

/// A connection on the front whose first request is for the admin API (`--profile assignment`).
#[derive(Debug)]
pub struct FrontRequest {
    /// The client's socket, non-blocking.
    pub stream: TcpStream,
    /// The client's address.
    pub client: SocketAddr,
    /// What was read from it already.
    pub received: Vec<u8>,
}

/// Called by a worker, on its own thread, after it has sent something; must return at once.
pub type Notify = Arc<dyn Fn() + Send + Sync>;

/// What the control side and one worker share.
#[derive(Debug)]
pub(crate) struct WorkerShared {
    pub(crate) applied_version: AtomicU64,
    pub(crate) ended: AtomicBool,
    pub(crate) stats: WorkerStats,
}

/// A worker's end of the channels.
pub(crate) struct WorkerPort {
    commands: Receiver<Command>,
    pub(crate) shared: Arc<WorkerShared>,
    reports: Sender<(Instant, Report)>,
    answered: Sender<Answered>,
    front_requests: Sender<FrontRequest>,
    notify: Notify,
    wakers: Arc<[Arc<Waker>]>,
}

impl WorkerPort {
    /// What wakes each worker.
    pub(crate) fn wakers(&self) -> Arc<[Arc<Waker>]> {
        Arc::clone(&self.wakers)
    }

    /// The next command, if one waits.
    pub(crate) fn next_command(&self) -> Option<Command> {
        self.commands.try_recv().ok()
    }

    /// Tells the control side what happened to a backend, just now: by the clock itself, since a turn may be long.
    pub(crate) fn report(&self, report: Report) {
        self.send(&self.reports, (Instant::now(), report));
        (self.notify)();
    }

    /// Records an answered id. Nobody is woken: the control side drains these at its leisure, and before it answers.
    pub(crate) fn answered(&self, answered: Answered) {
        self.send(&self.answered, answered);
    }

    /// Hands a connection over; gives it back where the control side is too far behind.
    pub(crate) fn hand_over(&self, request: FrontRequest) -> Result<(), FrontRequest> {
        match self.front_requests.try_send(request) {
            Ok(()) => {
                (self.notify)();
                Ok(())
            }
            Err(TrySendError::Full(request) | TrySendError::Disconnected(request)) => Err(request),
        }
    }

    /// Says that `version` is what this worker routes by from now on.
    pub(crate) fn acknowledge(&self, version: u64) {
        self.shared.applied_version.store(version, Ordering::Release);
        (self.notify)();
    }

    fn send<T>(&self, channel: &Sender<T>, item: T) {
        if channel.try_send(item).is_err() {
            self.shared.stats.reports_dropped.add(1);
        }
    }
}

impl Drop for WorkerPort {
    /// Also while a panic unwinds: the control side must learn that this worker is gone.
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Release);
        (self.notify)();
    }
}

struct WorkerLink {
    commands: Sender<Command>,
    /// The same channel's other end, to take back tables that a stalled worker hasn't read.
    unread: Receiver<Command>,
    waker: Arc<Waker>,
    shared: Arc<WorkerShared>,
}

/// The control side's handle on all workers. Cheap to clone.
#[derive(Clone)]
pub struct Control {
    workers: Arc<[WorkerLink]>,
    reports: Receiver<(Instant, Report)>,
    answered: Receiver<Answered>,
    front_requests: Receiver<FrontRequest>,
}

impl Control {
    /// Links `wakers.len()` workers to a control side.
    pub(crate) fn link(wakers: Vec<Arc<Waker>>, notify: &Notify) -> (Self, Vec<WorkerPort>) {
        let (report_tx, reports) = bounded(REPORTS_MAX);
        let (answered_tx, answered) = bounded(ANSWERED_MAX);
        let (front_tx, front_requests) = bounded(FRONT_REQUESTS_MAX);
        let mut ports = Vec::with_capacity(wakers.len());
        let mut links = Vec::with_capacity(wakers.len());
        let wakers: Arc<[Arc<Waker>]> = wakers.into();
        for waker in wakers.iter().map(Arc::clone) {
            // Unbounded, yet it can't grow: `publish` takes back what a stalled worker hasn't read.
            let (commands, inbox) = unbounded();
            let shared = Arc::new(WorkerShared {
                applied_version: AtomicU64::new(0),
                ended: AtomicBool::new(false),
                stats: WorkerStats::default(),
            });
            ports.push(WorkerPort {
                commands: inbox.clone(),
                shared: Arc::clone(&shared),
                reports: report_tx.clone(),
                answered: answered_tx.clone(),
                front_requests: front_tx.clone(),
                notify: Arc::clone(notify),
                wakers: Arc::clone(&wakers),
            });
            links.push(WorkerLink { commands, unread: inbox, waker, shared });
        }
        (Self { workers: links.into(), reports, answered, front_requests }, ports)
    }

    /// A control side without any worker: tables go nowhere, counters are empty, nothing is ever reported. For an admin
    /// side that runs alone, and for its tests.
    pub fn without_workers() -> Self {
        let nobody: Notify = Arc::new(|| ());
        Self::link(Vec::new(), &nobody).0
    }

    /// Sends a table to every worker. Publish in order of version; the newest wins, and older ones that a stalled worker
    /// hasn't read are taken back, so that nothing grows.
    pub fn publish(&self, table: &Arc<RingTable>) {
        for worker in self.workers.iter() {
            let unread: Vec<Command> = worker.unread.try_iter().collect();
            for command in unread {
                let is_in_vain = match &command {
                    Command::Apply(_) => true,
                    Command::CountMoved(tally) => tally.strong_count() == 0,
                    _ => false,
                };
                if !is_in_vain {
                    worker.send(command);
                }
            }
            worker.send(Command::Apply(Arc::clone(table)));
        }
    }

    /// Counts the open sessions that move by a step from one mapping to another, over all workers, and calls `done` with
    /// their number on a worker's thread; it must return at once. Dropping what is given back gives up: then `done` may never
    /// be called, as also where a worker stalls or ends meanwhile.
    pub fn count_moved(&self, step: MappingStep, done: impl FnOnce(u64) + Send + 'static) -> Count {
        let workers: Vec<_> =
            self.workers.iter().filter(|worker| !worker.shared.ended.load(Ordering::Acquire)).collect();
        let tally = Arc::new(Tally::new(step, workers.len(), Box::new(done)));
        workers.iter().for_each(|worker| worker.send(Command::CountMoved(Arc::downgrade(&tally))));
        Count { _tally: tally }
    }

    /// New settings for every worker: what begins from now on goes by them, sessions under way go on. What the workers were
    /// started with for good (connections, pipes, the source address, PROXY headers) stays as it was.
    pub fn configure(&self, config: &Arc<WorkerConfig>) {
        self.workers.iter().for_each(|worker| worker.send(Command::Configure(Arc::clone(config))));
    }

    /// Ends the sessions that a backend still has, with a reset to both sides. For one that is in no table any more.
    pub fn evict(&self, backend: BackendId) {
        self.workers.iter().for_each(|worker| worker.send(Command::Evict(backend)));
    }

    /// No new connections; sessions may finish until `deadline` from now.
    pub fn drain(&self, deadline: Duration) {
        self.workers.iter().for_each(|worker| worker.send(Command::Drain { deadline }));
    }

    /// Ends the workers at once.
    pub fn stop(&self) {
        self.workers.iter().for_each(|worker| worker.send(Command::Stop));
    }

    /// Changes how many sessions a backend may have and how many may wait, at once and for all workers. Whoever waits and
    /// may come in now is let in. A lower limit ends nobody; where nobody counted before, sessions are counted from now on.
    pub fn limit_places(&self, backend: &Backend, limits: PlaceLimits) {
        for number in backend.limit_places(limits) {
            if let Some(worker) = self.workers.get(number) {
                worker.wake();
            }
        }
    }

    /// The oldest version that any live worker still routes by.
    pub fn applied_version(&self) -> u64 {
        let live = self.workers.iter().filter(|worker| !worker.shared.ended.load(Ordering::Acquire));
        live.map(|worker| worker.shared.applied_version.load(Ordering::Acquire)).min().unwrap_or(u64::MAX)
    }

    /// How many workers were started.
    pub fn workers(&self) -> usize {
        self.workers.len()
    }

    /// How many of them have ended, by command or by panic.
    pub fn ended_workers(&self) -> usize {
        self.workers.iter().filter(|worker| worker.shared.ended.load(Ordering::Acquire)).count()
    }

    /// Each worker's counters.
    pub fn stats(&self) -> impl Iterator<Item = &WorkerStats> {
        self.workers.iter().map(|worker| &worker.shared.stats)
    }

    /// What the workers have reported since the last call, and when each of it was seen.
    pub fn reports(&self) -> impl Iterator<Item = (Instant, Report)> {
        self.reports.try_iter()
    }

    /// The ids answered since the last call. An id is in here before the first byte of its response leaves.
    pub fn answered(&self) -> impl Iterator<Item = Answered> {
        self.answered.try_iter()
    }

    /// Connections that ask for the admin API on the front.
    pub fn front_requests(&self) -> impl Iterator<Item = FrontRequest> {
        self.front_requests.try_iter()
    }
}

impl WorkerLink {
    fn send(&self, command: Command) {
        // `unread` keeps the channel open even when the worker has ended; then nobody reads it, and that is no error.
        let _nobody_reads = self.commands.send(command);
        self.wake();
    }

    fn wake(&self) {
        // The eventfd can only fail with EAGAIN at 2^64-1 unread wakes; the worker is awake then.
        let _awake = self.waker.wake();
    }
}

#[cfg(test)]
mod tests;
