//! What every session of a worker is worked on with: the scratch, the pools, the table, the clock, the way out.

use std::rc::Rc;
use std::sync::Arc;

use super::buffers::{Buffers, SCRATCH_BYTES};
use super::heads::Heads;
use super::journal::Journal;
use super::live::{BackendHandle, Live, Registered};
use super::losses::Losses;
use super::pipes::Pipes;
use super::queue::Queue;
use super::source_limit::SourceLimit;
use super::timer::Timers;
use super::token::{SessionKey, Target};
use crate::config::WorkerConfig;
use crate::control::WorkerPort;
use crate::net::keepalive::{self, Timing};
use crate::net::kernel::{Kernel, Watch};
use crate::ring::RingTable;
use crate::session::flow::{Direction, Side};
use crate::session::retry_budget::RetryBudget;

/// A session that is still there after this is worth SO_KEEPALIVE, which asks no earlier anyway.
const LONG_LIVED_MS: u64 = keepalive::IDLE_MIN.as_millis() as u64;

/// One worker's tools. Sessions are worked on one at a time, so one scratch is enough for all.
pub(crate) struct Desk<K: Kernel> {
    pub(crate) kernel: Rc<K>,
    pub(crate) config: Arc<WorkerConfig>,
    pub(crate) port: WorkerPort,
    /// Which worker this is: its cell in every backend's counters.
    pub(crate) worker: usize,
    pub(crate) table: Option<Applied>,
    pub(crate) scratch: Box<[u8]>,
    /// Bytes at the begin of the scratch that belong to the session being worked on and are held nowhere else.
    pub(crate) fresh: usize,
    pub(crate) buffers: Buffers,
    pub(crate) heads: Heads,
    pub(crate) journal: Journal,
    pub(crate) retry_budget: RetryBudget,
    pub(crate) losses: Losses,
    pub(crate) pipes: Pipes<K::Pipe>,
    pub(crate) timers: Timers,
    /// Who waits for a place.
    pub(crate) queue: Queue,
    pub(crate) random: fastrand::Rng,
    /// Milliseconds since the worker started, read once a turn: what deadlines are made of.
    pub(crate) now_ms: u64,
    /// Connections by client address, where that is limited.
    pub(crate) sources: Option<Arc<SourceLimit>>,
    /// The same moment in microseconds: what times are told in.
    pub(crate) now_us: u64,
    /// What is left of this turn's [`super::dispatch::TURN_BYTES_MAX`].
    pub(crate) turn_bytes_left: usize,
    /// The process is stopping.
    pub(crate) draining: bool,
    /// Backend ports from here on can be met by a connect's own source port.
    pub(crate) ephemeral_from: u16,
}

/// The table that this worker routes by, with handles that cost no atomic to clone.
pub(crate) struct Applied {
    pub(crate) table: Arc<RingTable>,
    handles: Box<[Option<BackendHandle>]>,
}

impl Applied {
    pub(crate) fn new(table: Arc<RingTable>) -> Self {
        let members = table.slots().members().len();
        let handles = (0..members).map(|index| table.backend(index as u16).map(|backend| Rc::new(Arc::clone(backend))));
        Self { handles: handles.collect(), table }
    }

    pub(crate) fn handle(&self, index: u16) -> Option<BackendHandle> {
        self.handles[usize::from(index)].clone()
    }
}

impl<K: Kernel> Desk<K> {
    pub(crate) fn new(
        kernel: Rc<K>,
        config: Arc<WorkerConfig>,
        port: WorkerPort,
        worker: usize,
        ephemeral_from: u16,
    ) -> Self {
        let retry_budget = RetryBudget::new(config.retry_budget_percent);
        let queue = Queue::new(worker, port.wakers());
        Self {
            kernel,
            pipes: Pipes::new(config.pipe_bytes, config.pipes_max),
            journal: Journal::new(config.access_log.clone()),
            config,
            port,
            worker,
            table: None,
            scratch: vec![0; SCRATCH_BYTES].into(),
            fresh: 0,
            buffers: Buffers::default(),
            heads: Heads::default(),
            retry_budget,
            losses: Losses::default(),
            timers: Timers::default(),
            queue,
            random: fastrand::Rng::new(),
            now_ms: 0,
            sources: None,
            now_us: 0,
            turn_bytes_left: 0,
            draining: false,
            ephemeral_from,
        }
    }

