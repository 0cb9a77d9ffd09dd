//! One attempt to reach a backend: choose, connect, send what there is, all in one go.
//!
//! On loopback the handshake is complete when `connect` returns, so the first write succeeds at once or tells of the
//! refusal; off-host it says EAGAIN and is tried again when epoll reports the socket writable.

use super::desk::Desk;
use super::live::{BackendHandle, Live, Socket};
use super::proxied;
use super::queue::{self, Entered, Standing};
use super::replay;
use super::token::SessionKey;
use crate::access_log::Stage;
use crate::backend::BackendId;
use crate::control::Report;
use crate::net::connect::{self, ConnectFailure};
use crate::net::kernel::Kernel;
use crate::outcome::Flushed;
use crate::session::Action;
use crate::session::answer::Status;
use crate::session::balance::Bounds;
use crate::session::flow::{Direction, Side};
use crate::session::route::Failure;

/// Chooses the next backend and begins to connect, or to wait for a place there. Gives what to do instead where there is
/// none.
pub(crate) fn connect<K: Kernel>(live: &mut Live<K>, key: SessionKey, desk: &mut Desk<K>) -> Option<Action> {
    // Whom it has waited for is chosen already. A place left over from a former attempt is given back.
    if let Standing::Admitted(place) = std::mem::take(&mut live.standing) {
        live.standing = Standing::Holds { _place: place };
        return begin(live, desk);
    }
    match choose(live, desk) {
        Ok(backend) => live.routed_to = Some(backend),
        Err(status) => return Some(live.session.give_up(status)),
    }
    match queue::enter(live, key, desk) {
        Entered::Now => begin(live, desk),
        Entered::Later => None,
        Entered::Refused => Some(live.session.give_up(Status::Busy)),
    }
}

/// The key's next backend, or what to tell the client. Counts why it isn't the first that was chosen.
fn choose<K: Kernel>(live: &mut Live<K>, desk: &mut Desk<K>) -> Result<BackendHandle, Status> {
    let retries = desk.config.retries;
    let (Some(applied), Some(route)) = (&desk.table, live.session.route()) else { return Err(Status::Unavailable) };
    if let Some(notes) = &mut live.notes {
        notes.table_version = applied.table.version();
        notes.epoch = applied.table.epoch();
        notes.slot = Some(applied.table.slots().slot_of(route.key()));
    }
    let table = &applied.table;
    let bounds = desk.config.balance_factor.map(|factor| Bounds::new(table, factor));
    // The first is the key's own, whatever was seen of it: only a table says otherwise. Further ones are few, and not for
    // those that are lost too.
    let is_retry = route.attempts() > 0;
    let is_lost = |index| table.backend(index).is_some_and(|backend| desk.losses.include(backend.id, desk.now_ms));
    let choice = route.next(table, retries, |index| {
        !(is_retry && is_lost(index)) && bounds.as_ref().is_none_or(|bounds| bounds.admit(index))
    })?;
    let failure = route.last_failure();
    let stats = &desk.port.shared.stats;
    if failure.is_after_sending() && !desk.retry_budget.withdraw(desk.now_ms) {
        stats.replays_refused.add(1);
        return Err(failure.status());
    }
    match failure {
        Failure::NoneReady => {}
        Failure::Refused | Failure::TimedOut => stats.retries.add(1),
        Failure::Reset => stats.replays_reset.add(1),
        Failure::Closed => stats.replays_closed.add(1),
        Failure::Overdue => stats.replays_overdue.add(1),
    }
    if let Some(notes) = &mut live.notes {
        notes.replays += u32::from(failure.is_after_sending());
    }
    stats.spilled.add(u64::from(choice.spilled && !is_retry));
    applied.handle(choice.index).ok_or(Status::Unavailable)
}

fn begin<K: Kernel>(live: &mut Live<K>, desk: &mut Desk<K>) -> Option<Action> {
    let addr = live.routed_to.as_ref()?.addr;
    live.enter(Stage::Connect, desk.now_us);
    let bytes_follow = desk.fresh + live.to_backend.len() > 0 || wants_header(live);
    match desk.kernel.connect(addr, bytes_follow) {
        Ok(stream) => {
            live.backend = Some(Socket::new(stream));
            live.backend_keepalive = false;
            live.session.connecting(desk.now_ms);
            live.begin_lap(desk.now_us);
            // The optimistic first write: where it is too early it says so.
            live.session.relay.readiness(Side::Backend).writable = bytes_follow;
            None
        }
        Err(failure) => failed(live, desk, failure),
    }
}

