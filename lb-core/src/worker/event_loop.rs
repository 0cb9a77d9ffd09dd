//! The loop of one worker: commands first, then what the kernel reports, then whose turn was cut short, then who is due.
//!
//! A turn is bounded: at most [`EVENTS_MAX`] events and one batch of clients, each session at most its bytes. The clock is
//! read once a turn. Nothing is polled: the loop sleeps in epoll until an event, a command or a deadline.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll};

use super::admit::Admission;
use super::command::Stage;
use super::desk::Desk;
use super::dispatch::{self, Driven};
use super::farewell;
use super::live::{Live, LiveSessions};
use super::token::{SessionKey, Target};
use crate::config::WorkerConfig;
use crate::control::WorkerPort;
use crate::net::connect;
use crate::session::close::CloseReason;

/// Events fetched at once; more ready sockets than this come up in the next turns, in the kernel's order.
const EVENTS_MAX: usize = 1024;

/// One worker: its sessions and everything they need.
pub(crate) struct Worker {
    poll: Poll,
    pub(super) admission: Admission,
    pub(super) sessions: LiveSessions,
    pub(super) desk: Desk,
    /// Sessions whose turn was cut short.
    run_queue: Vec<SessionKey>,
    pub(super) stage: Stage,
    started: Instant,
}

/// What a worker is made of.
pub(crate) struct Parts {
    pub(crate) poll: Poll,
    pub(crate) listeners: Vec<mio::net::TcpListener>,
    pub(crate) config: Arc<WorkerConfig>,
    pub(crate) port: WorkerPort,
    pub(crate) number: usize,
    pub(crate) sessions_max: usize,
}

impl Worker {
    pub(crate) fn new(parts: Parts) -> io::Result<Self> {
        let mut admission = Admission::new(parts.listeners, parts.sessions_max);
        for (number, listener) in admission.listeners_mut().iter_mut().enumerate() {
            parts.poll.registry().register(listener, Target::Listener(number).token(), Interest::READABLE)?;
        }
        let registry = parts.poll.registry().try_clone()?;
        let desk = Desk::new(registry, parts.config, parts.port, parts.number, connect::ephemeral_from());
        Ok(Self {
            poll: parts.poll,
            admission,
            sessions: LiveSessions::default(),
            desk,
            run_queue: Vec::new(),
            stage: Stage::Serving,
            started: Instant::now(),
        })
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
            self.desk.now_ms = self.ms(turn);
            self.turn(&events);
            self.note_turn(turn.elapsed());
            if self.has_ended() {
                return;
            }
        }
    }

    fn turn(&mut self, events: &Events) {
        self.obey_commands();
        for event in events {
            match Target::of(event.token()) {
                // Read at the begin of every turn.
                Target::Commands => {}
                Target::Listener(number) => self.admission.ready(number),
                Target::Socket(key, side) => match self.sessions.get(key) {
                    Some(live) => {
                        dispatch::note_event(&mut live.session, side, event);
                        self.drive(key);
                    }
                    None => self.desk.port.shared.stats.stale_events.add(1),
                },
            }
        }
        for key in std::mem::take(&mut self.run_queue) {
            if let Some(live) = self.sessions.get(key) {
                live.queued = false;
                self.drive(key);
            }
        }
        self.admit();
        self.expire();
        self.advance_drain();
    }

    fn admit(&mut self) {
        let Self { admission, sessions, desk, run_queue, .. } = self;
        admission.settle(desk.now_ms);
        let mut closed = 0;
        let turned = admission.turn(sessions, desk.now_ms, |sessions, key| {
            closed += u64::from(drive(sessions, desk, run_queue, key, dispatch::drive));
        });
        desk.port.shared.stats.accepted.add(turned.accepted);
        desk.port.shared.stats.accepts_deferred.add(turned.deferred);
        if closed > 0 {
            self.admission.session_closed();
        }
    }

    fn drive(&mut self, key: SessionKey) {
        if drive(&mut self.sessions, &mut self.desk, &mut self.run_queue, key, dispatch::drive) {
            self.admission.session_closed();
        }
    }

    /// Sessions whose deadline has passed; one that has moved on meanwhile is armed again.
    fn expire(&mut self) {
        while let Some((at_ms, key)) = self.desk.timers.due(self.desk.now_ms) {
            let Some(live) = self.sessions.get(key).filter(|live| live.armed_ms == at_ms) else { continue };
            live.armed_ms = 0;
            let passed = live.session.deadline_ms(&self.desk.config).is_some_and(|at| at <= self.desk.now_ms);
            if !passed {
                self.desk.arm(live, key);
            } else if drive(&mut self.sessions, &mut self.desk, &mut self.run_queue, key, dispatch::expire) {
                self.admission.session_closed();
            }
        }
        let Self { desk, sessions, .. } = self;
        let open = sessions.len();
        desk.timers.sweep(open, |at_ms, key| sessions.get(key).is_some_and(|live| live.armed_ms == at_ms));
    }

    /// Closes every session.
    pub(super) fn close_all(&mut self, reason: CloseReason) {
        for key in self.sessions.keys() {
            if let Some(live) = self.sessions.remove(key) {
                close(live, &mut self.desk, reason);
            }
        }
    }

    fn sleep(&self) -> Option<Duration> {
        if !self.run_queue.is_empty() {
            return Some(Duration::ZERO);
        }
        let now_ms = self.ms(Instant::now());
        let wakes = [self.desk.timers.next_ms(), self.admission.next_ms(now_ms), self.stage.deadline_ms()];
        wakes.into_iter().flatten().min().map(|at_ms| Duration::from_millis(at_ms.saturating_sub(now_ms)))
    }

    fn ms(&self, instant: Instant) -> u64 {
        instant.duration_since(self.started).as_millis() as u64
    }

    fn note_turn(&self, took: Duration) {
        let longest = &self.desk.port.shared.stats.longest_turn_us;
        let took_us = took.as_micros() as u64;
        longest.add(took_us.saturating_sub(longest.read()));
    }
}

/// Drives one session with `by`, and closes or queues it where that is the outcome. Whether it was closed.
fn drive(
    sessions: &mut LiveSessions,
    desk: &mut Desk,
    run_queue: &mut Vec<SessionKey>,
    key: SessionKey,
    by: impl FnOnce(&mut Live, SessionKey, &mut Desk) -> Driven,
) -> bool {
    let Some(live) = sessions.get(key) else { return false };
    match by(live, key, desk) {
        Driven::Waiting => false,
        Driven::Again => {
            desk.port.shared.stats.turns_cut_short.add(1);
            if !live.queued {
                live.queued = true;
                run_queue.push(key);
            }
            false
        }
        Driven::Over(reason) => {
            if let Some(live) = sessions.remove(key) {
                close(live, desk, reason);
            }
            true
        }
    }
}

fn close(live: Live, desk: &mut Desk, reason: CloseReason) {
    farewell::close(live, desk, reason);
    desk.port.shared.stats.closed.add(1);
}