    /// Moves what stands fresh in the scratch to the session's own buffer, before anything else uses the scratch.
    pub(crate) fn keep_fresh(&mut self, live: &mut Live<K>) {
        if self.fresh > 0 {
            self.buffers.hold(&mut live.to_backend, &self.scratch[..self.fresh]);
            self.fresh = 0;
        }
    }

    /// Asks epoll for what the session waits for. Each socket is registered once; writability is added at the first
    /// EAGAIN; one that is backed up is not listened to. Asking reports what is ready already, so nothing that came
    /// before is missed.
    pub(crate) fn register(&mut self, live: &mut Live<K>, key: SessionKey) -> std::io::Result<()> {
        for side in [Side::Client, Side::Backend] {
            let relay = &live.session.relay;
            let (writable, backed_up) = (relay.writable(side), relay.is_backed_up(side));
            let token = Target::Socket(key, live.end(side)).token();
            let Some(socket) = live.socket(side) else { continue };
            let (watch, wanted) = match (socket.registered, writable) {
                (Registered::Nothing, true) => (Watch::Readable, Registered::Readable),
                (Registered::Nothing, false) => (Watch::Both, Registered::Both),
                (Registered::Readable | Registered::Both, true) if backed_up => (Watch::Reset, Registered::Reset),
                (Registered::Reset, true) if !backed_up => (Watch::ReadableAgain, Registered::Readable),
                (Registered::Readable | Registered::Reset, false) => (Watch::AlsoWritable, Registered::Both),
                _ => continue,
            };
            self.kernel.watch(&mut socket.stream, token, watch)?;
            socket.registered = wanted;
        }
        Ok(())
    }

    /// Makes sure that the session is woken at its deadline, without touching the timers where that is so already.
    pub(crate) fn arm(&mut self, live: &mut Live<K>, key: SessionKey) {
        // At the latest then the session is looked at once, and counts as one that lives long.
        let is_unwatched = !live.client_keepalive || (live.backend.is_some() && !live.backend_keepalive);
        let look_ms = is_unwatched.then_some(self.now_ms + LONG_LIVED_MS);
        let deadline_ms = live.session.deadline_ms(&self.config, self.draining);
        if let Some(deadline_ms) = deadline_ms.into_iter().chain(look_ms).min()
            && (live.armed_ms == 0 || deadline_ms < live.armed_ms)
        {
            self.timers.arm(deadline_ms, key);
            live.armed_ms = deadline_ms;
        }
    }

    /// Sets SO_KEEPALIVE on the sockets of a session that has lived for a while. Those of a moment don't pay for it.
    pub(crate) fn keep_alive(&self, live: &mut Live<K>, key: SessionKey) {
        // By its place in the slab, which is what tells the sessions of a crowd apart and leaves no gaps.
        let number = key.index.wrapping_mul(2);
        if !live.client_keepalive {
            self.kernel.keep_alive(&live.client.stream, Timing::of(number));
            live.client_keepalive = true;
        }
        if !live.backend_keepalive
            && !live.session.is_connecting()
            && let Some(backend) = live.stream(Side::Backend)
        {
            self.kernel.keep_alive(backend, Timing::of(number.wrapping_add(1)));
            live.backend_keepalive = true;
        }
    }

    /// Bytes were handed on: for the worker, for the backend, and for the session's line.
    pub(crate) fn count_bytes(&self, live: &mut Live<K>, direction: Direction, count: u64) {
        live.note_bytes(direction, count);
        let stats = &self.port.shared.stats;
        let backend = live.routed_to.as_ref().map(|backend| backend.counters.cell(self.worker));
        match direction {
            Direction::ClientToBackend => {
                stats.bytes_to_backend.add(count);
                backend.inspect(|cell| cell.bytes_to_backend.add(count));
            }
            Direction::BackendToClient => {
                stats.bytes_to_client.add(count);
                backend.inspect(|cell| cell.bytes_to_client.add(count));
            }
        }
    }
}