/// Finds out whether the connect has succeeded, by the first write where there is something to write.
pub(crate) fn open<K: Kernel>(live: &mut Live<K>, desk: &mut Desk<K>) -> Option<Action> {
    let stream = live.stream(Side::Backend)?;
    let waiting = if desk.fresh > 0 { &desk.scratch[..desk.fresh] } else { live.to_backend.pending() };
    let outcome = if let Some(header) = proxied::header_for_backend(live, desk) {
        proxied::write_first(live, desk, &header)
    } else if waiting.is_empty() {
        desk.kernel.connected(stream).map(|done| if done { Flushed::Bytes(0) } else { Flushed::Blocked })
    } else {
        desk.kernel.write_first(stream, waiting)
    };
    match outcome {
        Ok(Flushed::Bytes(_)) if met_itself(stream, live, desk) => failed(live, desk, ConnectFailure::Backend),
        Ok(Flushed::Bytes(count)) => {
            opened(live, desk, count);
            None
        }
        Ok(Flushed::Blocked | Flushed::Failed) => {
            live.session.relay.readiness(Side::Backend).writable = false;
            None
        }
        Err(failure) => failed(live, desk, failure),
    }
}

fn wants_header<K: Kernel>(live: &Live<K>) -> bool {
    live.routed_to.as_ref().is_some_and(|backend| backend.send_proxy.is_some())
}

fn met_itself<K: Kernel>(stream: &K::Stream, live: &Live<K>, desk: &Desk<K>) -> bool {
    live.routed_to.as_ref().is_some_and(|backend| {
        connect::may_self_connect(backend.addr, desk.ephemeral_from)
            && desk.kernel.is_self_connected(stream, backend.addr)
    })
}

/// The connect succeeded and the socket took the first `count` bytes.
fn opened<K: Kernel>(live: &mut Live<K>, desk: &mut Desk<K>, count: usize) {
    live.session.connected(desk.now_ms);
    // What is held was sent before.
    if live.sent.is_none() {
        desk.port.shared.stats.routed.add(1);
        desk.retry_budget.deposit(desk.now_ms);
        replay::hold(live, desk);
    }
    if let Some(took_us) = live.end_lap(desk.now_us) {
        desk.port.shared.stats.connect.record(took_us);
    }
    live.begin_lap(desk.now_us);
    live.enter(Stage::Wait, desk.now_us);
    if let Some(backend) = &live.routed_to {
        backend.counters.cell(desk.worker).sessions.add(1);
        live.counted = true;
    }
    if count > 0 {
        live.session.relay.flushed(Direction::ClientToBackend, Flushed::Bytes(count));
        desk.count_bytes(live, Direction::ClientToBackend, count as u64);
    }
    if desk.fresh > 0 {
        let Desk { buffers, scratch, fresh, .. } = desk;
        if count < *fresh {
            buffers.hold(&mut live.to_backend, &scratch[count..*fresh]);
        }
        *fresh = 0;
    } else {
        desk.buffers.taken(&mut live.to_backend, count);
    }
}

/// The attempt failed: says so to the control side and lets the session try the next.
fn failed<K: Kernel>(live: &mut Live<K>, desk: &mut Desk<K>, failure: ConnectFailure) -> Option<Action> {
    live.backend = None;
    queue::leave(live, desk);
    match failure {
        ConnectFailure::OutOfDescriptors => Some(live.session.give_up(Status::Unavailable)),
        ConnectFailure::Backend => {
            desk.port.shared.stats.connects_refused.add(1);
            report_failed_connect(live, desk, Report::ConnectRefused);
            live.session.attempt_failed(Failure::Refused);
            None
        }
    }
}

/// The connect got no answer in time.
pub(crate) fn abandon<K: Kernel>(live: &mut Live<K>, desk: &mut Desk<K>) {
    live.backend = None;
    queue::leave(live, desk);
    desk.port.shared.stats.connects_timed_out.add(1);
    report_failed_connect(live, desk, Report::ConnectTimedOut);
}

fn report_failed_connect<K: Kernel>(live: &Live<K>, desk: &mut Desk<K>, kind: impl FnOnce(BackendId) -> Report) {
    if let Some(backend) = &live.routed_to {
        backend.counters.cell(desk.worker).connect_failures.add(1);
    }
    report(live, desk, kind);
}

/// Tells the control side what the session's backend did, and remembers it until that has acted on it.
pub(crate) fn report<K: Kernel>(live: &Live<K>, desk: &mut Desk<K>, kind: impl FnOnce(BackendId) -> Report) {
    if let Some(backend) = &live.routed_to {
        desk.losses.note(backend.id, desk.now_ms);
        desk.port.report(kind(backend.id));
    }
}

/// Sets NODELAY before the second write: the first never waits, and most sessions have no second.
pub(crate) fn no_delay<K: Kernel>(live: &mut Live<K>, kernel: &K) {
    if !live.backend_nodelay
        && let Some(backend) = live.stream(Side::Backend)
    {
        kernel.no_delay(backend);
        live.backend_nodelay = true;
    }
}
