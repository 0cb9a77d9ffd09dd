//! Bugs that proxies really had, re-enacted where no row of FAULTS.md has them already.

use super::*;
use crate::session::flow::Readiness;
use crate::worker::token::{self, Target};

/// mio #845: one edge announces any number of clients.
#[test]
fn clients_that_share_one_edge_are_all_let_in() {
    let mut stage = Stage::before_a_backend();
    for _ in 0..100 {
        stage.harness.kernel.net().client_connects(0).unwrap();
    }
    stage.settle();
    assert_eq!(stage.open_sessions(), 100, "more than one batch, and one event");
}

/// sozu #1373: while the backend still connects, a client that fills every buffer must not keep the worker awake.
#[test]
fn a_client_that_sends_on_while_the_backend_connects_costs_no_turns() {
    let mut stage = Stage::with(config(), Room { receive: 300_000, ..SMALL });
    stage.backends(&[Host::BlackHole]);
    let client = stage.client();
    stage.say(client, &[stage.request_for(0), counted(200_000)].concat());
    let turns_before = stage.harness.kernel.net().syscalls;
    assert!(!stage.harness.turn(1024), "the worker sleeps");
    assert_eq!(stage.harness.kernel.net().syscalls, turns_before);
    assert_eq!(stage.harness.wakes_ms(), Some(stage.harness.now_ms + 1_000), "until the connect has had its time");
}

/// sozu #1138, haproxy #2749: a hang-up must not overtake the bytes before it, in either direction.
#[test]
fn bytes_before_a_hangup_are_delivered_to_a_slow_reader() {
    for from_backend in [true, false] {
        let mut stage = Stage::with(config(), SMALL);
        stage.backends(&[Host::Near]);
        let (client, backend) = stage.joined();
        let (speaker, reader) = if from_backend { (backend, client) } else { (client, backend) };
        {
            let mut net = stage.harness.kernel.net();
            net.socket(speaker).peer_send(&counted(200_000));
            net.socket(speaker).peer_fin();
        }
        stage.settle();
        let mut got = Vec::new();
        let mut end = None;
        while end.is_none() {
            let before = got.len();
            end = stage.harness.kernel.net().socket(reader).peer_read(700, &mut got);
            assert!(got.len() > before || end.is_some(), "stalled after {before} bytes");
            stage.settle();
        }
        assert!(got == counted(200_000) && end == Some(End::Fin), "{} bytes, {end:?}", got.len());
    }
}

/// haproxy #1362: half-closed sessions whose other half stays must not pile up.
#[test]
fn a_client_that_stays_after_the_backend_has_ended_is_closed_after_a_minute() {
    let mut stage = Stage::before_a_backend();
    let (client, backend) = stage.joined();
    stage.say(backend, b"that was all");
    stage.fin(backend);
    assert_eq!(stage.hear(client), (b"that was all".to_vec(), Some(End::Fin)));
    stage.pass(59_999);
    assert_eq!(stage.open_sessions(), 1);
    stage.pass(1);
    assert_eq!(stage.open_sessions(), 0, "no socket stays in CLOSE_WAIT");
    assert_eq!(stage.hear(backend).1, Some(End::Reset), "which is no clean end of the client");
}

/// CVE-2021-43826, envoy #42006: the client is gone before the backend's handshake is over.
#[test]
fn a_client_that_resets_during_the_connect_takes_the_connect_with_it() {
    let mut stage = Stage::new();
    stage.backends(&[Host::Far]);
    let client = stage.harness.kernel.net().client_connects(0).unwrap();
    {
        let request = stage.request_for(0);
        let mut net = stage.harness.kernel.net();
        net.socket(client).peer_send(&request);
        net.deliver(client, true, usize::MAX);
    }
    stage.harness.settle();
    assert_eq!(stage.open_sessions(), 1);
    stage.harness.kernel.net().peer_reset(client);
    stage.harness.kernel.net().deliver(client, true, usize::MAX);
    stage.harness.settle();
    assert_eq!(stage.open_sessions(), 0);
    stage.settle();
    assert_eq!(stage.arrival(), None);
}

/// D13, haproxy 237e6a0d6: places and descriptor numbers are used again at once; an event for the former user is dropped.
#[test]
fn an_event_for_a_former_session_never_reaches_the_one_in_its_place() {
    let mut stage = Stage::before_a_backend();
    let (former, _) = stage.joined();
    let key = stage.harness.worker.sessions.keys()[0];
    stage.reset(former);
    let (client, backend) = stage.joined();
    assert_eq!(stage.harness.worker.sessions.keys()[0].index, key.index, "the place is used again");
    let broken = Readiness { readable: true, writable: true, hangup: true, error: true };
    let late = [token::End::Client, token::End::backend(1)].map(|end| (Target::Socket(key, end).token(), broken));
    stage.harness.turn_with(late.into_iter());
    assert_eq!(stage.harness.stats().stale_events.read(), 2);
    stage.say(backend, b"unharmed");
    assert_eq!(stage.hear(client), (b"unharmed".to_vec(), None));
}

/// flux #67: whoever stands last in the order of a batch must not starve.
#[test]
fn a_busy_listener_leaves_places_to_the_other() {
    let mut settings = config();
    settings.connections_max = 10;
    let mut stage = Stage::with(settings, SMALL);
    let busy: Vec<_> = (0..20).map(|_| stage.harness.kernel.net().client_connects(0).unwrap()).collect();
    let quiet = stage.harness.kernel.net().client_connects(1).unwrap();
    stage.settle();
    stage.fin(quiet);
    assert_eq!(stage.hear(quiet).1, Some(End::Fin), "it was among the first ten of twenty-one");
    assert_eq!(stage.hear(busy[19]).1, None);
}
