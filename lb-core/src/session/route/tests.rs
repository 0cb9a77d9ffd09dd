//! Every attempt is at another backend, and there is always a last one.

use std::sync::Arc;

use super::*;
use crate::backend::{Backend, Seat, Weight};
use crate::ring::{Member, Ring, RingConfig, Rule};

fn table(ids: impl Iterator<Item = u32>) -> RingTable {
    let mut ring = Ring::new(RingConfig::new(Rule::Rendezvous, Some(64), 0).unwrap());
    let backends: Vec<Arc<Backend>> = ids
        .map(|number| {
            let seat = Seat::numbered(number);
            ring.add(Member { seat, weight: Weight::ONE }).unwrap();
            let addr = "127.0.0.1:1".parse().unwrap();
            Arc::new(Backend::new(BackendId(u64::from(number)), format!("S{number}").into(), seat, addr, 1))
        })
        .collect();
    RingTable::new(1, ring.slot_map(), backends)
}

/// Where everybody has room.
fn next(route: &mut Route, table: &RingTable, retries: u32) -> Result<Choice, Status> {
    route.next(table, retries, |_| true)
}

/// Selection that only ends when it finds somebody never ends when all are down (haproxy 6be02d1c6).
#[test]
fn attempts_go_to_different_backends_until_the_retries_are_used_up() {
    let table = table(1..=20);
    for retries in 0..=RETRIES_MAX {
        let mut route = Route::new(KeyHash(99));
        let mut tried = Vec::new();
        while let Ok(choice) = next(&mut route, &table, retries) {
            tried.push(table.backend(choice.index).unwrap().id);
            route.failed(Failure::Refused);
        }
        assert_eq!(tried.len(), retries as usize + 1);
        tried.dedup();
        assert_eq!(tried.len(), retries as usize + 1, "nobody twice");
        assert_eq!(next(&mut route, &table, retries), Err(Status::BadGateway));
    }
}

#[test]
fn more_retries_than_a_session_can_remember_are_cut() {
    let table = table(1..=20);
    let mut route = Route::new(KeyHash(1));
    let attempts = std::iter::from_fn(|| next(&mut route, &table, 1000).ok()).count();
    assert_eq!(attempts, ATTEMPTS_MAX);
}

#[test]
fn the_answer_tells_how_the_last_attempt_ended() {
    let empty = table(0..0);
    assert_eq!(next(&mut Route::new(KeyHash(1)), &empty, 3), Err(Status::Unavailable));
    let one = table(1..=1);
    for (failure, status) in [
        (Failure::Refused, Status::BadGateway),
        (Failure::TimedOut, Status::GatewayTimeout),
        (Failure::Reset, Status::BadGateway),
        (Failure::Closed, Status::BadGateway),
        (Failure::Overdue, Status::GatewayTimeout),
    ] {
        let mut route = Route::new(KeyHash(1));
        next(&mut route, &one, 3).unwrap();
        route.failed(failure);
        assert_eq!(next(&mut route, &one, 3), Err(status));
    }
}

#[test]
fn a_retry_looks_in_the_newest_table() {
    let mut route = Route::new(KeyHash(5));
    let before = table(1..=1);
    next(&mut route, &before, 3).unwrap();
    route.failed(Failure::Refused);
    let after = table(2..=2);
    let index = next(&mut route, &after, 3).unwrap().index;
    assert_eq!(after.backend(index).unwrap().id, BackendId(2));
}

#[test]
fn who_has_no_room_is_passed_over_in_the_order_of_the_slot() {
    let table = table(1..=5);
    let mut order = Vec::new();
    let mut route = Route::new(KeyHash(7));
    while let Ok(choice) = next(&mut route, &table, RETRIES_MAX) {
        order.push(choice.index);
    }
    assert_eq!(order.len(), 5);
    for full in 0..5 {
        let choice = Route::new(KeyHash(7)).next(&table, 0, |index| !order[..full].contains(&index));
        assert_eq!(choice, Ok(Choice { index: order[full], spilled: full > 0 }));
    }
}

/// Selection that looks until somebody has room never ends when all are full (haproxy 6be02d1c6).
#[test]
fn where_nobody_has_room_it_is_the_owner_and_each_is_asked_once() {
    let table = table(1..=20);
    let mut asked = Vec::new();
    let choice = Route::new(KeyHash(7)).next(&table, 3, |index| {
        asked.push(index);
        false
    });
    assert_eq!(choice, Ok(Choice { index: asked[0], spilled: false }));
    asked.sort_unstable();
    asked.dedup();
    assert_eq!(asked.len(), 20);
}

#[test]
fn a_backend_that_has_gone_before_it_was_tried_uses_up_no_attempt() {
    let mut route = Route::new(KeyHash(7));
    next(&mut route, &table(1..=1), 0).unwrap();
    assert!(next(&mut route, &table(2..=2), 0).is_err());
    route.take_back();
    assert!(next(&mut route, &table(2..=2), 0).is_ok());
}
