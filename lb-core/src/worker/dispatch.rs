//! Drives one session: asks it what to do ([`next`](crate::session::Session::next)), does it with `net`, tells it how
//! that went.
//!
//! A session is driven until it waits, is closed, or has used up its bytes for this turn, so that a firehose can't keep
//! the others waiting. Connecting is in [`super::attempt`], ending in [`super::farewell`].

use super::desk::Desk;
use super::farewell;
use super::live::Live;
use super::token::SessionKey;
use super::{attempt, proxied, replay, request, splicing};
use crate::access_log::Stage;
use crate::control::Answered;
use crate::net::kernel::Kernel;
use crate::outcome::{Filled, Flushed};
use crate::session::Action;
use crate::session::close::CloseReason;
use crate::session::first_line;
use crate::session::flow::Direction;

/// Bytes that one session may move in one go; with 64 KiB a read that is four reads. Large enough that bulk pays few
/// goes.
pub(crate) const SESSION_BYTES_MAX: usize = 256 * 1024;

/// Bytes that all sessions together may move in one turn before each that goes on has one read only: about a millisecond
/// of copying.
pub(crate) const TURN_BYTES_MAX: usize = 2 * 1024 * 1024;

/// Spliced bytes that count for one copied byte in both, for they take a quarter of the time or less.
pub(crate) const SPLICED_PER_COPIED: usize = 4;

/// What one splice counts for at the least: calls cost their time whatever they move, and a peer whose segments are of one
/// byte would go on for as long as it sends. A read that brings little needs no such bound: it says that nothing is left.
pub(crate) const TRANSFER_BYTES_MIN: usize = 4 * 1024;

/// Where driving a session has led.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Driven {
    /// It waits for its sockets or its deadline.
    Waiting,
    /// It could go on, but its turn is over.
    Again,
    /// It is over; its sockets are to be closed so.
    Over(CloseReason),
}

/// Drives a session for the first time, in the turn in which it was accepted.
pub(crate) fn begin<K: Kernel>(live: &mut Live<K>, key: SessionKey, desk: &mut Desk<K>) -> Driven {
    live.accepted_us = desk.now_us;
    let first = if desk.config.accept_proxy { Stage::Announcement } else { Stage::Head };
    live.notes = desk.journal.open(first, desk.now_us);
    drive(live, key, desk)
}

/// Drives a session as far as it goes this turn.
pub(crate) fn drive<K: Kernel>(live: &mut Live<K>, key: SessionKey, desk: &mut Desk<K>) -> Driven {
    follow(live, key, desk, None)
}

/// Drives a session whose deadline has passed.
pub(crate) fn expire<K: Kernel>(live: &mut Live<K>, key: SessionKey, desk: &mut Desk<K>) -> Driven {
    let received = live.to_backend.len();
    if live.session.is_connecting() {
        attempt::abandon(live, desk);
    }
    if live.session.is_queued() {
        desk.port.shared.stats.queue_timeouts.add(1);
        if let Some(notes) = &mut live.notes {
            notes.queue_timed_out = true;
        }
    }
    let action = live.session.expired(received, desk.now_ms);
    follow(live, key, desk, Some(action))
}

fn follow<K: Kernel>(live: &mut Live<K>, key: SessionKey, desk: &mut Desk<K>, first: Option<Action>) -> Driven {
    let mut budget = SESSION_BYTES_MAX.min(desk.turn_bytes_left).max(1);
    let mut forced = first;
    loop {
        let action = forced.take().unwrap_or_else(|| live.session.next());
        let (moved, then) = act(live, key, desk, action);
        forced = then;
        budget = budget.saturating_sub(moved);
        desk.turn_bytes_left = desk.turn_bytes_left.saturating_sub(moved);
        match action {
            Action::Close(reason) => return Driven::Over(reason),
            Action::Wait => {
                desk.keep_fresh(live);
                if desk.register(live, key).is_err() {
                    // epoll has no room for another socket; without events the session would hang for ever.
                    return Driven::Over(CloseReason::Unroutable);
                }
                desk.arm(live, key);
                return Driven::Waiting;
            }
            _ if budget == 0 && forced.is_none() => {
                desk.keep_fresh(live);
                return Driven::Again;
            }
            _ => {}
        }
    }
}

/// Does one thing. Gives the bytes moved and, where the outcome itself says so, what comes next.
fn act<K: Kernel>(live: &mut Live<K>, key: SessionKey, desk: &mut Desk<K>, action: Action) -> (usize, Option<Action>) {
    match action {
        Action::Wait | Action::Close(_) => (0, None),
        Action::ReadAnnouncement => (0, proxied::read_announcement(live, desk)),
        Action::ReadHead => (0, request::read_head(live, desk)),
        Action::Connect => (0, attempt::connect(live, key, desk)),
        Action::Open => (0, attempt::open(live, desk)),
        Action::Transfer(direction) => (transfer(live, desk, direction), None),
        Action::Shut(direction) => {
            if let Some(sink) = live.stream(direction.sink()) {
                desk.kernel.shut_write(sink);
            }
            live.session.relay.shut(direction);
            (0, None)
        }
        Action::Unanswered(failure) => (0, replay::unanswered(live, desk, failure)),
        Action::Answer(status) => (0, farewell::answer(live, desk, status)),
        Action::Linger(reason) => (0, farewell::linger(live, desk, reason)),
        Action::Discard => {
            let outcome = desk.kernel.read(&live.client.stream, &mut desk.scratch);
            let moved = if let Filled::Bytes { count, .. } = outcome { count } else { 0 };
            (moved, live.session.discarded(outcome).map(Action::Close))
        }
        Action::ResetClient => match desk.kernel.unacknowledged(&live.client.stream) {
            0 => (0, Some(Action::Close(CloseReason::BackendReset))),
            _ => {
                live.session.look_again(desk.now_ms);
                (0, None)
            }
        },
    }
}

