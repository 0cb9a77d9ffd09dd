//! One turn of a worker: commands first, then who was cut short in the turn before, then what the kernel has reported,
//! then new clients, then who is due, then who was granted a place meanwhile, then whose key has moved.
//!
//! A turn is bounded in sessions (the events that were fetched, a batch of clients, a batch of deadlines) and in bytes, so
//! that nobody waits long for his turn. Without a clock and without a socket of its own: a simulation takes turns as
//! [`super::event_loop`] does.

use std::collections::VecDeque;
use std::time::Duration;

use mio::Token;

use super::admit::Admission;
use super::caught_up::CaughtUp;
use super::desk::Desk;
use super::dispatch::{self, Driven, TURN_BYTES_MAX};
use super::farewell;
use super::live::{Live, LiveSessions};
use super::moves::Moves;
use super::queue::Standing;
use super::token::{SessionKey, Target};
use crate::net::kernel::Kernel;
use crate::session::close::CloseReason;
use crate::session::flow::Readiness;

/// Deadlines looked at in one turn; the others are due in the next, which comes at once. Thousands of slow clients that
/// came together are answered together, and those being served shouldn't wait for all of that.
const EXPIRE_BATCH_MAX: usize = 32;

/// What is left of a turn's bytes when the sessions that were cut short in the one before have had theirs: enough for what
/// the kernel has reported since.
const BYTES_FOR_EVENTS: usize = TURN_BYTES_MAX / 2;

/// What the kernel has reported.
pub(crate) struct News<I> {
    /// When it was asked, on the worker's clock.
    pub(crate) asked_at: Duration,
    /// Which sockets are ready, by their tokens.
    pub(crate) events: I,
    /// How many there was room for: as many of them may not be all.
    pub(crate) room: usize,
}

/// A turn that took longer was kept from its CPU: no work of ours takes so long. A tenth of the shortest deadline there is
/// by default, and so long that a look at every session is nothing beside it.
const HELD_UP: Duration = Duration::from_millis(100);

/// One worker: its sessions and everything they need.
pub(crate) struct Worker<K: Kernel> {
    pub(super) admission: Admission<K>,
    pub(super) sessions: LiveSessions<K>,
    pub(super) desk: Desk<K>,
    /// Sessions that were cut short, in order.
    run_queue: VecDeque<SessionKey>,
    pub(super) stage: Stage,
    pub(super) moves: Moves,
    caught_up: CaughtUp,
}

/// Whether a worker takes clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// It does.
    Serving,
    /// Not any more; it ends with its last session, or then.
    Draining {
        /// On the worker's clock.
        deadline_ms: u64,
    },
    /// It ends with this turn.
    Stopped,
}

impl Stage {
    pub(super) fn deadline_ms(self) -> Option<u64> {
        match self {
            Self::Draining { deadline_ms } => Some(deadline_ms),
            Self::Serving | Self::Stopped => None,
        }
    }
}

impl<K: Kernel> Worker<K> {
    pub(crate) fn new(admission: Admission<K>, desk: Desk<K>) -> Self {
        let (sessions, moves) = (LiveSessions::default(), Moves::default());
        let (run_queue, stage, caught_up) = (VecDeque::new(), Stage::Serving, CaughtUp::default());
        Self { admission, sessions, desk, run_queue, stage, moves, caught_up }
    }

    /// One turn, `now` on the worker's clock (how long ago it started), with what the kernel has reported.
    pub(crate) fn turn(&mut self, now: Duration, news: News<impl Iterator<Item = (Token, Readiness)>>) {
        self.desk.now_ms = now.as_millis() as u64;
        self.desk.now_us = now.as_micros() as u64;
        self.desk.turn_bytes_left = TURN_BYTES_MAX;
        let (descriptors, mut fetched) = (self.descriptors_max(), 0);
        self.obey_commands();
        self.go_on();
        for (token, readiness) in news.events {
            fetched += 1;
            match Target::of(token) {
                // Read at the begin of every turn.
                Target::Commands => {}
                Target::Listener(number) => self.admission.ready(number),
                Target::Socket(key, end) => match self.sessions.get(key) {
                    Some(live) if live.end(end.side()) == end => {
                        live.session.relay.ready(end.side(), readiness);
                        self.drive(key);
                    }
                    _ => self.desk.port.shared.stats.stale_events.add(1),
                },
            }
        }
        self.caught_up.fetched(news.asked_at.as_millis() as u64, fetched, fetched == news.room, descriptors);
        self.admit();
        self.expire();
        self.let_in();
        self.attend_to_moves();
        self.advance_drain();
        if self.sessions.len() == 0 {
            self.desk.pipes.let_go();
        }
    }

    /// What epoll watches, or more: two sockets a session, the listeners, what commands come by.
    fn descriptors_max(&self) -> usize {
        2 * self.sessions.len() + self.admission.listeners() + 1
    }

    /// Sessions that were cut short go on, the first of them always. Whoever is cut short again waits for the next turn.
    fn go_on(&mut self) {
        for _ in 0..self.run_queue.len() {
            let Some(key) = self.run_queue.pop_front() else { return };
            if let Some(live) = self.sessions.get(key) {
                live.in_run_queue = false;
                self.drive(key);
            }
            if self.desk.turn_bytes_left < BYTES_FOR_EVENTS {
                return;
            }
        }
    }

