//! The kernel facts of FAULTS.md that the design was decided by, one test each.

use super::*;

/// Listener, second listener, reserve, one session's two sockets.
const ROOM_FOR_ONE: usize = 5;

/// Fact 2, O1: EMFILE leaves an edge-triggered listener deaf; accepting is owed and made up for when a session ends.
#[test]
fn clients_that_came_while_no_descriptor_was_left_are_served_when_a_session_ends() {
    let mut stage = Stage::before_a_backend();
    let (first, backend) = stage.joined();
    stage.harness.kernel.net().descriptors_max = ROOM_FOR_ONE;
    let second = stage.client();
    stage.say(second, &stage.request_for(0));
    assert!(stage.harness.stats().accepts_deferred.read() > 0);
    assert_eq!(stage.open_sessions(), 1);
    stage.fin(first);
    stage.fin(backend);
    let backend = stage.arrived();
    assert_eq!(stage.hear(backend), (stage.request_for(0), None), "the second is served without a new event");
}

/// Fact 2: a descriptor that somebody else gives back raises no event either.
#[test]
fn a_descriptor_that_another_thread_frees_is_found_within_milliseconds() {
    let mut stage = Stage::before_a_backend();
    let _first = stage.joined();
    stage.harness.kernel.net().descriptors_max = ROOM_FOR_ONE;
    let second = stage.client();
    stage.say(second, &stage.request_for(0));
    stage.harness.kernel.net().descriptors_max = 100;
    stage.settle();
    assert_eq!(stage.arrival(), None, "nobody has told the worker");
    stage.pass(5);
    let backend = stage.arrived();
    assert_eq!(stage.hear(backend).0, stage.request_for(0));
}

/// Fact 2, O1, envoy #6403: whoever waits too long for a descriptor is told, by means of the reserve, and nothing is lost.
#[test]
fn a_client_that_no_descriptor_comes_free_for_is_refused_within_two_seconds() {
    let mut stage = Stage::before_a_backend();
    let (first, backend) = stage.joined();
    stage.harness.kernel.net().descriptors_max = ROOM_FOR_ONE;
    let second = stage.client();
    stage.pass(2_000);
    assert_eq!(stage.hear(second).1, Some(End::Reset));
    stage.say(backend, b"answer");
    assert_eq!(stage.hear(first), (b"answer".to_vec(), None), "the one that has a place keeps it");
    assert!(stage.harness.kernel.net().reserve().is_none(), "the reserve was taken back");
}

/// Fact 3, pingora #427: a listener that is closed takes its queue with it, so the queue is emptied first.
#[test]
fn clients_in_the_queue_when_a_drain_begins_are_served() {
    let mut stage = Stage::before_a_backend();
    let queued = [0, 1].map(|listener| stage.harness.kernel.net().client_connects(listener).unwrap());
    stage.harness.drain(std::time::Duration::from_secs(30));
    stage.pass(1_000);
    assert!(stage.harness.worker.admission.is_closed());
    for client in queued {
        stage.say(client, &stage.request_for(0));
        let backend = stage.arrived();
        stage.say(backend, b"served");
        stage.fin(backend);
        assert_eq!(stage.hear(client), (b"served".to_vec(), Some(End::Fin)));
        stage.fin(client);
    }
    assert!(stage.harness.worker.has_ended());
}

/// Fact 5: a write finds the reset; the read behind it shows a clean end, which is none.
#[test]
fn a_reset_that_a_write_has_used_up_is_still_a_reset_to_the_client() {
    let mut stage = Stage::before_a_backend();
    let (client, backend) = stage.joined();
    stage.say(backend, b"half of an ans");
    {
        let mut net = stage.harness.kernel.net();
        net.socket(client).peer_send(b"more");
        net.deliver(client, true, usize::MAX);
        net.peer_reset(backend);
        // Between the read of "more" and its write, so that no event tells of the error.
        net.behind_next_call = Some(backend);
    }
    stage.settle();
    assert_eq!(stage.hear(client), (b"half of an ans".to_vec(), Some(End::Reset)));
    assert_eq!(stage.open_sessions(), 0);
}

/// Fact 6, D8: closing with unread input would destroy the answer.
#[test]
fn an_answer_reaches_a_client_that_is_still_sending() {
    let mut stage = Stage::with(config(), SMALL);
    let client = stage.client();
    let line = [b"GET /r?id=1", &[b'x'; 9_000][..]].concat();
    stage.say(client, &line);
    stage.say(client, &counted(100_000));
    stage.heard_answer(client, Status::HeadTooLarge);
    stage.fin(client);
    assert_eq!(stage.open_sessions(), 0);
}
