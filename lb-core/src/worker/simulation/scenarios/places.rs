//! Backends with a limit of connections, and the queue before them; bounded load.

use super::*;
use crate::backend::places::PlaceLimits;
use crate::session::balance::BalanceFactor;

fn limited(places: u32, waiting: u32) -> Terms {
    Terms { places: Some(PlaceLimits { places, waiting }), ..Terms::default() }
}

/// One backend with a single place.
fn one_place(waiting: u32) -> Stage {
    let mut stage = Stage::new();
    stage.backends_on(limited(1, waiting), &[Host::Near]);
    stage
}

fn asked(stage: &mut Stage) -> SocketId {
    let client = stage.client();
    stage.say(client, &stage.request_for(0));
    client
}

fn serve(stage: &mut Stage, backend: SocketId) {
    stage.hear(backend);
    stage.say(backend, b"served");
    stage.fin(backend);
}

fn free(stage: &Stage) -> bool {
    let places = stage.harness.backends[0].places().unwrap();
    (places.open(), places.waiting()) == (0, 0)
}

/// B11: who waits is served in order, each when the one before has ended in both halves.
#[test]
fn those_who_wait_are_served_one_after_the_other() {
    let mut stage = one_place(10);
    let clients: Vec<_> = (0..4).map(|_| asked(&mut stage)).collect();
    for client in clients {
        let backend = stage.arrived();
        assert_eq!(stage.arrival(), None, "one at a time");
        serve(&mut stage, backend);
        assert_eq!(stage.hear(client), (b"served".to_vec(), Some(End::Fin)));
        assert_eq!(stage.arrival(), None, "its place is held until the client has ended too");
        stage.fin(client);
    }
    assert!(free(&stage));
}

/// Nobody waits for ever, and nobody waits behind more than may.
#[test]
fn who_finds_the_queue_full_or_waits_too_long_is_told() {
    let mut stage = one_place(1);
    let served = asked(&mut stage);
    let waiting = asked(&mut stage);
    let third = asked(&mut stage);
    stage.heard_answer(third, Status::Busy);
    stage.pass(4_999);
    assert_eq!(stage.hear(waiting), (vec![], None));
    stage.pass(1);
    stage.heard_answer(waiting, Status::Busy);
    stage.reset(served);
    assert!(free(&stage));
}

/// haproxy #2951: however sessions end, replayed ones too, no place is lost; the last client is served like the first.
#[test]
fn a_thousand_ends_of_every_kind_leave_all_places_free() {
    let mut stage = Stage::new();
    stage.backends_on(limited(2, 2), &[Host::Near, Host::Near]);
    for round in 0..1_000 {
        let client = asked(&mut stage);
        let another = asked(&mut stage);
        let Some(backend) = stage.arrival() else { panic!("round {round}: nobody is let in any more") };
        match round % 6 {
            0 => serve(&mut stage, backend),
            1 => stage.reset(client),
            2 => stage.reset(backend),
            3 => stage.fin(client),
            4 => stage.pass(30_000),
            _ => {
                stage.harness.kernel.net().peer_close(backend);
                stage.settle();
            }
        }
        while let Some(second) = stage.arrival() {
            stage.reset(second);
        }
        for client in [client, another] {
            if stage.harness.kernel.net().sockets().contains_key(&client) {
                stage.reset(client);
            }
        }
        stage.pass(3_000);
        stage.harness.control.reports().for_each(drop);
        assert!(free(&stage), "round {round}: {:?}", stage.harness.backends[0].places());
    }
}

/// haproxy #2951 with replay: the place at the dead backend is free as soon as the request is with the next.
#[test]
fn a_replayed_request_holds_no_place_at_the_backend_that_died() {
    let mut stage = Stage::new();
    stage.backends_on(limited(1, 5), &[Host::Near, Host::Near]);
    let _client = asked(&mut stage);
    let first = stage.arrived();
    stage.reset(first);
    let _second = stage.arrived();
    assert!(free(&stage));
    let _next = asked(&mut stage);
    assert!(stage.arrival().is_some(), "the next is let in at once");
}

