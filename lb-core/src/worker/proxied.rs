//! The PROXY protocol at both ends of a session: read before anything else of a client (`--accept-proxy`), and written
//! before anything else to a backend that wants it (`send-proxy=`).
//!
//! The header is ours, not the client's: it is taken off what the client sent, and isn't counted among the bytes that go
//! to a backend. It is made anew for every attempt, so the next backend is told too, in its own version. What a header
//! says is read in [`crate::session::proxy_header`].

use super::desk::Desk;
use super::live::Live;
use super::request;
use crate::access_log::Stage;
use crate::net::connect::ConnectFailure;
use crate::net::kernel::Kernel;
use crate::outcome::{Filled, Flushed};
use crate::session::Action;
use crate::session::close::CloseReason;
use crate::session::flow::Side;
use crate::session::proxy_header::{self, Endpoints, Header};

/// Reads once. Gives what comes next where that isn't for the session to say.
pub(crate) fn read_announcement<K: Kernel>(live: &mut Live<K>, desk: &mut Desk<K>) -> Option<Action> {
    match request::fill(live, desk) {
        Filled::Bytes { .. } => {}
        Filled::Blocked => return None,
        // Whoever only looks whether the port is open is not refused: there is nothing to refuse.
        Filled::End if live.to_backend.len() == 0 => return Some(Action::Close(CloseReason::Complete)),
        Filled::End => return Some(Action::Close(CloseReason::NotAnnounced)),
        Filled::Failed => return Some(Action::Close(CloseReason::ClientReset)),
    }
    match proxy_header::read(received(live, desk)) {
        proxy_header::Read::More if !live.session.relay.client_ended() => None,
        proxy_header::Read::More | proxy_header::Read::Refused => Some(Action::Close(CloseReason::NotAnnounced)),
        proxy_header::Read::Complete { len, endpoints } => {
            take_off(live, desk, len);
            if let Some(endpoints) = endpoints {
                live.client_ip = endpoints.source.ip().to_canonical();
                live.announced = Some(Box::new(endpoints));
            }
            live.session.announced();
            live.enter(Stage::Head, desk.now_us);
            if !enter_by_source(live, desk) {
                return Some(Action::Close(CloseReason::TooManyOfSource));
            }
            // What stands behind the header has been read: the kernel won't report it again.
            request::decide_received(live, desk)
        }
    }
}

fn received<'a, K: Kernel>(live: &'a Live<K>, desk: &'a Desk<K>) -> &'a [u8] {
    if desk.fresh > 0 { &desk.scratch[..desk.fresh] } else { live.to_backend.pending() }
}

fn take_off<K: Kernel>(live: &mut Live<K>, desk: &mut Desk<K>, len: usize) {
    if desk.fresh > 0 {
        desk.scratch.copy_within(len..desk.fresh, 0);
        desk.fresh -= len;
    } else {
        desk.buffers.taken(&mut live.to_backend, len);
    }
}

/// Counts the session for its client's address; false where that has its share already.
fn enter_by_source<K: Kernel>(live: &mut Live<K>, desk: &Desk<K>) -> bool {
    match &desk.sources {
        Some(sources) => {
            live.source_counted = sources.enter(live.client_ip);
            live.source_counted
        }
        None => true,
    }
}

/// The header that the session's next backend is to be told first, if any.
pub(crate) fn header_for_backend<K: Kernel>(live: &Live<K>, desk: &Desk<K>) -> Option<Header> {
    let version = live.routed_to.as_ref()?.send_proxy?;
    let endpoints = match &live.announced {
        Some(endpoints) => Some(**endpoints),
        // Two syscalls that nobody pays but whose backend asks for it.
        None => {
            (desk.kernel.endpoints(&live.client.stream)).map(|(source, destination)| Endpoints { source, destination })
        }
    };
    Some(Header::new(version, endpoints.as_ref()))
}

/// Writes for the first time: the header and what waits behind it, in one send. Gives how much of what waits was taken.
pub(crate) fn write_first<K: Kernel>(
    live: &Live<K>,
    desk: &mut Desk<K>,
    header: &Header,
) -> Result<Flushed, ConnectFailure> {
    let Some(stream) = live.stream(Side::Backend) else { return Ok(Flushed::Failed) };
    let header = header.as_bytes();
    let mut whole = desk.buffers.empty();
    whole.bytes_mut().extend_from_slice(header);
    whole.bytes_mut().extend_from_slice(received(live, desk));
    let outcome = desk.kernel.write_first(stream, whole.bytes_mut());
    desk.buffers.give_back(whole);
    match outcome? {
        Flushed::Bytes(count) => match count.checked_sub(header.len()) {
            Some(of_what_waits) => Ok(Flushed::Bytes(of_what_waits)),
            // The empty buffer of a new socket takes a hundred bytes or none. One that takes a part has told its backend
            // nothing that it can act on, and no byte of the client's: the attempt is given up.
            None => Err(ConnectFailure::Backend),
        },
        other => Ok(other),
    }
}
