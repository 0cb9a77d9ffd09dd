//! How a session's sockets are let go: the front's own answers, lingering, and closing.

use mio::net::TcpStream;

use super::desk::Desk;
use super::live::Live;
use crate::control::{FrontRequest, Report};
use crate::net::{copy, shutdown};
use crate::outcome::Flushed;
use crate::session::Action;
use crate::session::answer::Status;
use crate::session::close::{CloseReason, Farewell};

/// Answers the client in the backend's stead, and lets it finish sending before the socket is closed: closing with
/// unread input would destroy the answer (FAULTS fact 6).
pub(crate) fn answer(live: &mut Live, desk: &mut Desk, status: Status) -> Option<Action> {
    if live.counted
        && status == Status::BadGateway
        && let Some(backend) = &live.routed_to
    {
        desk.port.report(Report::DiedBeforeFirstByte(backend.id));
    }
    desk.port.shared.stats.answers[status.index()].add(1);
    // Nothing was sent to this client yet, so its empty send buffer takes the whole of these few hundred bytes.
    let response = status.response();
    if copy::write(&live.client.stream, response, true) != Flushed::Bytes(response.len()) {
        return Some(Action::Close(CloseReason::ClientReset));
    }
    linger(live, desk, CloseReason::Answered(status))
}

/// Says FIN to the client and lets the backend go; what the client still sends is read and thrown away.
pub(crate) fn linger(live: &mut Live, desk: &mut Desk, reason: CloseReason) -> Option<Action> {
    let (_, farewell) = reason.farewells();
    if let Some(backend) = live.backend.take() {
        close_socket(backend.stream, farewell);
    }
    uncount(live, desk);
    shutdown::shut_write(&live.client.stream);
    desk.fresh = 0;
    desk.buffers.release(&mut live.to_backend);
    if live.session.relay.client_ended() {
        return Some(Action::Close(reason));
    }
    live.session.linger(reason, desk.now_ms);
    None
}

/// Closes both sockets as the reason says, and gives everything back.
pub(crate) fn close(mut live: Live, desk: &mut Desk, reason: CloseReason) {
    uncount(&mut live, desk);
    if reason == CloseReason::HandedOver {
        hand_over(live, desk);
        return;
    }
    desk.fresh = 0;
    desk.buffers.release(&mut live.to_backend);
    desk.buffers.release(&mut live.to_client);
    let stats = &desk.port.shared.stats;
    match reason {
        CloseReason::ClientReset | CloseReason::BackendReset => stats.resets.add(1),
        CloseReason::HeadTimeout
        | CloseReason::IdleTimeout
        | CloseReason::ClientStayed
        | CloseReason::DrainDeadline => stats.timeouts.add(1),
        _ => {}
    }
    let (client, backend) = reason.farewells();
    if let Some(socket) = live.backend.take() {
        close_socket(socket.stream, backend);
    }
    close_socket(live.client.stream, client);
}

/// Gives the client's socket to the admin side, with what it has sent so far.
fn hand_over(mut live: Live, desk: &mut Desk) {
    desk.keep_fresh(&mut live);
    let client = match live.client.stream.peer_addr() {
        Ok(client) => client,
        // Gone already: there is nobody to serve.
        Err(_) => return,
    };
    // The descriptor lives on, so unlike one that is closed it must be taken out of epoll. One that was never
    // registered says ENOENT, which is what is wanted.
    let _not_registered = desk.registry.deregister(&mut live.client.stream);
    let stream = std::net::TcpStream::from(std::os::fd::OwnedFd::from(live.client.stream));
    let received = live.to_backend.pending().to_vec();
    desk.buffers.release(&mut live.to_backend);
    if let Err(request) = desk.port.hand_over(FrontRequest { stream, client, received }) {
        desk.port.shared.stats.answers[Status::Unavailable.index()].add(1);
        let stream = TcpStream::from_std(request.stream);
        let _told_or_gone = copy::write(&stream, Status::Unavailable.response(), true);
    }
}

fn uncount(live: &mut Live, desk: &Desk) {
    if live.counted
        && let Some(backend) = &live.routed_to
    {
        backend.counters.cell(desk.worker).ended.add(1);
        live.counted = false;
    }
}

fn close_socket(stream: TcpStream, farewell: Farewell) {
    match farewell {
        Farewell::Close => drop(stream),
        Farewell::Reset => shutdown::reset(stream),
    }
}
