//! A request whose backend is lost before the first byte of a response goes to the next one, where it may.
//!
//! When a request goes to its (first) backend a copy of it is held ([`super::heads`]); when the backend is lost, the pure
//! [`crate::session::replay`] says whether that copy may be sent once more, and [`super::attempt`] chooses, within the
//! retry budget, to whom. Neither costs a syscall. A backend that was only silent for too long keeps the request unless
//! health has taken it down meanwhile: it may just be slow, and so may be the next one.

use super::attempt;
use super::desk::Desk;
use super::farewell;
use super::live::Live;
use crate::control::Report;
use crate::net::kernel::Kernel;
use crate::session::Action;
use crate::session::close::Farewell;
use crate::session::replay::{is_one_bodiless_head, is_worth_holding};
use crate::session::route::Failure;

/// The request, all of it that has been read, goes to a backend for the first time: holds a copy if it may be needed.
pub(crate) fn hold<K: Kernel>(live: &mut Live<K>, desk: &mut Desk<K>) {
    let bytes = if desk.fresh > 0 { &desk.scratch[..desk.fresh] } else { live.to_backend.pending() };
    let may_be_needed = desk.config.retries > 0 && desk.retry_budget.allows_any() && live.session.speaks_http();
    if may_be_needed && is_worth_holding(bytes) {
        live.sent = Some(desk.heads.hold(bytes));
        desk.port.shared.stats.heads_held.add(1);
    }
}

/// The backend is lost before the first byte of a response, as `failure` says. Gives the answer where the request is not
/// to be replayed.
pub(crate) fn unanswered<K: Kernel>(live: &mut Live<K>, desk: &mut Desk<K>, failure: Failure) -> Option<Action> {
    if failure == Failure::Overdue {
        if is_ready_still(live, desk) {
            return Some(Action::Answer(failure.status()));
        }
    } else {
        attempt::report(live, desk, Report::DiedBeforeFirstByte);
    }
    let Some(sent) = live.sent.as_ref().map(|head| head.bytes()).filter(|sent| is_one_bodiless_head(sent)) else {
        return Some(Action::Answer(failure.status()));
    };
    debug_assert_eq!(desk.fresh, 0, "the scratch is free once a backend is connected");
    desk.buffers.release(&mut live.to_backend);
    desk.buffers.hold(&mut live.to_backend, sent);
    live.session.replay(sent.len(), failure);
    // With a reset: should it live on, it need not answer any more.
    farewell::let_backend_go(live, desk, Farewell::Reset);
    None
}

/// Whether the newest table still routes to the session's backend.
fn is_ready_still<K: Kernel>(live: &Live<K>, desk: &Desk<K>) -> bool {
    let (Some(backend), Some(applied)) = (&live.routed_to, &desk.table) else { return false };
    applied.table.backends().any(|ready| ready.id == backend.id)
}
