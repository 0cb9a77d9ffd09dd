//! What must be true of a worker after every turn, whatever the peers have done: FAULTS' oracle for every row.
//!
//! Looked at from inside (sessions, timers) and from outside (the kernel's sockets): a byte that lies in a socket whose
//! session believes it empty would wait for ever, long before any deadline shows it.

use super::harness::Harness;
use crate::session::flow::Side;
use crate::worker::buffers::SCRATCH_BYTES;
use crate::worker::dispatch::SESSION_BYTES_MAX;

/// Calls that one driving of a session may need besides those that move bytes: a whole life, four backends tried.
const CALLS_A_SESSION_MAX: u64 = 64;
/// Clients that one turn may let in.
const ADMITTED_MAX: u64 = 64;

/// A turn is bounded, in calls and in bytes.
pub(super) fn bounded(harness: &Harness, calls: u64, driven: usize) {
    // A session that moves its bytes one at a time pays a call for each; only short ones can, since a read takes all.
    let allowed = (driven as u64 + 2 * ADMITTED_MAX) * CALLS_A_SESSION_MAX;
    assert!(calls <= allowed, "{calls} calls in one turn, for {driven} sessions driven");
    let most = harness.kernel.net().most_read();
    // Twice: once by its event and once by the run queue.
    let allowed = 2 * (SESSION_BYTES_MAX + SCRATCH_BYTES);
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
    let (mut sockets, mut counted) = (0, 0);
    for key in worker.sessions.keys() {
        let live = worker.sessions.get(key).expect("it was listed");
        sockets += 1 + usize::from(live.backend.is_some());
        counted += u64::from(live.counted);
        for held in [live.to_backend.len(), live.to_client.len()] {
            // One read behind the head that was held (D9).
            assert!(held <= SCRATCH_BYTES + 16 * 1024, "{held} bytes are held for a stalled peer");
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
    let others = worker.admission.descriptors();
    assert_eq!(harness.kernel.net().descriptors(), sockets + others, "descriptors = sessions' sockets + listeners");
}

/// True while the worker sleeps: the kernel holds nothing that a session doesn't know of.
pub(super) fn nothing_missed(harness: &mut Harness) {
    let worker = &mut harness.worker;
    for key in worker.sessions.keys() {
        let live = worker.sessions.get(key).expect("it was listed");
        for side in [Side::Client, Side::Backend] {
            let Some(stream) = live.stream(side) else { continue };
            let (unread, has_room) = {
                let mut net = harness.kernel.net();
                let socket = net.socket(stream.id);
                (socket.unread(), socket.has_room())
            };
            let held = if side == Side::Client { live.to_client.len() } else { live.to_backend.len() };
            let relay = &live.session.relay;
            assert!(unread == 0 || relay.readable(side), "{unread} bytes of the {side:?} are forgotten: {live:?}");
            let waits_for_room = held > 0 && !live.session.is_connecting();
            assert!(!has_room || !waits_for_room || relay.writable(side), "room at the {side:?} is missed: {live:?}");
            let connected = side == Side::Backend && live.session.is_connecting() && has_room;
            assert!(!connected, "a connect that has succeeded is missed: {live:?}");
        }
    }
}
