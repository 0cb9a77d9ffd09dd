//! Reads a client's first bytes and has the session decide by them.

use super::desk::Desk;
use super::live::Live;
use crate::config::{Mode, NonHttp};
use crate::net::kernel::Kernel;
use crate::outcome::Filled;
use crate::session::answer::Status;
use crate::session::close::CloseReason;
use crate::session::flow::Direction;
use crate::session::key::KeyedBy;
use crate::session::request::{Context, Decision, Verdict, decide, decide_raw};
use crate::session::{Action, HeadCut, body};

/// Reads once and decides. Gives what comes next where that isn't for the session to say.
pub(crate) fn read_head<K: Kernel>(live: &mut Live<K>, desk: &mut Desk<K>) -> Option<Action> {
    match fill(live, desk) {
        Filled::Bytes { .. } => {}
        // Nothing to wait for where no line is awaited: the backend may be the one that speaks first.
        Filled::Blocked if desk.config.mode == Mode::Tcp => {}
        Filled::Blocked => return None,
        Filled::Failed => return Some(Action::Close(CloseReason::ClientReset)),
        Filled::End => return cut_short(live, desk),
    }
    decide_received(live, desk)
}

/// Reads once, behind what the client has sent so far.
pub(crate) fn fill<K: Kernel>(live: &mut Live<K>, desk: &mut Desk<K>) -> Filled {
    let outcome = desk.kernel.read(&live.client.stream, &mut desk.scratch);
    match outcome {
        Filled::Bytes { count, .. } if live.to_backend.len() == 0 => desk.fresh = count,
        Filled::Bytes { count, .. } => desk.buffers.hold(&mut live.to_backend, &desk.scratch[..count]),
        Filled::Blocked | Filled::End | Filled::Failed => {}
    }
    note_read(live, outcome);
    outcome
}

/// Decides by what the client has sent so far.
pub(crate) fn decide_received<K: Kernel>(live: &mut Live<K>, desk: &mut Desk<K>) -> Option<Action> {
    let verdict = judge(live, desk, decide);
    obey(live, desk, verdict)
}

/// Readiness after a read of the head; the bytes aren't the relay's yet.
fn note_read<K: Kernel>(live: &mut Live<K>, outcome: Filled) {
    let empty = match outcome {
        Filled::Bytes { short, .. } => Filled::Bytes { count: 0, short },
        other => other,
    };
    live.session.relay.filled(Direction::ClientToBackend, empty);
}

/// The client ended before its head was complete.
fn cut_short<K: Kernel>(live: &mut Live<K>, desk: &mut Desk<K>) -> Option<Action> {
    match live.session.head_cut_short(live.to_backend.len()) {
        HeadCut::Nothing if desk.config.mode == Mode::Http => Some(Action::Close(CloseReason::Complete)),
        HeadCut::Malformed => Some(Action::Answer(Status::BadRequest)),
        HeadCut::NotHttp if desk.config.non_http == NonHttp::Reject => Some(Action::Answer(Status::BadRequest)),
        HeadCut::NotHttp | HeadCut::Nothing => {
            let verdict = judge(live, desk, decide_raw);
            obey(live, desk, verdict)
        }
    }
}

fn judge<K: Kernel>(
    live: &mut Live<K>,
    desk: &mut Desk<K>,
    by: impl FnOnce(&mut crate::session::first_line::HeadScan, &[u8], &Context<'_>) -> Verdict,
) -> Verdict {
    let random = desk.random.u64(..);
    let context = Context { config: &desk.config, client: live.client_ip, random };
    let bytes = if desk.fresh > 0 { &desk.scratch[..desk.fresh] } else { live.to_backend.pending() };
    match live.session.head() {
        Some(scan) => by(scan, bytes, &context),
        None => Verdict::More,
    }
}

fn obey<K: Kernel>(live: &mut Live<K>, desk: &mut Desk<K>, verdict: Verdict) -> Option<Action> {
    match verdict {
        Verdict::More if live.session.relay.client_ended() => cut_short_after_read(live, desk),
        Verdict::More => None,
        Verdict::Refuse(status) => Some(Action::Answer(status)),
        Verdict::Admin => Some(Action::Close(CloseReason::HandedOver)),
        Verdict::Route(decision) => {
            routed(live, desk, decision);
            None
        }
    }
}

/// The last read brought bytes and the FIN behind them, and they are no complete head.
fn cut_short_after_read<K: Kernel>(live: &mut Live<K>, desk: &mut Desk<K>) -> Option<Action> {
    desk.keep_fresh(live);
    cut_short(live, desk)
}

/// Notes the decision, and makes what is to be sent of what was received.
fn routed<K: Kernel>(live: &mut Live<K>, desk: &mut Desk<K>, mut decision: Decision) {
    let stats = &desk.port.shared.stats;
    match decision.keyed_by {
        KeyedBy::Query | KeyedBy::Header | KeyedBy::Cookie | KeyedBy::Path => {}
        KeyedBy::Random => stats.unkeyed_random.add(1),
        KeyedBy::Raw => stats.unkeyed_raw.add(1),
        KeyedBy::Source => stats.unkeyed_source.add(1),
    }
    if let Some((head_len, line_len)) = decision.rewrite {
        let mut rewritten = desk.buffers.empty();
        let received = if desk.fresh > 0 { &desk.scratch[..desk.fresh] } else { live.to_backend.pending() };
        body::with_connection_close(&received[..head_len], line_len, rewritten.bytes_mut());
        let rest = &received[head_len..];
        let admitted = decision.end.admit(rest);
        rewritten.bytes_mut().extend_from_slice(&rest[..admitted]);
        live.session.relay.surplus = admitted < rest.len();
        desk.fresh = 0;
        desk.buffers.replace(&mut live.to_backend, rewritten);
    }
    note_key(live, desk, &mut decision);
    live.recorded = decision.recorded.take().map(Box::new);
    live.session.decided(&decision, desk.fresh + live.to_backend.len());
    live.session.relay.splice(desk.config.splice);
}

/// For the access log. Ids that are kept by the control side too are copied; most runs do one of the two.
fn note_key<K: Kernel>(live: &mut Live<K>, desk: &Desk<K>, decision: &mut Decision) {
    let Some(notes) = &mut live.notes else { return };
    notes.keyed_by = Some(decision.keyed_by);
    if desk.journal.wants_raw_keys() {
        let keeps = desk.config.record_answered;
        notes.raw_key = if keeps { decision.recorded.clone() } else { decision.recorded.take() };
    }
}