/// Hands on what is held; if nothing is, reads once and hands that on. Gives the bytes moved.
fn transfer<K: Kernel>(live: &mut Live<K>, desk: &mut Desk<K>, direction: Direction) -> usize {
    if live.held(direction).len() > 0 {
        return flush_held(live, desk, direction);
    }
    if splicing::has_pipe(live, desk, direction) {
        let moved = splicing::transfer(live, desk, direction);
        return (moved / SPLICED_PER_COPIED).max(TRANSFER_BYTES_MIN);
    }
    let Some(source) = live.stream(direction.source()) else { return 0 };
    let outcome = desk.kernel.read(source, &mut desk.scratch);
    let Filled::Bytes { count, short } = outcome else {
        live.session.relay.filled(direction, outcome);
        return 0;
    };
    let admitted = match direction {
        Direction::ClientToBackend => note_request_bytes(live, desk, count),
        Direction::BackendToClient => note_response_bytes(live, desk, count),
    };
    live.session.relay.filled(direction, Filled::Bytes { count: admitted, short });
    live.session.touch(desk.now_ms);
    if admitted > 0 {
        flush_fresh(live, desk, direction, admitted);
    }
    count
}

/// Counts what came from the client, and holds it where it may have to be sent once more; gives how much of it belongs
/// to the request.
fn note_request_bytes<K: Kernel>(live: &mut Live<K>, desk: &mut Desk<K>, count: usize) -> usize {
    let Desk { scratch, port, heads, .. } = desk;
    let bytes = &scratch[..count];
    if live.answered_since && !live.session.ends_with_request() && live.session.speaks_http() {
        let pinned = first_line::begins_with_method(bytes);
        port.shared.stats.requests_pinned.add(u64::from(pinned));
    }
    live.answered_since = false;
    let admitted = live.session.relay.admit(bytes);
    heads.add(&mut live.sent, &bytes[..admitted]);
    admitted
}

/// From the first byte of a response on nothing is sent twice. Counts and times what came from the backend, and records
/// whose first answer it is before the client can have it.
pub(super) fn note_response_bytes<K: Kernel>(live: &mut Live<K>, desk: &mut Desk<K>, count: usize) -> usize {
    desk.heads.release(&mut live.sent);
    if let Some(id) = live.recorded.take()
        && let Some(backend) = &live.routed_to
    {
        desk.port.answered(Answered::new(backend.id, &id));
    }
    if let Some(waited_us) = live.end_lap(desk.now_us) {
        desk.port.shared.stats.first_byte.record(waited_us);
        if let Some(backend) = &live.routed_to {
            backend.counters.cell(desk.worker).first_byte.record(waited_us);
        }
        live.enter(Stage::Data, desk.now_us);
    }
    live.answered_since = true;
    count
}

fn flush_fresh<K: Kernel>(live: &mut Live<K>, desk: &mut Desk<K>, direction: Direction, count: usize) {
    let taken = flush(live, desk, direction, None, count);
    if taken < count && live.session.relay.held(direction) > 0 {
        let Desk { buffers, scratch, .. } = desk;
        buffers.hold(live.held_mut(direction), &scratch[taken..count]);
    }
}

fn flush_held<K: Kernel>(live: &mut Live<K>, desk: &mut Desk<K>, direction: Direction) -> usize {
    let held = std::mem::take(live.held_mut(direction));
    let count = held.len();
    let taken = flush(live, desk, direction, Some(held.pending()), count);
    *live.held_mut(direction) = held;
    if live.session.relay.held(direction) == 0 {
        desk.buffers.release(live.held_mut(direction));
    } else {
        desk.buffers.taken(live.held_mut(direction), taken);
    }
    taken
}

/// Writes once, from `held` or else from the scratch, and tells the session. Gives how much the sink took.
fn flush<K: Kernel>(
    live: &mut Live<K>,
    desk: &mut Desk<K>,
    direction: Direction,
    held: Option<&[u8]>,
    count: usize,
) -> usize {
    if direction == Direction::ClientToBackend {
        attempt::no_delay(live, &desk.kernel);
    }
    let last = live.session.relay.ends_here(direction);
    let Some(sink) = live.stream(direction.sink()) else { return 0 };
    // What came out of a pipe may be more than the scratch holds.
    let bytes = held.unwrap_or_else(|| &desk.scratch[..count]);
    let outcome = desk.kernel.write(sink, bytes, last);
    live.session.relay.flushed(direction, outcome);
    let Flushed::Bytes(taken) = outcome else { return 0 };
    live.session.touch(desk.now_ms);
    desk.count_bytes(live, direction, taken as u64);
    taken
}
