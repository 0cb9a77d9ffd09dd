//! The loop of one worker on the real kernel: sleep in epoll until an event, a command or a deadline, then one turn.
//!
//! Nothing is polled, and the clock is read once a turn. What happens in a turn is in [`super::turn`].

use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll};

use super::admit::Admission;
use super::desk::Desk;
use super::pipes::Pipes;
use super::token::Target;
use super::turn::Worker;
use crate::config::WorkerConfig;
use crate::control::WorkerPort;
use crate::net::connect;
use crate::net::linux::Linux;
use crate::session::flow::Readiness;

/// Events fetched at once; more ready sockets than this come up in the next turns, in the kernel's order.
const EVENTS_MAX: usize = 1024;

/// What a worker is made of.
pub(crate) struct Parts {
    pub(crate) poll: Poll,
    pub(crate) listeners: Vec<mio::net::TcpListener>,
    pub(crate) config: Arc<WorkerConfig>,
    pub(crate) port: WorkerPort,
    pub(crate) number: usize,
    pub(crate) sessions_max: usize,
    pub(crate) pipes_max: usize,
}

/// A worker on the real kernel, and what wakes it.
pub(crate) struct Loop {
    poll: Poll,
    worker: Worker<Linux>,
    started: Instant,
}

impl Loop {
    pub(crate) fn new(mut parts: Parts) -> io::Result<Self> {
        for (number, listener) in parts.listeners.iter_mut().enumerate() {
            parts.poll.registry().register(listener, Target::Listener(number).token(), Interest::READABLE)?;
        }
        let kernel = Rc::new(Linux::new(parts.poll.registry().try_clone()?));
        let admission = Admission::new(Rc::clone(&kernel), parts.listeners, parts.sessions_max);
        let mut desk = Desk::new(kernel, parts.config, parts.port, parts.number, connect::ephemeral_from());
        desk.pipes = Pipes::new(desk.config.pipe_bytes, parts.pipes_max);
        Ok(Self { poll: parts.poll, worker: Worker::new(admission, desk), started: Instant::now() })
    }

    /// Runs until a command ends it.
    pub(crate) fn run(mut self) {
        let mut events = Events::with_capacity(EVENTS_MAX);
        loop {
            if let Err(error) = self.poll.poll(&mut events, self.sleep())
                && error.kind() != io::ErrorKind::Interrupted
            {
                // epoll_wait fails so only where memory is gone; a pause keeps that from becoming a spin.
                events.clear();
                std::thread::sleep(Duration::from_millis(1));
            }
            let turn = Instant::now();
            let now_ms = self.ms(turn);
            self.worker.turn(now_ms, events.iter().map(|event| (event.token(), readiness(event))));
            self.worker.note_turn(turn.elapsed());
            if self.worker.has_ended() {
                return;
            }
        }
    }

    fn sleep(&self) -> Option<Duration> {
        let now_ms = self.ms(Instant::now());
        self.worker.wakes_ms(now_ms).map(|at_ms| Duration::from_millis(at_ms.saturating_sub(now_ms)))
    }

    fn ms(&self, instant: Instant) -> u64 {
        instant.duration_since(self.started).as_millis() as u64
    }
}

/// What an event says.
fn readiness(event: &mio::event::Event) -> Readiness {
    Readiness {
        readable: event.is_readable(),
        writable: event.is_writable(),
        hangup: event.is_read_closed(),
        error: event.is_error(),
    }
}
