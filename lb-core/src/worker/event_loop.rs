//! The loop of one worker on the real kernel: sleep in epoll until an event, a command or a deadline, then one turn.
//!
//! Nothing is polled. The clock is read twice around a turn: when it begins, which is "now" for everything in it, and when
//! it is over, which says how long it took and how long the loop may sleep. What happens in a turn is in [`super::turn`].

use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll};

use super::admit::{Admission, Door};
use super::desk::Desk;
use super::pipes::Pipes;
use super::source_limit::SourceLimit;
use super::token::Target;
use super::turn::{News, Worker};
use crate::config::WorkerConfig;
use crate::control::WorkerPort;
use crate::net::connect;
use crate::net::linux::Linux;
use crate::session::flow::Readiness;

/// Events fetched at once; more ready sockets than this come up in the next turns, in the kernel's order. At some 15 µs a
/// small request this is a millisecond, and one `epoll_wait` for so many costs next to nothing.
const EVENTS_MAX: usize = 64;

/// What a worker is made of.
pub(crate) struct Parts {
    pub(crate) poll: Poll,
    pub(crate) listeners: Vec<mio::net::TcpListener>,
    pub(crate) config: Arc<WorkerConfig>,
    pub(crate) port: WorkerPort,
    pub(crate) number: usize,
    pub(crate) sessions_max: usize,
    /// One for all workers.
    pub(crate) sources: Option<Arc<SourceLimit>>,
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
        let source = parts.config.source;
        let kernel = Rc::new(Linux::new(parts.poll.registry().try_clone()?).connecting_from(source));
        let door = Door { accept_proxy: parts.config.accept_proxy, sources: parts.sources.clone() };
        let admission = Admission::new(Rc::clone(&kernel), parts.listeners, parts.sessions_max).behind(door);
        let (ephemeral_from, _) = connect::ephemeral_ports();
        let desk = Desk::new(kernel, parts.config, parts.port, parts.number, ephemeral_from);
        let pipes = Pipes::new(desk.config.pipe_bytes, parts.pipes_max).with_large(desk.config.large_pipe_bytes);
        let desk = Desk { sources: parts.sources, pipes, ..desk };
        Ok(Self { poll: parts.poll, worker: Worker::new(admission, desk), started: Instant::now() })
    }

    /// Runs until a command ends it.
    pub(crate) fn run(mut self) {
        let mut events = Events::with_capacity(EVENTS_MAX);
        let mut now = self.started;
        loop {
            if let Err(error) = self.poll.poll(&mut events, self.sleep(now))
                && error.kind() != io::ErrorKind::Interrupted
            {
                // epoll_wait fails so only where memory is gone; a pause keeps that from becoming a spin.
                events.clear();
                std::thread::sleep(Duration::from_millis(1));
            }
            let began = Instant::now();
            let events = events.iter().map(|event| (event.token(), readiness(event)));
            let news = News { asked_at: now.duration_since(self.started), events, room: EVENTS_MAX };
            self.worker.turn(began.duration_since(self.started), news);
            now = Instant::now();
            self.worker.note_turn(now.duration_since(began));
            if self.worker.has_ended() {
                return;
            }
        }
    }

    fn sleep(&self, now: Instant) -> Option<Duration> {
        let now_ms = now.duration_since(self.started).as_millis() as u64;
        self.worker.wakes_ms(now_ms).map(|at_ms| Duration::from_millis(at_ms.saturating_sub(now_ms)))
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
