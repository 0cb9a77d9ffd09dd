//! The B-rows where a request has been sent and its backend is lost before it has said a byte: who gets the request once
//! more, and who must not.

use super::*;
use crate::config::Splice;
use crate::session::retry_budget::{FLOOR_PER_SECOND, WINDOW_SECONDS};

/// How a backend is lost.
#[derive(Clone, Copy, Debug)]
enum Loss {
    Resets,
    Closes,
}

/// The client's request is with a backend, which is then lost.
fn lose(stage: &mut Stage, backend: SocketId, loss: Loss) {
    // What lies unread in its buffer would make a reset of the close.
    stage.hear(backend);
    match loss {
        Loss::Resets => stage.reset(backend),
        Loss::Closes => {
            stage.harness.kernel.net().peer_close(backend);
            stage.settle();
        }
    }
}

/// A client that has sent this, and the backend that has it.
fn sent(stage: &mut Stage, bytes: &[u8]) -> (SocketId, SocketId) {
    let client = stage.client();
    stage.say(client, bytes);
    let backend = stage.arrived();
    (client, backend)
}

fn two_backends() -> Stage {
    let mut stage = Stage::new();
    stage.backends(&[Host::Near, Host::Near]);
    stage
}

/// B5, B1: the next backend has the same request and nobody else's, and the client gets one whole answer.
#[test]
fn a_request_whose_backend_is_lost_goes_to_the_next() {
    for loss in [Loss::Resets, Loss::Closes] {
        let mut stage = two_backends();
        let request = stage.request_for(0);
        let (client, first) = sent(&mut stage, &request);
        lose(&mut stage, first, loss);
        let second = stage.arrived();
        assert_eq!(stage.hear(second), (request, None), "{loss:?}");
        stage.say(second, b"whole");
        stage.fin(second);
        assert_eq!(stage.hear(client), (b"whole".to_vec(), Some(End::Fin)));
        assert_eq!(stage.harness.control.reports().count(), 1, "health is told of the first");
        stage.fin(client);
        assert_eq!(stage.harness.backends[0].counters.open_sessions(), 0);
    }
}

/// B1: one of two dies with fifty requests in flight on it: none fails.
#[test]
fn fifty_requests_in_flight_on_a_backend_that_dies_are_all_answered() {
    let mut stage = two_backends();
    let request = stage.request_for(0);
    let (clients, dying): (Vec<_>, Vec<_>) = (0..50).map(|_| sent(&mut stage, &request)).unzip();
    dying.into_iter().for_each(|backend| stage.harness.kernel.net().peer_reset(backend));
    stage.settle();
    while let Some(second) = stage.arrival() {
        assert_eq!(stage.hear(second).0, request);
        stage.say(second, b"whole");
        stage.fin(second);
    }
    for client in clients {
        assert_eq!(stage.hear(client), (b"whole".to_vec(), Some(End::Fin)));
    }
}

/// The client's end is the next backend's too, whenever it came.
#[test]
fn a_client_that_has_ended_is_replayed_with_its_end() {
    ended_and_replayed(false);
    ended_and_replayed(true);
}

/// `at_once`: the end is seen together with the last bytes, and not read by itself.
fn ended_and_replayed(at_once: bool) {
    let mut stage = two_backends();
    let request = stage.request_for(0);
    let (line, end) = request.split_at(request.len() - 2);
    let (client, first) = sent(&mut stage, line);
    if at_once {
        let mut net = stage.harness.kernel.net();
        net.socket(client).peer_send(end);
        net.socket(client).peer_fin();
        (0..2).for_each(|_| net.deliver(client, true, usize::MAX));
    } else {
        stage.say(client, end);
        stage.fin(client);
    }
    assert_eq!(stage.hear(first), (request.clone(), Some(End::Fin)));
    stage.reset(first);
    let second = stage.arrived();
    assert_eq!(stage.hear(second), (request, Some(End::Fin)));
    stage.say(second, b"whole");
    stage.fin(second);
    assert_eq!(stage.hear(client), (b"whole".to_vec(), Some(End::Fin)));
    assert_eq!(stage.open_sessions(), 0);
}

/// A head that comes in pieces is held as a whole.
#[test]
fn a_head_in_two_pieces_is_replayed_whole() {
    in_two_pieces(Splice::Never);
    // A pipe would hide the second piece from the copy.
    in_two_pieces(Splice::Always);
}

fn in_two_pieces(splice: Splice) {
    let mut stage = Stage::with(WorkerConfig { splice, ..config() }, SMALL);
    stage.backends(&[Host::Near, Host::Near]);
    let request = stage.request_for(0);
    let (line, rest) = request.split_at(request.len() - 2);
    let (client, first) = sent(&mut stage, line);
    stage.say(client, b"Host: a\r\n");
    stage.say(client, rest);
    let whole = [line, b"Host: a\r\n", rest].concat();
    assert_eq!(stage.hear(first).0, whole);
    stage.reset(first);
    let second = stage.arrived();
    assert_eq!(stage.hear(second).0, whole);
}

