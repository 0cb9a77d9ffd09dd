//! The B-rows of FAULTS.md: backends that refuse, hang, vanish or were never there.

use super::*;

/// Whoever asks the first backend, which is of this nature, is served by the second; after how many milliseconds.
fn served_by_the_next(host: Host, after_ms: u64) {
    let mut stage = Stage::new();
    stage.backends(&[host, Host::Near]);
    let client = stage.client();
    stage.say(client, &stage.request_for(0));
    if after_ms > 0 {
        stage.pass(after_ms - 1);
        assert_eq!(stage.arrival(), None, "{host:?} is given its time");
        stage.pass(1);
    }
    let backend = stage.arrived();
    assert_eq!(stage.hear(backend).0, stage.request_for(0), "past {host:?}");
    stage.say(backend, b"answer");
    stage.fin(backend);
    assert_eq!(stage.hear(client), (b"answer".to_vec(), Some(End::Fin)));
    assert_eq!(stage.harness.stats().retries.read(), 1);
    assert_eq!(stage.harness.control.reports().count(), 1, "health is told of {host:?}");
}

/// Nobody but a backend of this nature is there.
fn answered_with(host: Host, after_ms: u64, status: Status) {
    let mut stage = Stage::new();
    stage.backends(&[host]);
    let client = stage.client();
    stage.say(client, &stage.request_for(0));
    stage.pass(after_ms);
    stage.heard_answer(client, status);
    stage.fin(client);
    assert_eq!(stage.open_sessions(), 0);
}

/// B2.
#[test]
fn a_refusal_leads_to_the_next_backend_at_once_whenever_it_is_learned() {
    served_by_the_next(Host::RefusesAtOnce, 0);
    served_by_the_next(Host::RefusesLater, 0);
    answered_with(Host::RefusesAtOnce, 0, Status::BadGateway);
    answered_with(Host::RefusesLater, 0, Status::BadGateway);
}

/// B3.
#[test]
fn a_black_hole_is_left_at_the_deadline_of_the_connect() {
    served_by_the_next(Host::BlackHole, 1_000);
    answered_with(Host::BlackHole, 1_000, Status::GatewayTimeout);
}

/// B4, fact 4: a connect that met its own port counts as refused; the client never sees its own request.
#[test]
fn a_connect_that_met_itself_leads_to_the_next_backend() {
    served_by_the_next(Host::Itself, 0);
    answered_with(Host::Itself, 0, Status::BadGateway);
}

/// B5.
#[test]
fn a_backend_that_accepts_and_closes_is_answered_for() {
    for resets in [false, true] {
        let mut stage = Stage::before_a_backend();
        let client = stage.client();
        stage.say(client, &stage.request_for(0));
        let backend = stage.arrived();
        match resets {
            true => stage.reset(backend),
            false => {
                // The request lies unread in its buffer, so this is a reset too unless it is read first.
                stage.hear(backend);
                stage.harness.kernel.net().peer_close(backend);
                stage.settle();
            }
        }
        stage.heard_answer(client, Status::BadGateway);
        assert_eq!(stage.harness.control.reports().count(), 1);
    }
}

/// B6: SIGSTOP, or a hang: the deadline of the first byte, counted from the request's last.
#[test]
fn a_backend_that_hangs_after_the_request_is_answered_for_at_the_deadline() {
    let mut stage = Stage::before_a_backend();
    let (client, backend) = stage.joined();
    stage.pass(29_999);
    assert_eq!(stage.hear(client), (vec![], None));
    stage.pass(1);
    stage.heard_answer(client, Status::GatewayTimeout);
    assert_eq!(stage.hear(backend).1, Some(End::Reset));
}