    fn admit(&mut self) {
        let Self { admission, sessions, desk, run_queue, .. } = self;
        admission.settle(desk.now_ms);
        let mut closed = 0;
        let turned = admission.turn(sessions, desk.now_ms, |sessions, key| {
            // Before it is driven: a session must not be seen to have ended that was never seen to begin.
            desk.port.shared.stats.accepted.add(1);
            closed += u64::from(drive(sessions, desk, run_queue, key, dispatch::begin));
        });
        desk.port.shared.stats.accepts_deferred.add(turned.deferred);
        desk.port.shared.stats.refused_by_source.add(turned.refused_by_source);
        desk.port.shared.stats.refused_without_descriptor.add(turned.refused_without_descriptor);
        if closed > 0 {
            self.admission.session_closed();
        }
    }

    /// Sessions that were granted a place while they waited. Each that waits now is let in once at the most; whoever is
    /// granted a place by what they do comes up before the worker sleeps.
    fn let_in(&mut self) {
        for _ in 0..self.desk.queue.len() {
            let Some((key, place)) = self.desk.queue.next_granted() else { return };
            if let Some(live) = self.sessions.get(key) {
                live.standing = Standing::Admitted(place);
                if let Some(waited_us) = live.end_lap(self.desk.now_us) {
                    self.desk.port.shared.stats.queue_wait.record(waited_us);
                }
                live.session.place_given();
                self.drive(key);
            }
        }
    }

    pub(super) fn drive(&mut self, key: SessionKey) {
        if drive(&mut self.sessions, &mut self.desk, &mut self.run_queue, key, dispatch::drive) {
            self.admission.session_closed();
        }
    }

    /// Sessions whose deadline has passed, by all that is known; one that has moved on meanwhile is armed again.
    fn expire(&mut self) {
        let (until_ms, now_ms) = (self.caught_up.until_ms(), self.desk.now_ms);
        for _ in 0..EXPIRE_BATCH_MAX {
            let Some((at_ms, key)) = self.desk.timers.due(now_ms) else { break };
            let Some(live) = self.sessions.get(key).filter(|live| live.armed_ms == at_ms) else { continue };
            let deadline_ms = live.session.deadline_ms(&self.desk.config, self.desk.draining);
            if deadline_ms.is_some_and(|at| until_ms < at && at <= now_ms) {
                // What would have met it may have come meanwhile. The next turn comes at once, and knows.
                self.desk.timers.arm(at_ms, key);
                break;
            }
            live.armed_ms = 0;
            if deadline_ms.is_none_or(|at| at > now_ms) {
                self.desk.keep_alive(live, key);
                self.desk.arm(live, key);
            } else if drive(&mut self.sessions, &mut self.desk, &mut self.run_queue, key, dispatch::expire) {
                self.admission.session_closed();
            }
        }
        let Self { desk, sessions, .. } = self;
        let open = sessions.len();
        desk.timers.sweep(open, |at_ms, key| sessions.get(key).is_some_and(|live| live.armed_ms == at_ms));
    }

    /// Closes one session.
    pub(super) fn close(&mut self, key: SessionKey, reason: CloseReason) {
        if let Some(live) = self.sessions.remove(key) {
            close(live, &mut self.desk, reason);
            self.admission.session_closed();
        }
    }

    /// Closes every session.
    pub(super) fn close_all(&mut self, reason: CloseReason) {
        for key in self.sessions.keys() {
            if let Some(live) = self.sessions.remove(key) {
                close(live, &mut self.desk, reason);
            }
        }
    }

    /// When the next turn is due although nothing happens; a moment that has passed = at once.
    pub(crate) fn wakes_ms(&self, now_ms: u64) -> Option<u64> {
        if !self.run_queue.is_empty() || self.desk.queue.has_granted() {
            return Some(now_ms);
        }
        let own = [self.desk.timers.next_ms(), self.stage.deadline_ms()];
        let wakes = own.into_iter().chain([self.admission.next_ms(now_ms), self.moves.next_ms(now_ms)]);
        wakes.flatten().min()
    }

    /// The turn took so long.
    pub(crate) fn note_turn(&mut self, took: Duration) {
        let stats = &self.desk.port.shared.stats;
        let took_us = took.as_micros() as u64;
        stats.turn.record(took_us);
        stats.longest_turn_us.add(took_us.saturating_sub(stats.longest_turn_us.read()));
        if took >= HELD_UP {
            let from_ms = self.desk.now_ms;
            let to_ms = from_ms + took.as_millis() as u64;
            self.sessions.all().for_each(|live| live.session.held_up(from_ms, to_ms));
        }
    }
}

/// Drives one session with `by`, and closes or queues it where that is the outcome. Whether it was closed.
fn drive<K: Kernel>(
    sessions: &mut LiveSessions<K>,
    desk: &mut Desk<K>,
    run_queue: &mut VecDeque<SessionKey>,
    key: SessionKey,
    by: impl FnOnce(&mut Live<K>, SessionKey, &mut Desk<K>) -> Driven,
) -> bool {
    let Some(live) = sessions.get(key) else { return false };
    match by(live, key, desk) {
        Driven::Waiting => false,
        Driven::Again => {
            desk.port.shared.stats.turns_cut_short.add(1);
            if !live.in_run_queue {
                live.in_run_queue = true;
                run_queue.push_back(key);
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

fn close<K: Kernel>(live: Live<K>, desk: &mut Desk<K>, reason: CloseReason) {
    let lived_us = desk.now_us - live.accepted_us;
    farewell::close(live, desk, reason);
    let stats = &desk.port.shared.stats;
    stats.closed.add(1);
    stats.session.record(lived_us);
}
