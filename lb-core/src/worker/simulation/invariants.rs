//! What must be true of a worker after every turn, whatever the peers have done: FAULTS' oracle for every row.
//!
//! Looked at from inside (sessions, timers) and from outside (the kernel's sockets): a byte that lies in a socket whose
//! session believes it empty would wait for ever, long before any deadline shows it.

use super::harness::{Harness, Logged};
use super::kernel::FakeKernel;
use super::net::Net;
use crate::config::Splice;
use crate::session::flow::{Direction, Side};
use crate::worker::buffers::SCRATCH_BYTES;
use crate::worker::dispatch::{SESSION_BYTES_MAX, SPLICED_PER_COPIED, TRANSFER_BYTES_MIN};
use crate::worker::live::Live;
use crate::worker::queue::Standing;

/// Calls that one driving of a session may need besides those that move bytes: a whole life, four backends tried.
const CALLS_A_SESSION_MAX: u64 = 64;
/// Of those that move bytes through a pipe, two each, as many as the turn's bytes pay for.
const CALLS_SPLICED_MAX: u64 = 2 * (SESSION_BYTES_MAX / TRANSFER_BYTES_MIN) as u64;
/// Clients that one turn may let in.
const ADMITTED_MAX: u64 = 64;

/// A turn is bounded, in calls and in bytes.
pub(super) fn bounded(harness: &Harness, calls: u64, driven: usize) {
    // A session that is copied and moves its bytes one at a time pays a call for each; only short ones can, since a read
    // takes all.
    let config = &harness.worker.desk.config;
    let spliced = if config.splice == Splice::Never { 0 } else { CALLS_SPLICED_MAX };
    let allowed = (driven as u64 + 2 * ADMITTED_MAX) * CALLS_A_SESSION_MAX + driven as u64 * spliced;
    assert!(calls <= allowed, "{calls} calls in one turn, for {driven} sessions driven");
    let most = harness.kernel.net().most_read();
    // Twice: once by the run queue and once by its event.
    let allowed = match config.splice {
        Splice::Never => 2 * (SESSION_BYTES_MAX + SCRATCH_BYTES),
        Splice::Bulk | Splice::Always => {
            2 * (SPLICED_PER_COPIED * SESSION_BYTES_MAX + config.pipe_bytes + SCRATCH_BYTES)
        }
    };
    assert!(most <= allowed, "{most} bytes of one socket in one turn");
}

/// True after every turn.
pub(super) fn hold(harness: &mut Harness) {
    let now_ms = harness.now_ms;
    let worker = &mut harness.worker;
    assert_eq!(worker.desk.fresh, 0, "what stands in the scratch belongs to nobody after a turn");
    let stats = &worker.desk.port.shared.stats;
    let open = worker.sessions.len() as u64;
    assert_eq!(stats.accepted.read(), stats.closed.read() + open, "accepted = closed + open");
    assert_eq!(stats.reports_dropped.read(), 0, "the control side reads all reports here");
    // One read behind the head that was held (D9); and what a whole pipe held, where the kernel won't splice any more.
    let refuses = harness.kernel.net().splices_refused > 0;
    let held_max = SCRATCH_BYTES + if refuses { worker.desk.config.pipe_bytes } else { 16 * 1024 };
    let (mut descriptors, mut counted, mut pipes) = (0, 0, 0);
    for key in worker.sessions.keys() {
        let live = worker.sessions.get(key).expect("it was listed");
        descriptors += 1 + usize::from(live.backend.is_some());
        pipes += in_pipes(live, &harness.kernel.net());
        counted += u64::from(live.counted);
        for held in [live.to_backend.len(), live.to_client.len()] {
            assert!(held <= held_max, "{held} bytes are held for a stalled peer");
        }
        let deadline_ms = live.session.deadline_ms(&worker.desk.config, worker.desk.draining);
        if let Some(deadline_ms) = deadline_ms.filter(|_| !live.in_run_queue) {
            assert!(
                live.armed_ms != 0 && live.armed_ms <= deadline_ms,
                "the deadline at {deadline_ms} isn't watched at {now_ms}: {live:?}"
            );
        }
    }
    let ended = |open: u64, backend: &std::sync::Arc<crate::backend::Backend>| open + backend.counters.open_sessions();
    assert_eq!(harness.backends.iter().fold(0, ended), counted, "sessions that the backends count");
    let pool = &worker.desk.pipes;
    assert_eq!(pool.lent(), pipes, "pipes that the pool has lent, and that sessions have");
    assert_eq!(stats.pipes_taken.read() - stats.pipes_returned.read(), pipes as u64);
    for pipe in pool.pooled() {
        // D12.
        assert_eq!(harness.kernel.net().held_in(pipe.id), 0, "a pipe with bytes in it is in the pool");
    }
    descriptors += worker.admission.descriptors() + 2 * (pipes + pool.pooled().len());
    assert_eq!(harness.kernel.net().descriptors(), descriptors, "sessions' sockets + pipes + listeners");
    places(harness);
    all_logged(harness);
}

