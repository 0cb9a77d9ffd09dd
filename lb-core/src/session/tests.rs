//! The phases of a session, and what a passed deadline means in each.

use std::time::Duration;

use super::flow::Direction::{BackendToClient, ClientToBackend};
use super::key::KeyedBy;
use super::*;
use crate::config::WorkerConfig;
use crate::outcome::Flushed;
use crate::ring::{KeyHash, KeyHasher};

fn config() -> WorkerConfig {
    WorkerConfig {
        head_timeout: Duration::from_millis(500),
        connect_timeout: Duration::from_millis(100),
        first_byte_timeout: Duration::from_millis(3000),
        idle_timeout: Duration::from_millis(60_000),
        ..WorkerConfig::new(KeyHasher::new([0; 16], false))
    }
}

fn decision(http: bool) -> Decision {
    Decision { key: KeyHash(1), keyed_by: KeyedBy::Query, recorded: None, http, end: RequestEnd::Never, rewrite: None }
}

fn routed(http: bool) -> Session {
    let mut session = Session::accepted(1000);
    session.decided(&decision(http), 20);
    session
}

fn relaying(http: bool) -> Session {
    let mut session = routed(http);
    session.connecting(1000);
    session.connected(1000);
    session.relay.flushed(ClientToBackend, Flushed::Bytes(20));
    session.relay.filled(ClientToBackend, Filled::Blocked);
    session
}

#[test]
fn a_session_goes_from_the_head_over_the_connect_to_the_relay() {
    let mut session = Session::accepted(1000);
    assert_eq!(session.next(), Action::ReadHead);
    session.decided(&decision(true), 20);
    assert_eq!(session.next(), Action::Connect);
    session.connecting(1000);
    assert_eq!(session.next(), Action::Wait);
    session.relay.readiness(Side::Backend).writable = true;
    assert_eq!(session.next(), Action::Open);
    session.connected(1001);
    assert_eq!(session.next(), Action::Transfer(ClientToBackend), "the head waits");
}

#[test]
fn each_phase_has_its_own_deadline() {
    let config = config();
    assert_eq!(Session::accepted(1000).deadline_ms(&config, false), Some(1500));
    assert_eq!(routed(true).deadline_ms(&config, false), None, "nothing is waited for");
    let mut connecting = routed(true);
    connecting.connecting(1000);
    assert_eq!(connecting.deadline_ms(&config, false), Some(1100));
    assert_eq!(relaying(true).deadline_ms(&config, false), Some(4000));
    assert_eq!(relaying(false).deadline_ms(&config, false), Some(61_000), "only HTTP has a first byte");
    let none = WorkerConfig { head_timeout: Duration::ZERO, ..config };
    assert_eq!(Session::accepted(1000).deadline_ms(&none, false), None);
}

#[test]
fn traffic_moves_the_idle_deadline() {
    let mut session = relaying(false);
    session.touch(5000);
    assert_eq!(session.deadline_ms(&config(), false), Some(65_000));
}

/// A half that nobody closes must not stay for ever (haproxy #1362).
#[test]
fn a_client_that_stays_after_the_backends_end_is_closed_long_before_the_idle_timeout() {
    let an_hour = WorkerConfig { idle_timeout: Duration::from_secs(3600), ..config() };
    let mut session = relaying(true);
    session.relay.filled(BackendToClient, Filled::Bytes { count: 9, short: true });
    session.relay.flushed(BackendToClient, Flushed::Bytes(9));
    assert_eq!(session.deadline_ms(&an_hour, false), Some(1000 + 3_600_000));
    session.relay.filled(BackendToClient, Filled::End);
    session.relay.shut(BackendToClient);
    assert_eq!(session.deadline_ms(&an_hour, false), Some(1000 + 60_000));
    session.touch(2000);
    assert_eq!(session.deadline_ms(&an_hour, false), Some(2000 + 60_000), "an upload may go on");
    assert_eq!(session.expired(0, 62_000), Action::Close(CloseReason::ClientStayed));
    assert_eq!(session.deadline_ms(&an_hour, true), Some(2000 + 2000), "sooner where the process stops");
    let nothing_is_cut_off = (close::Farewell::Close, close::Farewell::Reset);
    assert_eq!(CloseReason::ClientStayed.farewells(), nothing_is_cut_off);
}

#[test]
fn a_passed_deadline_is_answered_where_http_allows_it() {
    assert_eq!(Session::accepted(0).expired(0, 500), Action::Close(CloseReason::HeadTimeout));
    assert_eq!(Session::accepted(0).expired(3, 500), Action::Answer(Status::HeadTimeout));
    assert_eq!(relaying(true).expired(0, 4000), Action::Unanswered(Failure::Overdue));
    assert_eq!(relaying(false).expired(0, 61_000), Action::Close(CloseReason::IdleTimeout));
    let mut connecting = routed(true);
    connecting.connecting(1000);
    assert_eq!(connecting.expired(0, 1100), Action::Connect, "the next backend");
}

#[test]
fn a_backend_lost_before_its_first_byte_is_told_from_one_lost_later() {
    let lost = |outcome| {
        let mut session = relaying(true);
        session.relay.ready(Side::Backend, Readiness { readable: true, ..Readiness::default() });
        session.relay.filled(BackendToClient, outcome);
        session
    };
    assert_eq!(lost(Filled::End).next(), Action::Unanswered(Failure::Closed));
    assert_eq!(lost(Filled::Failed).next(), Action::Unanswered(Failure::Reset));
    let mut begun = lost(Filled::Bytes { count: 1, short: true });
    begun.relay.flushed(BackendToClient, Flushed::Bytes(1));
    begun.relay.filled(BackendToClient, Filled::Failed);
    assert_eq!(begun.next(), Action::ResetClient);
}