/// Who waits for a backend that goes is routed again; who is connected there and evicted is reset.
#[test]
fn those_who_wait_for_a_backend_that_goes_are_given_another() {
    let mut stage = Stage::new();
    stage.backends_on(limited(1, 5), &[Host::Near, Host::Near]);
    let connected = asked(&mut stage);
    let waiting = asked(&mut stage);
    let first = stage.arrived();
    let (gone, left) = (stage.harness.backends[0].clone(), stage.harness.backends[1].clone());
    stage.harness.publish([left]);
    stage.harness.evict(gone.id);
    stage.settle();
    assert_eq!(stage.hear(connected).1, Some(End::Reset));
    assert_eq!(stage.hear(first).1, Some(End::Reset));
    let second = stage.arrived();
    serve(&mut stage, second);
    assert_eq!(stage.hear(waiting), (b"served".to_vec(), Some(End::Fin)));
    assert!(free(&stage));
    assert_eq!(stage.harness.stats().evicted.read(), 1);
}

/// A client that leaves while it waits leaves the queue; a grant that it had goes to the next.
#[test]
fn a_client_that_resets_while_it_waits_is_no_burden_to_those_behind() {
    let mut stage = one_place(10);
    let first = asked(&mut stage);
    let leaver = asked(&mut stage);
    let last = asked(&mut stage);
    let _served = stage.arrived();
    stage.reset(leaver);
    stage.reset(first);
    let backend = stage.arrived();
    serve(&mut stage, backend);
    assert_eq!(stage.hear(last), (b"served".to_vec(), Some(End::Fin)));
}

/// A higher limit lets in who waits for it at once, and no more than it says.
#[test]
fn those_who_wait_are_let_in_by_a_higher_limit() {
    let mut stage = one_place(10);
    let _clients: Vec<_> = (0..4).map(|_| asked(&mut stage)).collect();
    let _first = stage.arrived();
    assert_eq!(stage.arrival(), None);
    limit(&mut stage, 3);
    let (_second, _third) = (stage.arrived(), stage.arrived());
    assert_eq!(stage.arrival(), None, "the fourth waits on");
    limit(&mut stage, 0);
    let _fourth = stage.arrived();
}

/// A lower limit ends nobody's session, and lets nobody in until enough of them have ended.
#[test]
fn a_lower_limit_takes_effect_as_sessions_end() {
    let mut stage = Stage::new();
    stage.backends_on(limited(3, 10), &[Host::Near]);
    let served: Vec<_> = (0..3).map(|_| asked(&mut stage)).collect();
    let waiting = asked(&mut stage);
    let backends: Vec<_> = (0..3).map(|_| stage.arrived()).collect();
    limit(&mut stage, 1);
    for (client, backend) in served.into_iter().zip(backends) {
        assert_eq!(stage.arrival(), None, "more are open than may be");
        serve(&mut stage, backend);
        assert_eq!(stage.hear(client), (b"served".to_vec(), Some(End::Fin)));
        stage.fin(client);
    }
    let backend = stage.arrived();
    serve(&mut stage, backend);
    assert_eq!(stage.hear(waiting), (b"served".to_vec(), Some(End::Fin)));
}

/// Where nobody counted, sessions count from the limit on; those that were open before never do.
#[test]
fn a_backend_without_a_limit_is_given_one() {
    let mut stage = Stage::new();
    stage.backends(&[Host::Near]);
    let _uncounted = asked(&mut stage);
    let _first = stage.arrived();
    limit(&mut stage, 1);
    let counted = asked(&mut stage);
    let second = stage.arrived();
    let waiting = asked(&mut stage);
    assert_eq!(stage.arrival(), None);
    serve(&mut stage, second);
    stage.fin(counted);
    let third = stage.arrived();
    serve(&mut stage, third);
    assert_eq!(stage.hear(waiting), (b"served".to_vec(), Some(End::Fin)));
}

fn limit(stage: &mut Stage, places: u32) {
    let backend = stage.harness.backends[0].clone();
    stage.harness.limit_places(&backend, PlaceLimits { places, waiting: 10 });
    stage.settle();
}

/// Bounded load: one hot key spills, and no backend gets more than its bound.
#[test]
fn a_hot_key_is_spread_by_the_balance_factor() {
    let mut settings = config();
    settings.balance_factor = Some(BalanceFactor::parse("1.25").unwrap());
    let mut stage = Stage::with(settings, SMALL);
    stage.backends_on(limited(0, 0), &[Host::Near; 3]);
    for sessions in 1..=30 {
        let _client = asked(&mut stage);
        let bound = (5_u32 * sessions).div_ceil(12);
        for backend in &stage.harness.backends {
            let open = backend.places().unwrap().open();
            assert!(open <= bound, "{open} of {sessions} sessions at {}", backend.name);
        }
    }
    assert!(stage.harness.stats().spilled.read() >= 15);
}