/// Every session that has closed has a record, or it is counted that it has none; and where all have, they tell of
/// everything that was counted.
fn all_logged(harness: &Harness) {
    let (stats, logged) = (harness.stats(), harness.logged);
    assert_eq!(logged.records + stats.access_log_dropped.read(), stats.closed.read(), "records + dropped = closed");
    if harness.worker.sessions.len() > 0 || stats.access_log_dropped.read() > 0 {
        return;
    }
    let replays = stats.replays_reset.read() + stats.replays_closed.read() + stats.replays_overdue.read();
    let answers: u64 = stats.answers.iter().map(|count| count.read()).sum();
    let counted = Logged {
        records: stats.closed.read(),
        replays,
        bytes_to_backend: stats.bytes_to_backend.read(),
        bytes_to_client: stats.bytes_to_client.read(),
        // Of these some clients were gone before they could be told.
        answers: answers.min(logged.answers),
        queue_timeouts: stats.queue_timeouts.read(),
    };
    assert_eq!(logged, counted, "what the records tell and what is counted");
}

/// The bytes that a session holds are where it believes them to be. Gives the number of its pipes.
fn in_pipes(live: &Live<FakeKernel>, net: &Net) -> usize {
    let mut pipes = 0;
    let loans =
        [(Direction::ClientToBackend, &live.pipe_to_backend), (Direction::BackendToClient, &live.pipe_to_client)];
    for (direction, loan) in loans {
        let mut held = live.held(direction).len();
        if let Some(loan) = loan {
            pipes += 1;
            assert_eq!(net.held_in(loan.pipe.id), loan.held as usize, "a pipe holds what its session counts: {live:?}");
            assert!(loan.held == 0 || held == 0, "bytes in a pipe and in memory have no order: {live:?}");
            held += loan.held as usize;
        }
        if live.backend.is_some() {
            assert_eq!(held, live.session.relay.held(direction), "{direction:?}: {live:?}");
        }
    }
    pipes
}

/// A backend never has more connections than places, and no place is held by nobody for long.
fn places(harness: &Harness) {
    let net = harness.kernel.net();
    for backend in harness.backends.iter().filter(|backend| !harness.lowered.contains(&backend.id)) {
        let Some(places) = backend.places() else { continue };
        let (open, most) = net.ledger.open_to(backend.addr);
        assert!(open <= places.open() as usize, "{open} connections to {} in {places:?}", backend.name);
        let Some(limit) = places.limit() else { continue };
        assert!(most <= limit as usize, "{most} connections to {}, which has {limit} places", backend.name);
        assert!(places.open() <= limit, "{places:?}");
    }
}

/// While the worker sleeps every open place has a session that holds it, and nobody waits for one that is free: a count
/// that drifts would end in a backend that gets nothing any more (haproxy #2951).
fn no_place_is_lost(harness: &mut Harness) {
    let worker = &mut harness.worker;
    let mut standing = Vec::new();
    for key in worker.sessions.keys() {
        let live = worker.sessions.get(key).expect("it was listed");
        let id = live.routed_to.as_ref().map(|backend| backend.id);
        match live.standing {
            Standing::Free => assert!(!live.session.is_queued(), "it waits for nothing: {live:?}"),
            Standing::Waiting(_) => standing.push((id, false)),
            Standing::Holds { .. } | Standing::Admitted(_) => standing.push((id, true)),
        }
    }
    for backend in &harness.backends {
        let Some(places) = backend.places() else { continue };
        let count = |holds: bool| standing.iter().filter(|&&one| one == (Some(backend.id), holds)).count();
        assert_eq!(places.open() as usize, count(true), "open places of {}", backend.name);
        assert_eq!(places.waiting() as usize, count(false), "waits for {}", backend.name);
        assert!(places.waiting() == 0 || places.is_full(), "waits for a place that is free: {places:?}");
    }
}

/// True while the worker sleeps: the kernel holds nothing that a session doesn't know of.
pub(super) fn nothing_missed(harness: &mut Harness) {
    no_place_is_lost(harness);
    let worker = &mut harness.worker;
    for key in worker.sessions.keys() {
        let live = worker.sessions.get(key).expect("it was listed");
        for side in [Side::Client, Side::Backend] {
            let Some(stream) = live.stream(side) else { continue };
            let (unread, ended, has_room) = {
                let mut net = harness.kernel.net();
                let socket = net.socket(stream.id);
                (socket.unread(), socket.has_ended(), socket.has_room())
            };
            let known = match side {
                Side::Client => live.session.relay.client_ended(),
                Side::Backend => live.session.relay.has_ended(Direction::BackendToClient),
            };
            assert!(!ended || known || live.session.relay.readable(side), "the {side:?}'s end is forgotten: {live:?}");
            let held = match side {
                Side::Client => live.session.relay.held(Direction::BackendToClient),
                Side::Backend => live.session.relay.held(Direction::ClientToBackend),
            };
            let relay = &live.session.relay;
            assert!(unread == 0 || relay.readable(side), "{unread} bytes of the {side:?} are forgotten: {live:?}");
            let waits_for_room = held > 0 && !live.session.is_connecting();
            assert!(!has_room || !waits_for_room || relay.writable(side), "room at the {side:?} is missed: {live:?}");
            let connected = side == Side::Backend && live.session.is_connecting() && has_room;
            assert!(!connected, "a connect that has succeeded is missed: {live:?}");
        }
    }
}
