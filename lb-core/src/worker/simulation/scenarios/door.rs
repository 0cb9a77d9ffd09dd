//! Who a client is before it is a session: PROXY headers in and out, limits by source, and clients of the admin side.

use super::*;
use crate::backend::ProxyVersion;
use crate::worker::simulation::kernel::FRONT;

const ADMIN_REQUEST: &[u8] = b"GET /rep HTTP/1.1\r\nHost: a\r\n\r\n";
const HEADER: &[u8] = b"PROXY TCP4 192.0.2.7 198.51.100.1 5000 80\r\n";

fn behind_a_proxy() -> Stage {
    let mut stage = Stage::with(WorkerConfig { accept_proxy: true, ..config() }, SMALL);
    stage.backends(&[Host::Near]);
    stage
}

/// In one piece or byte by byte, with the request behind it or later.
#[test]
fn a_header_is_taken_off_however_it_is_cut() {
    for piece in [1, 7, 1_000] {
        let mut stage = behind_a_proxy();
        let client = stage.client();
        let request = stage.request_for(0);
        for part in [HEADER, &request].concat().chunks(piece) {
            stage.say(client, part);
        }
        let backend = stage.arrived();
        assert_eq!(stage.hear(backend).0, request, "in pieces of {piece}");
    }
}

#[test]
fn who_is_not_announced_is_reset_and_who_never_speaks_is_closed_in_time() {
    let mut stage = behind_a_proxy();
    for garbage in [&b"GET / HTTP/1.1\r\n\r\n"[..], b"PROXY TCP4 1.2.3.4\r\n"] {
        let client = stage.client();
        stage.say(client, garbage);
        assert_eq!((stage.hear(client), stage.open_sessions()), ((vec![], Some(End::Reset)), 0));
    }
    let cut_short = stage.client();
    stage.say(cut_short, &HEADER[..20]);
    stage.fin(cut_short);
    assert_eq!(stage.hear(cut_short).1, Some(End::Reset));
    assert_eq!(stage.harness.stats().refused_unannounced.read(), 3);
    let slow = stage.client();
    stage.say(slow, &HEADER[..20]);
    stage.pass(5_000);
    assert_eq!((stage.hear(slow), stage.open_sessions()), ((vec![], Some(End::Fin)), 0));
}

/// The header is made anew for every attempt: the second backend is told too.
#[test]
fn every_backend_that_is_tried_is_told_who_the_client_is() {
    for (version, begin) in
        [(ProxyVersion::V1, &b"PROXY TCP4 10.0.0.1 "[..]), (ProxyVersion::V2, b"\r\n\r\n\0\r\nQUIT")]
    {
        let mut stage = Stage::new();
        let terms = Terms { send_proxy: Some(version), ..Terms::default() };
        stage.backends_on(terms, &[Host::Near, Host::Far]);
        let client = stage.client();
        let request = stage.request_for(0);
        stage.say(client, &request);
        let first = stage.arrived();
        let (to_first, _) = stage.hear(first);
        assert!(to_first.starts_with(begin) && to_first.ends_with(&request), "{to_first:?}");
        stage.reset(first);
        let second = stage.arrived();
        assert_eq!(stage.hear(second).0, to_first);
        assert_eq!(stage.harness.stats().bytes_to_backend.read(), 2 * request.len() as u64, "the header isn't counted");
    }
}

/// A backend that speaks first is told before it has been sent anything else.
#[test]
fn a_backend_is_told_although_the_client_says_nothing() {
    let mut settings = config();
    settings.mode = crate::config::Mode::Tcp;
    let mut stage = Stage::with(settings, SMALL);
    stage.backends_on(Terms { send_proxy: Some(ProxyVersion::V1), ..Terms::default() }, &[Host::Far]);
    let _client = stage.client();
    let backend = stage.arrived();
    let (got, _) = stage.hear(backend);
    assert!(got.starts_with(b"PROXY TCP4 10.0.0.1 127.0.0.1 40000 80\r\n"), "{FRONT}: {got:?}");
}

/// O4: one source has its share; whoever comes when one of its connections has ended is let in.
#[test]
fn a_source_has_as_many_connections_as_it_may() {
    let mut stage = Stage::with(WorkerConfig { connections_per_source: 2, ..config() }, SMALL);
    stage.harness.kernel.net().sources = 1;
    stage.backends(&[Host::Near]);
    let (first, _) = stage.joined();
    let _second = stage.joined();
    let third = stage.client();
    assert_eq!((stage.hear(third), stage.open_sessions()), ((vec![], Some(End::Reset)), 2));
    stage.reset(first);
    let _fourth = stage.joined();
    assert_eq!(stage.harness.stats().refused_by_source.read(), 1);
}

/// Behind a proxy the one that it names is counted, not the proxy.
#[test]
fn a_source_is_who_the_header_names() {
    let mut stage = Stage::with(WorkerConfig { connections_per_source: 1, accept_proxy: true, ..config() }, SMALL);
    stage.harness.kernel.net().sources = 1;
    let first = stage.client();
    stage.say(first, HEADER);
    let same = stage.client();
    stage.say(same, HEADER);
    assert_eq!(stage.hear(same).1, Some(End::Reset));
    let other = stage.client();
    stage.say(other, b"PROXY TCP4 192.0.2.8 198.51.100.1 5000 80\r\n");
    assert_eq!((stage.hear(other).1, stage.open_sessions()), (None, 2));
    stage.reset(first);
    let again = stage.client();
    stage.say(again, HEADER);
    assert_eq!(stage.hear(again).1, None);
}

/// A client of the admin side is handed over with all it has said, under the address that it was announced with.
#[test]
fn a_client_of_the_admin_side_is_handed_over_with_what_it_has_said() {
    handed_over(&[ADMIN_REQUEST]);
    handed_over(&[&ADMIN_REQUEST[..6], &ADMIN_REQUEST[6..]]);
}

fn handed_over(pieces: &[&[u8]]) {
    let settings = WorkerConfig { serve_admin_paths: true, accept_proxy: true, connections_per_source: 1, ..config() };
    let mut stage = Stage::with(settings, SMALL);
    stage.harness.kernel.net().hands_over = true;
    let client = stage.client();
    stage.say(client, HEADER);
    for piece in pieces {
        stage.say(client, piece);
    }
    let handed: Vec<_> = stage.harness.control.front_requests().collect();
    assert_eq!(handed.len(), 1);
    assert_eq!(handed[0].received, ADMIN_REQUEST);
    assert_eq!(handed[0].client, "192.0.2.7:5000".parse().unwrap());
    assert_eq!(stage.open_sessions(), 0);
    let again = stage.client();
    stage.say(again, HEADER);
    assert_eq!(stage.hear(again).1, None, "it doesn't count for its source any more");
}

/// The client is gone when it is to be handed over: nobody is served, and nothing is left.
#[test]
fn a_client_that_is_gone_before_the_hand_over_leaves_nothing() {
    let mut stage = Stage::with(WorkerConfig { serve_admin_paths: true, ..config() }, SMALL);
    let client = stage.client();
    stage.say(client, b"GET /rep HTTP/1.1\r\n\r\n");
    assert_eq!((stage.harness.control.front_requests().count(), stage.open_sessions()), (0, 0));
}
