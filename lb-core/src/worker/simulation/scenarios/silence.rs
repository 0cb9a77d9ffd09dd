//! Sessions that say nothing for minutes, and peers that may be gone: when the kernel is to ask whom.

use std::collections::BTreeSet;

use super::*;
use crate::net::keepalive::Timing;

/// What the socket was told.
fn asks(stage: &Stage, socket: SocketId) -> Option<Timing> {
    stage.harness.kernel.net().socket(socket).keepalive
}

/// A client and its backend that has answered once, so that only the idle timeout is left.
fn answered(stage: &mut Stage) -> [SocketId; 2] {
    let (client, backend) = stage.joined();
    stage.say(backend, b"answer");
    assert_eq!(stage.hear(client).0, b"answer");
    [client, backend]
}

/// Thousands that were opened within seconds lost their probes in step, and were reset: the kernel drops what goes beyond
/// its backlog.
#[test]
fn sessions_that_fall_silent_together_ask_each_at_a_time_of_its_own() {
    let mut stage = Stage::before_a_backend();
    let sockets: Vec<_> = (0..100).flat_map(|_| answered(&mut stage)).collect();
    stage.pass(60_000);
    let timings: Vec<_> = sockets.iter().filter_map(|&socket| asks(&stage, socket)).collect();
    assert_eq!(timings.len(), sockets.len(), "both sockets of each ask");
    let times: BTreeSet<_> = timings.iter().map(|timing| timing.idle).collect();
    assert!(times.len() >= 59, "200 sockets and 60 seconds: {times:?}");
    let in_step = times.iter().map(|time| timings.iter().filter(|timing| timing.idle == *time).count());
    assert!(in_step.max() <= Some(5), "{timings:?}");
}

#[test]
fn sessions_of_a_moment_are_not_made_to_ask() {
    let mut stage = Stage::before_a_backend();
    let brief = answered(&mut stage);
    stage.pass(4_000);
    assert_eq!(brief.map(|socket| asks(&stage, socket)), [None, None]);
}

/// Without a deadline for the head nothing else would ever end the session of a client that is gone.
#[test]
fn a_client_that_has_said_nothing_is_asked_although_there_is_no_backend_yet() {
    let mut stage = Stage::with(WorkerConfig { head_timeout: std::time::Duration::ZERO, ..config() }, SMALL);
    stage.backends(&[Host::Near]);
    let client = stage.client();
    stage.pass(60_000);
    assert!(asks(&stage, client).is_some());
    let request = stage.request_for(0);
    stage.say(client, &request);
    let backend = stage.arrived();
    stage.say(backend, b"answer");
    stage.pass(60_000);
    assert!(asks(&stage, backend).is_some());
}

/// The socket of another attempt is another socket.
#[test]
fn the_backend_that_a_request_was_sent_to_again_is_asked_too() {
    let mut stage = Stage::new();
    stage.backends(&[Host::Near, Host::Near]);
    let client = stage.client();
    let request = stage.request_for(0);
    // In two pieces, so that the deadline of the head comes up and finds the first backend silent.
    stage.say(client, &request[..10]);
    stage.say(client, &request[10..]);
    let first = stage.arrived();
    stage.pass(6_000);
    assert!(asks(&stage, first).is_some());
    stage.reset(first);
    let second = stage.arrived();
    stage.say(second, b"answer");
    assert_eq!(asks(&stage, second), None);
    stage.pass(60_000);
    assert!(asks(&stage, second).is_some());
}
