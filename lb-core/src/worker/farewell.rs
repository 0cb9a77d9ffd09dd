//! How a session's sockets are let go: the front's own answers, lingering, and closing.

use super::desk::Desk;
use super::journal;
use super::live::Live;
use super::queue;
use super::splicing;
use crate::control::FrontRequest;
use crate::net::copy;
use crate::net::kernel::Kernel;
use crate::outcome::Flushed;
use crate::session::Action;
use crate::session::answer::Status;
use crate::session::close::{CloseReason, Farewell};

/// Answers the client in the backend's stead, and lets it finish sending before the socket is closed: closing with
/// unread input would destroy the answer (FAULTS fact 6).
pub(crate) fn answer<K: Kernel>(live: &mut Live<K>, desk: &mut Desk<K>, status: Status) -> Option<Action> {
    desk.port.shared.stats.answers[status.index()].add(1);
    live.is_decided(desk.now_us);
    // Nothing was sent to this client yet, so its empty send buffer takes the whole of these few hundred bytes.
    let response = status.response();
    if desk.kernel.write(&live.client.stream, response, true) != Flushed::Bytes(response.len()) {
        return Some(Action::Close(CloseReason::ClientReset));
    }
    linger(live, desk, CloseReason::Answered(status))
}

/// Says FIN to the client and lets the backend go; what the client still sends is read and thrown away.
pub(crate) fn linger<K: Kernel>(live: &mut Live<K>, desk: &mut Desk<K>, reason: CloseReason) -> Option<Action> {
    live.is_decided(desk.now_us);
    let (_, farewell) = reason.farewells();
    let_backend_go(live, desk, farewell);
    desk.heads.release(&mut live.sent);
    desk.kernel.shut_write(&live.client.stream);
    splicing::end(live, desk);
    desk.fresh = 0;
    desk.buffers.release(&mut live.to_backend);
    if live.session.relay.client_ended() {
        return Some(Action::Close(reason));
    }
    live.session.linger(reason, desk.now_ms);
    None
}

/// Closes the backend's socket, if there is one, and forgets what was set on it and counted for it.
pub(crate) fn let_backend_go<K: Kernel>(live: &mut Live<K>, desk: &mut Desk<K>, farewell: Farewell) {
    if let Some(backend) = live.backend.take() {
        close_socket(&*desk.kernel, backend.stream, farewell);
    }
    live.backend_nodelay = false;
    uncount(live, desk);
}

/// Closes both sockets as the reason says, and gives everything back.
pub(crate) fn close<K: Kernel>(mut live: Live<K>, desk: &mut Desk<K>, reason: CloseReason) {
    uncount(&mut live, desk);
    journal::close(&mut live, desk, reason);
    if live.source_counted
        && let Some(sources) = &desk.sources
    {
        sources.leave(live.client_ip);
    }
    if reason == CloseReason::HandedOver {
        hand_over(live, desk);
        return;
    }
    splicing::end(&mut live, desk);
    desk.fresh = 0;
    desk.buffers.release(&mut live.to_backend);
    desk.buffers.release(&mut live.to_client);
    desk.heads.release(&mut live.sent);
    let stats = &desk.port.shared.stats;
    match reason {
        CloseReason::ClientReset | CloseReason::BackendReset => stats.resets.add(1),
        CloseReason::NotAnnounced => stats.refused_unannounced.add(1),
        CloseReason::TooManyOfSource => stats.refused_by_source.add(1),
        CloseReason::HeadTimeout
        | CloseReason::IdleTimeout
        | CloseReason::ClientStayed
        | CloseReason::DrainDeadline => stats.timeouts.add(1),
        CloseReason::BackendRemoved => stats.evicted.add(1),
        _ => {}
    }
    let (client, backend) = reason.farewells();
    if let Some(socket) = live.backend.take() {
        close_socket(&*desk.kernel, socket.stream, backend);
    }
    close_socket(&*desk.kernel, live.client.stream, client);
}

/// Gives the client's socket to the admin side, with what it has sent so far.
fn hand_over<K: Kernel>(mut live: Live<K>, desk: &mut Desk<K>) {
    desk.keep_fresh(&mut live);
    let received = live.to_backend.pending().to_vec();
    desk.buffers.release(&mut live.to_backend);
    // Where it is gone already there is nobody to serve.
    let Some((stream, peer)) = desk.kernel.release(live.client.stream) else { return };
    let client = live.announced.map_or(peer, |endpoints| endpoints.source);
    if let Err(request) = desk.port.hand_over(FrontRequest { stream, client, received }) {
        desk.port.shared.stats.answers[Status::Unavailable.index()].add(1);
        let stream = mio::net::TcpStream::from_std(request.stream);
        let _told_or_gone = copy::write(&stream, Status::Unavailable.response(), true);
    }
}

/// Takes the session out of the backend's counts, its places and its queue.
fn uncount<K: Kernel>(live: &mut Live<K>, desk: &mut Desk<K>) {
    queue::leave(live, desk);
    if live.counted
        && let Some(backend) = &live.routed_to
    {
        backend.counters.cell(desk.worker).ended.add(1);
        live.counted = false;
    }
}

fn close_socket<K: Kernel>(kernel: &K, stream: K::Stream, farewell: Farewell) {
    match farewell {
        Farewell::Close => drop(stream),
        Farewell::Reset => kernel.reset(stream),
    }
}