/// Of a head that didn't fit the first backend's socket the next gets all, and nothing of it twice.
#[test]
fn a_head_that_the_first_took_half_of_is_replayed_whole() {
    let room = Room { receive: PLENTY, ..SMALL };
    let mut stage = Stage::with(config(), room);
    stage.backends(&[Host::Near, Host::Near]);
    let request = stage.request_for(0);
    let (line, end) = request.split_at(request.len() - 2);
    let long = [line, format!("X: {}\r\n", "x".repeat(14_000)).as_bytes(), end].concat();
    let client = stage.client();
    {
        let mut net = stage.harness.kernel.net();
        net.socket(client).peer_send(&long);
        net.deliver(client, true, usize::MAX);
    }
    stage.harness.settle();
    let first = stage.arrived();
    stage.reset(first);
    let second = stage.arrived();
    let mut got = Vec::new();
    while got.len() < long.len() {
        let (more, _) = stage.hear(second);
        assert!(!more.is_empty(), "{} of {} bytes came", got.len(), long.len());
        got.extend(more);
    }
    assert!(got == long);
}

/// Not safe, or not one head alone: it may have been acted on.
#[test]
fn what_may_have_been_acted_on_is_never_sent_twice() {
    let get = two_backends().request_for(0);
    let (line, end) = get.split_at(get.len() - 2);
    let shapes = [
        (get.clone(), true),
        ([b"POST", &get[3..]].concat(), false),
        (get.repeat(2), false),
        (line.to_vec(), false),
        ([line, b"Content-Length: 3\r\n", end].concat(), false),
    ];
    for (bytes, replayed) in shapes {
        let mut stage = two_backends();
        let (client, first) = sent(&mut stage, &bytes);
        lose(&mut stage, first, Loss::Resets);
        assert_eq!(stage.arrival().is_some(), replayed, "{}", String::from_utf8_lossy(&bytes));
        if !replayed {
            stage.heard_answer(client, Status::BadGateway);
        }
    }
}

/// B7: from the first byte of a response on nothing is sent twice, even if the client hasn't got it yet.
#[test]
fn a_byte_of_a_response_ends_all_replay() {
    for loss in [Loss::Resets, Loss::Closes] {
        let mut stage = two_backends();
        let request = stage.request_for(0);
        let (client, first) = sent(&mut stage, &request);
        stage.hear(first);
        stage.say(first, b"H");
        lose(&mut stage, first, loss);
        stage.pass(10);
        assert_eq!(stage.hear(client).0, b"H");
        assert_eq!(stage.arrival(), None, "{loss:?}");
    }
}

/// B6: a backend that is only silent keeps its request while it is in the table, and loses it when it isn't.
#[test]
fn a_backend_that_hangs_loses_its_request_only_where_health_has_taken_it_down() {
    let mut stage = two_backends();
    let request = stage.request_for(0);
    let (client, _first) = sent(&mut stage, &request);
    stage.pass(30_000);
    stage.heard_answer(client, Status::GatewayTimeout);
    assert_eq!(stage.arrival(), None);
    let (client, first) = sent(&mut stage, &request);
    let left = stage.harness.backends[1].clone();
    stage.harness.publish([left]);
    stage.pass(30_000);
    let second = stage.arrived();
    assert_eq!(stage.hear(second).0, request);
    stage.hear(first);
    assert_eq!(stage.hear(first).1, Some(End::Reset), "it need not answer any more");
    stage.say(second, b"whole");
    stage.fin(second);
    assert_eq!(stage.hear(client), (b"whole".to_vec(), Some(End::Fin)));
}

/// B11: where every backend dies of it, each has had it once.
#[test]
fn a_request_of_death_visits_each_backend_once() {
    let mut stage = Stage::new();
    stage.backends(&[Host::Near; 3]);
    let request = stage.request_for(0);
    let client = stage.client();
    stage.say(client, &request);
    let mut visited = Vec::new();
    while let Some((addr, backend)) = { stage.harness.kernel.net().arrived.pop_front() } {
        visited.push(addr);
        lose(&mut stage, backend, Loss::Resets);
    }
    visited.sort_unstable();
    visited.dedup();
    assert_eq!((visited.len(), stage.arrival()), (3, None));
    stage.heard_answer(client, Status::BadGateway);
}

/// The budget is spent: the client is told, and no backend is hammered.
#[test]
fn a_budget_that_is_spent_ends_replay() {
    let mut stage = two_backends();
    let request = stage.request_for(0);
    // Each session pays for one replay and has it, and the floor is for the second.
    let floor = FLOOR_PER_SECOND * WINDOW_SECONDS as u64;
    let mut settings = config();
    settings.retry_budget_percent = 1;
    let mut stage_of_one_percent = Stage::with(settings, SMALL);
    stage_of_one_percent.backends(&[Host::Near, Host::Near]);
    std::mem::swap(&mut stage, &mut stage_of_one_percent);
    let mut refused = 0;
    for _ in 0..floor + 20 {
        let (client, first) = sent(&mut stage, &request);
        stage.reset(first);
        match stage.arrival() {
            Some(_second) => stage.reset(client),
            None => {
                stage.heard_answer(client, Status::BadGateway);
                refused += 1;
            }
        }
    }
    let sessions_pay = (floor + 20) / 100;
    assert_eq!(refused, 20 - sessions_pay);
    assert_eq!(stage.harness.stats().replays_refused.read(), refused);
}
