//! The O-rows of FAULTS.md that a worker decides: descriptors, silent and slow clients, ephemeral ports, the limit.

use super::*;

/// O1: 200 clients against 20 descriptors, most of them at work: each is served or refused, and soon.
#[test]
fn many_clients_and_few_descriptors_end_in_service_or_refusal_for_each() {
    let mut stage = Stage::before_a_backend();
    stage.harness.kernel.net().descriptors_max = 20;
    let (mut served, mut told) = (0, 0);
    for _ in 0..2 {
        let clients: Vec<_> = (0..100).filter_map(|_| stage.harness.kernel.net().client_connects(0)).collect();
        for &client in &clients {
            let request = stage.request_for(0);
            stage.harness.kernel.net().socket(client).peer_send(&request);
            stage.harness.kernel.net().socket(client).peer_fin();
        }
        stage.settle();
        for _ in 0..200 {
            while let Some(backend) = stage.arrival() {
                stage.say(backend, b"served");
                stage.fin(backend);
            }
            stage.pass(10);
        }
        for client in clients {
            match stage.hear(client) {
                (got, Some(End::Fin)) if got == b"served" => served += 1,
                (got, Some(End::Fin)) if got == Status::Unavailable.response() => told += 1,
                other => panic!("neither served nor refused: {other:?}"),
            }
        }
    }
    assert_eq!((served + told, stage.open_sessions()), (200, 0));
    assert!(served > 0 && stage.harness.stats().accepts_deferred.read() > 0);
}

/// O1: where only the backend's socket finds no descriptor the client is told, and at once.
#[test]
fn a_client_for_whose_backend_no_descriptor_is_left_is_told() {
    let mut stage = Stage::before_a_backend();
    let client = stage.client();
    stage.harness.kernel.net().descriptors_max = 4;
    stage.say(client, &stage.request_for(0));
    stage.heard_answer(client, Status::Unavailable);
}

/// O4: a client that says nothing is closed in silence.
#[test]
fn a_silent_client_is_closed_without_a_word_at_the_deadline_of_the_head() {
    let mut stage = Stage::before_a_backend();
    let client = stage.client();
    stage.pass(4_999);
    assert_eq!(stage.open_sessions(), 1);
    stage.pass(1);
    assert_eq!((stage.hear(client), stage.open_sessions()), ((vec![], Some(End::Fin)), 0));
}

/// O5: a byte now and then doesn't move the deadline.
#[test]
fn a_slow_loris_is_answered_at_the_total_deadline_however_busy_it_is() {
    let mut stage = Stage::before_a_backend();
    let client = stage.client();
    for byte in b"GET /r?id=1 HTTP/1.1\r\nX: 1".iter().take(10) {
        stage.say(client, &[*byte]);
        stage.pass(499);
        assert_eq!(stage.hear(client), (vec![], None));
    }
    stage.pass(10);
    stage.heard_answer(client, Status::HeadTimeout);
    stage.pass(2_000);
    assert_eq!(stage.open_sessions(), 0, "nor is it waited for afterwards");
}

/// O8: no ephemeral port is left towards one backend.
#[test]
fn a_backend_without_a_port_left_is_passed_over_at_once() {
    let mut stage = Stage::new();
    stage.backends(&[Host::NoPortLeft, Host::Near]);
    let client = stage.client();
    stage.say(client, &stage.request_for(0));
    let backend = stage.arrived();
    assert_eq!(stage.hear(backend).0, stage.request_for(0));
    assert_eq!(stage.harness.stats().retries.read(), 1);
}

/// O3: whoever finds the backlog full comes again, and is late, not lost.
#[test]
fn clients_that_find_the_backlog_full_are_served_when_they_come_again() {
    let mut stage = Stage::before_a_backend();
    let (mut arrived, mut turned_away) = (0, 0);
    while arrived < 400 {
        let client = stage.harness.kernel.net().client_connects(0);
        if client.is_some() {
            arrived += 1;
        } else {
            turned_away += 1;
            stage.settle();
        }
    }
    stage.settle();
    assert_eq!((stage.open_sessions(), turned_away), (400, 3));
}

/// As many as may be open are; the next one waits for a place, not for an event.
#[test]
fn a_client_over_the_limit_is_let_in_when_another_leaves() {
    let mut settings = config();
    settings.connections_max = 1;
    let mut stage = Stage::with(settings, SMALL);
    stage.backends(&[Host::Near]);
    let first = stage.client();
    let second = stage.client();
    stage.say(second, &stage.request_for(0));
    assert_eq!((stage.open_sessions(), stage.arrival()), (1, None));
    stage.reset(first);
    let backend = stage.arrived();
    assert_eq!(stage.hear(backend).0, stage.request_for(0));
}

/// epoll has no room for another socket (O9): the session ends rather than hang, and the worker goes on.
#[test]
fn a_session_that_epoll_has_no_room_for_is_ended_and_the_next_is_served() {
    let mut stage = Stage::before_a_backend();
    stage.harness.kernel.net().watches_refused = 1;
    let first = stage.client();
    assert_eq!((stage.hear(first).1, stage.open_sessions()), (Some(End::Reset), 0));
    let _second = stage.joined();
}
