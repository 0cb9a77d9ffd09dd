//! One attempt to reach a backend: choose, connect, send what there is, all in one go.
//!
//! On loopback the handshake is complete when `connect` returns, so the first write succeeds at once or tells of the
//! refusal; off-host it says EAGAIN and is tried again when epoll reports the socket writable.

use super::desk::Desk;
use super::live::{Live, Socket};
use crate::control::Report;
use crate::net::connect::{self, ConnectFailure};
use crate::net::kernel::Kernel;
use crate::outcome::Flushed;
use crate::session::Action;
use crate::session::answer::Status;
use crate::session::flow::{Direction, Side};
use crate::session::route::Failure;

/// Chooses the next backend and begins to connect. Gives what to do instead where there is none.
pub(crate) fn connect<K: Kernel>(live: &mut Live<K>, desk: &mut Desk<K>) -> Option<Action> {
    let retries = desk.config.retries;
    let chosen = match (&desk.table, live.session.route()) {
        (Some(applied), Some(route)) => {
            let chosen = route.next(&applied.table, retries);
            desk.port.shared.stats.retries.add(u64::from(chosen.is_ok() && route.attempts() > 1));
            chosen.map(|index| applied.handle(index))
        }
        _ => Err(Status::Unavailable),
    };
    let backend = match chosen {
        Ok(Some(backend)) => backend,
        Ok(None) => return Some(live.session.give_up(Status::Unavailable)),
        Err(status) => return Some(live.session.give_up(status)),
    };
    let addr = backend.addr;
    live.routed_to = Some(backend);
    match desk.kernel.connect(addr) {
        Ok(stream) => {
            live.backend = Some(Socket::new(stream));
            live.session.connecting(desk.now_ms);
            live.begin_lap(desk.now_us);
            // The optimistic first write: where it is too early it says so.
            live.session.relay.readiness(Side::Backend).writable = desk.fresh + live.to_backend.len() > 0;
            None
        }
        Err(failure) => failed(live, desk, failure),
    }
}

/// Finds out whether the connect has succeeded, by the first write where there is something to write.
pub(crate) fn open<K: Kernel>(live: &mut Live<K>, desk: &mut Desk<K>) -> Option<Action> {
    let stream = live.stream(Side::Backend)?;
    let waiting = if desk.fresh > 0 { &desk.scratch[..desk.fresh] } else { live.to_backend.pending() };
    let outcome = if waiting.is_empty() {
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

fn met_itself<K: Kernel>(stream: &K::Stream, live: &Live<K>, desk: &Desk<K>) -> bool {
    live.routed_to.as_ref().is_some_and(|backend| connect::may_self_connect(backend.addr, desk.ephemeral_from))
        && desk.kernel.is_self_connected(stream)
}

/// The connect succeeded and the socket took the first `count` bytes.
fn opened<K: Kernel>(live: &mut Live<K>, desk: &mut Desk<K>, count: usize) {
    live.session.connected(desk.now_ms);
    let stats = &desk.port.shared.stats;
    stats.routed.add(1);
    if let Some(took_us) = live.end_lap(desk.now_us) {
        stats.connect.record(took_us);
    }
    live.begin_lap(desk.now_us);
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
    match failure {
        ConnectFailure::OutOfDescriptors => Some(live.session.give_up(Status::Unavailable)),
        ConnectFailure::Backend => {
            report(live, desk, Report::ConnectRefused);
            live.session.attempt_failed(Failure::Refused);
            None
        }
    }
}

/// The connect got no answer in time.
pub(crate) fn abandon<K: Kernel>(live: &mut Live<K>, desk: &mut Desk<K>) {
    live.backend = None;
    report(live, desk, Report::ConnectTimedOut);
}

fn report<K: Kernel>(live: &Live<K>, desk: &Desk<K>, kind: impl FnOnce(crate::backend::BackendId) -> Report) {
    if let Some(backend) = &live.routed_to {
        backend.counters.cell(desk.worker).connect_failures.add(1);
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