#[test]
fn a_replay_begins_anew_at_the_route_and_forgets_the_backend_but_not_whom_it_was() {
    let mut session = relaying(true);
    session.relay.ready(Side::Backend, Readiness { readable: true, hangup: true, ..Readiness::default() });
    session.relay.filled(BackendToClient, Filled::Failed);
    session.replay(20, Failure::Reset);
    assert_eq!(session.next(), Action::Connect);
    assert_eq!(session.route().map(|route| route.last_failure()), Some(Failure::Reset));
    session.connecting(2000);
    assert_eq!(session.deadline_ms(&config(), false), Some(2100), "each connect has its own deadline");
    session.connected(2050);
    assert_eq!(session.deadline_ms(&config(), false), Some(5050), "and each wait for a first byte");
    assert_eq!(session.next(), Action::Transfer(ClientToBackend));
    session.relay.flushed(ClientToBackend, Flushed::Bytes(20));
    assert_eq!(session.next(), Action::Wait);
    session.relay.ready(Side::Backend, Readiness { readable: true, ..Readiness::default() });
    session.relay.filled(BackendToClient, Filled::Bytes { count: 9, short: true });
    session.relay.flushed(BackendToClient, Flushed::Bytes(9));
    assert_eq!(session.next(), Action::Wait, "no hangup and no reset of the former is left");
}

#[test]
fn a_client_that_has_ended_is_said_to_have_ended_to_the_next_backend_too() {
    let mut session = relaying(true);
    session.relay.ready(Side::Client, Readiness { readable: true, hangup: true, ..Readiness::default() });
    session.relay.filled(ClientToBackend, Filled::End);
    assert_eq!(session.next(), Action::Shut(ClientToBackend));
    session.relay.shut(ClientToBackend);
    session.relay.filled(BackendToClient, Filled::End);
    session.replay(20, Failure::Closed);
    session.connecting(2000);
    session.connected(2000);
    session.relay.flushed(ClientToBackend, Flushed::Bytes(20));
    assert_eq!(session.next(), Action::Shut(ClientToBackend));
}

/// Reading on would fill a buffer that nobody empties, or spin on the full one (sozu #1373).
#[test]
fn a_client_that_sends_while_its_backend_connects_is_not_read() {
    let mut session = routed(true);
    session.connecting(1000);
    session.relay.ready(Side::Client, Readiness { readable: true, hangup: true, ..Readiness::default() });
    assert_eq!(session.next(), Action::Wait);
}

#[test]
fn without_a_backend_http_is_answered_and_others_are_reset() {
    assert_eq!(routed(true).give_up(Status::Unavailable), Action::Answer(Status::Unavailable));
    assert_eq!(routed(false).give_up(Status::Unavailable), Action::Close(CloseReason::Unroutable));
    assert_eq!(CloseReason::Unroutable.farewells().0, close::Farewell::Reset);
}

#[test]
fn a_client_that_is_gone_ends_every_phase() {
    let gone = Readiness { error: true, ..Readiness::default() };
    let mut connecting = routed(true);
    connecting.connecting(1000);
    let mut lingering = relaying(true);
    lingering.linger(CloseReason::Answered(Status::BadGateway), 1000);
    for (mut session, reason) in [
        (Session::accepted(0), CloseReason::ClientReset),
        (connecting, CloseReason::ClientReset),
        (relaying(true), CloseReason::ClientReset),
        (lingering, CloseReason::Answered(Status::BadGateway)),
    ] {
        session.relay.ready(Side::Client, gone);
        assert_eq!(session.next(), Action::Close(reason));
    }
}

#[test]
fn lingering_ends_with_the_clients_fin_or_its_deadline() {
    let mut session = relaying(true);
    let reason = CloseReason::ResponseComplete;
    session.linger(reason, 7000);
    assert_eq!(session.next(), Action::Wait);
    assert_eq!(session.deadline_ms(&config(), false), Some(9000));
    assert_eq!(session.expired(0, 9000), Action::Close(reason));
    session.relay.ready(Side::Client, Readiness { readable: true, ..Readiness::default() });
    assert_eq!(session.next(), Action::Discard);
    assert_eq!(session.discarded(Filled::Bytes { count: 5, short: true }), None);
    assert_eq!(session.discarded(Filled::Blocked), None);
    assert_eq!(session.next(), Action::Wait);
    assert_eq!(session.discarded(Filled::End), Some(reason));
}

#[test]
fn a_client_to_be_reset_is_looked_at_until_it_has_everything_or_too_long() {
    let mut session = relaying(true);
    session.look_again(2000);
    assert_eq!(session.next(), Action::Wait);
    assert_eq!(session.deadline_ms(&config(), false), Some(2005));
    assert_eq!(session.expired(0, 2005), Action::ResetClient);
    session.look_again(2005);
    assert_eq!(session.expired(0, 3999), Action::ResetClient);
    session.look_again(3999);
    assert_eq!(session.expired(0, 4004), Action::Close(CloseReason::BackendReset));
}