/// B7: what has begun is passed on as it is, and never begun anew elsewhere.
#[test]
fn a_partial_response_is_passed_on_with_its_own_end_and_never_repeated() {
    for resets in [false, true] {
        let mut stage = Stage::new();
        stage.backends(&[Host::Near, Host::Near]);
        let (client, backend) = stage.joined();
        stage.say(backend, b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
        if resets {
            stage.reset(backend)
        } else {
            stage.fin(backend)
        }
        let (got, _) = stage.hear(client);
        assert!(got.ends_with(b"\r\n\r\nhalf"), "{got:?}");
        stage.pass(10);
        assert_eq!(stage.hear(client).1, Some(if resets { End::Reset } else { End::Fin }));
        assert_eq!(stage.arrival(), None, "nobody else is asked");
    }
}

/// B11, haproxy 6be02d1c6: selection ends, whatever the table says meanwhile.
#[test]
fn selection_ends_when_everybody_refuses_and_when_nobody_is_there() {
    let mut stage = Stage::new();
    stage.backends(&[Host::RefusesAtOnce; 9]);
    let client = stage.client();
    stage.say(client, &stage.request_for(0));
    stage.heard_answer(client, Status::BadGateway);
    assert_eq!(stage.harness.control.reports().count(), 4, "the first and three retries");
    stage.harness.publish([]);
    let client = stage.client();
    stage.say(client, b"GET /r?id=1 HTTP/1.1\r\n\r\n");
    stage.heard_answer(client, Status::Unavailable);
}

/// Nine of ten are dead and no table says so yet. Once each has failed, no request meets them in all of its attempts.
#[test]
fn retries_are_not_wasted_on_those_that_have_just_failed_too() {
    let mut stage = Stage::new();
    let mut hosts = [Host::RefusesAtOnce; 10];
    hosts[9] = Host::Near;
    stage.backends(&hosts);
    for dead in 0..9 {
        let client = stage.client();
        let request = stage.request_for(dead);
        stage.say(client, &request);
    }
    while stage.arrival().is_some() {}
    for round in 0..2 {
        for dead in 0..9 {
            let client = stage.client();
            let request = stage.request_for(dead);
            stage.say(client, &request);
            let lives = stage.arrived();
            assert_eq!(stage.hear(lives).0, request, "round {round}: answered by the one that lives");
        }
    }
    let stats = stage.harness.worker.desk.port.shared.stats.answers.iter();
    let before = stats.map(crate::backend::Counter::read).sum::<u64>();
    assert!(before > 0, "with {} retries the first requests met the dead only", config().retries);
}

/// A backend that fails now and then keeps its keys: they are asked of it first, whatever was seen a moment ago.
#[test]
fn the_first_attempt_is_at_the_keys_own_backend_also_after_it_has_failed() {
    let mut stage = Stage::new();
    stage.backends(&[Host::RefusesAtOnce, Host::Near]);
    for refused in 1..=3 {
        let client = stage.client();
        let request = stage.request_for(0);
        stage.say(client, &request);
        assert_eq!(stage.harness.control.reports().count(), 1, "it was asked the {refused}. time");
    }
}

/// A connect to a backend that is evicted isn't waited for.
#[test]
fn who_is_connecting_to_an_evicted_backend_is_given_another_at_once() {
    let mut stage = Stage::new();
    stage.backends(&[Host::BlackHole, Host::Near]);
    let client = stage.client();
    let request = stage.request_for(0);
    stage.say(client, &request);
    assert_eq!(stage.arrival(), None);
    let (gone, left) = (stage.harness.backends[0].clone(), stage.harness.backends[1].clone());
    stage.harness.publish([left]);
    stage.harness.evict(gone.id);
    stage.settle();
    let backend = stage.arrived();
    assert_eq!(stage.hear(backend).0, request);
}

/// haproxy 1b8c5abee: a backend that is removed keeps the sessions that it has.
#[test]
fn a_backend_that_leaves_the_table_serves_its_sessions_to_their_end() {
    let mut stage = Stage::before_a_backend();
    let (client, backend) = stage.joined();
    stage.harness.publish([]);
    stage.settle();
    stage.say(backend, b"still here");
    stage.fin(backend);
    assert_eq!(stage.hear(client), (b"still here".to_vec(), Some(End::Fin)));
    stage.fin(client);
    assert_eq!(stage.harness.backends[0].counters.open_sessions(), 0);
}
