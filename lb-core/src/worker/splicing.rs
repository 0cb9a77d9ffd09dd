//! Moves one direction of a session through a pipe: into it when it is empty, out of it as far as the sink takes.
//!
//! That the socket is empty is believed only of an empty pipe ([`crate::session::relay`]): one that holds something may
//! be out of slots, and the kernel says the same of both.
//! The session decides whether a direction is worth it ([`crate::session::bulk`]), the pool whether there is a pipe
//! ([`super::pipes`]). Where the kernel won't splice, what is in the pipe is taken out and the session copies for good.

use super::desk::Desk;
use super::live::Live;
use super::{attempt, dispatch};
use crate::net::kernel::Kernel;
use crate::outcome::{CannotSplice, Filled, Flushed};
use crate::session::flow::Direction;

/// Bytes in a pipe from which on no more is asked for: what a session may move in a turn, and all that a reader who
/// stalls can keep in the kernel beside its socket's buffer.
const HELD_MAX: usize = 1024 * 1024;

/// Whether what is to be moved next goes through a pipe; borrows one where it should and there is one.
pub(crate) fn has_pipe<K: Kernel>(live: &mut Live<K>, desk: &mut Desk<K>, direction: Direction) -> bool {
    if live.pipe_mut(direction).is_some() {
        return true;
    }
    if !live.session.relay.wants_pipe(direction) || must_be_seen(live, direction) {
        return false;
    }
    let loan = desk.pipes.take(&*desk.kernel, desk.now_ms);
    let stats = &desk.port.shared.stats;
    match &loan {
        Some(_) => stats.pipes_taken.add(1),
        None => stats.splice_fallbacks.add(u64::from(live.session.relay.no_pipe(direction))),
    }
    *live.pipe_mut(direction) = loan;
    live.pipe_mut(direction).is_some()
}

/// What a client says after an answer may be another request, which is counted by its first bytes; what it says while its
/// request may have to be sent once more belongs to that request.
fn must_be_seen<K: Kernel>(live: &Live<K>, direction: Direction) -> bool {
    let another = live.answered_since && live.session.speaks_http();
    direction == Direction::ClientToBackend && (another || live.sent.is_some())
}

/// Fills the pipe if it is empty and hands on what is in it. Gives the bytes moved.
pub(crate) fn transfer<K: Kernel>(live: &mut Live<K>, desk: &mut Desk<K>, direction: Direction) -> usize {
    let moved = match live.session.relay.held(direction) {
        0 => fill_up(live, desk, direction),
        held => Ok(held),
    };
    let moved = moved.and_then(|moved| match live.session.relay.held(direction) {
        0 => Ok(moved),
        held => flush(live, desk, direction, held).map(|()| moved),
    });
    match moved {
        Ok(moved) => {
            if is_done(live, direction) {
                give_back(live, desk, direction);
            }
            moved
        }
        Err(CannotSplice) => {
            copy_for_good(live, desk);
            0
        }
    }
}

/// Fills the pipe, and once more where it took all that it was asked to: a slot holds as much as lies in one piece, so a
/// pipe has often room for several times its size, and what leaves it in one call costs less than in several.
fn fill_up<K: Kernel>(live: &mut Live<K>, desk: &mut Desk<K>, direction: Direction) -> Result<usize, CannotSplice> {
    let most = live.pipe_mut(direction).as_ref().map_or(0, |loan| loan.bytes as usize);
    let mut moved = fill(live, desk, direction)?;
    let mut last = moved;
    while last > most / 2 && moved + most <= HELD_MAX && live.session.relay.may_fill(direction) {
        last = fill(live, desk, direction)?;
        moved += last;
    }
    Ok(moved)
}

fn fill<K: Kernel>(live: &mut Live<K>, desk: &mut Desk<K>, direction: Direction) -> Result<usize, CannotSplice> {
    let Some(loan) = live.pipe_mut(direction).take() else { return Ok(0) };
    let most = loan.bytes as usize;
    let outcome = match live.stream(direction.source()) {
        Some(source) => desk.kernel.fill_pipe(source, &loan.pipe, most),
        None => Ok(Filled::Blocked),
    };
    let loan = live.pipe_mut(direction).insert(loan);
    let count = match outcome? {
        Filled::Bytes { count, .. } => count,
        _ => 0,
    };
    loan.held += count as u32;
    if count > 0 {
        live.session.touch(desk.now_ms);
        if direction == Direction::BackendToClient {
            dispatch::note_response_bytes(live, desk, count);
        }
    }
    live.session.relay.spliced(direction, outcome?);
    Ok(count)
}

fn flush<K: Kernel>(
    live: &mut Live<K>,
    desk: &mut Desk<K>,
    direction: Direction,
    held: usize,
) -> Result<(), CannotSplice> {
    if direction == Direction::ClientToBackend {
        attempt::no_delay(live, &*desk.kernel);
    }
    let Some(mut loan) = live.pipe_mut(direction).take() else { return Ok(()) };
    debug_assert_eq!(loan.held as usize, held, "what the session holds is in its pipe");
    let outcome = match live.stream(direction.sink()) {
        Some(sink) => desk.kernel.flush_pipe(&loan.pipe, sink, held),
        None => Ok(Flushed::Blocked),
    };
    if let Ok(Flushed::Bytes(count)) = outcome {
        loan.held -= count as u32;
        live.session.touch(desk.now_ms);
        desk.count_bytes(live, direction, count as u64);
        desk.port.shared.stats.spliced_bytes.add(count as u64);
    }
    *live.pipe_mut(direction) = Some(loan);
    live.session.relay.flushed(direction, outcome?);
    Ok(())
}

/// Whether the direction needs no pipe for now: all that came is handed on, and no more is there; or its sink is gone,
/// and what is in the pipe with it.
fn is_done<K: Kernel>(live: &Live<K>, direction: Direction) -> bool {
    let relay = &live.session.relay;
    let sink_is_gone = direction == Direction::ClientToBackend && relay.backend_is_gone();
    relay.held(direction) == 0 && (sink_is_gone || relay.has_ended(direction) || !relay.readable(direction.source()))
}

fn give_back<K: Kernel>(live: &mut Live<K>, desk: &mut Desk<K>, direction: Direction) {
    if let Some(loan) = live.pipe_mut(direction).take() {
        desk.pipes.give_back(loan);
        desk.port.shared.stats.pipes_returned.add(1);
    }
}

/// The session is over: both pipes go, with what is in them.
pub(crate) fn end<K: Kernel>(live: &mut Live<K>, desk: &mut Desk<K>) {
    give_back(live, desk, Direction::ClientToBackend);
    give_back(live, desk, Direction::BackendToClient);
}

/// The kernel won't splice: what is in the pipes is taken out, and held as if it had been read.
fn copy_for_good<K: Kernel>(live: &mut Live<K>, desk: &mut Desk<K>) {
    desk.port.shared.stats.splice_fallbacks.add(1);
    live.session.relay.cannot_splice();
    for direction in [Direction::ClientToBackend, Direction::BackendToClient] {
        let Some(mut loan) = live.pipe_mut(direction).take() else { continue };
        while loan.held > 0 {
            let count = desk.kernel.take_out(&loan.pipe, &mut desk.scratch);
            if count == 0 {
                break;
            }
            let Desk { buffers, scratch, .. } = desk;
            buffers.hold(live.held_mut(direction), &scratch[..count]);
            loan.held -= count as u32;
        }
        *live.pipe_mut(direction) = Some(loan);
        give_back(live, desk, direction);
    }
}
