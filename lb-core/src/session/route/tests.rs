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

/// Selection that only ends when it finds somebody never ends when all are down (haproxy 6be02d1c6).
#[test]
fn attempts_go_to_different_backends_until_the_retries_are_used_up() {
    let table = table(1..=20);
    for retries in 0..=RETRIES_MAX {
        let mut route = Route::new(KeyHash(99));
        let mut tried = Vec::new();
        while let Ok(index) = route.next(&table, retries) {
            tried.push(table.backend(index).unwrap().id);
            route.failed(Failure::Refused);
        }
        assert_eq!(tried.len(), retries as usize + 1);
        tried.dedup();
        assert_eq!(tried.len(), retries as usize + 1, "nobody twice");
        assert_eq!(route.next(&table, retries), Err(Status::BadGateway));
    }
}

#[test]
fn more_retries_than_a_session_can_remember_are_cut() {
    let table = table(1..=20);
    let mut route = Route::new(KeyHash(1));
    let attempts = std::iter::from_fn(|| route.next(&table, 1000).ok()).count();
    assert_eq!(attempts, ATTEMPTS_MAX);
}

#[test]
fn the_answer_tells_how_the_last_attempt_ended() {
    let empty = table(0..0);
    assert_eq!(Route::new(KeyHash(1)).next(&empty, 3), Err(Status::Unavailable));
    let one = table(1..=1);
    for (failure, status) in [
        (Failure::Refused, Status::BadGateway),
        (Failure::TimedOut, Status::GatewayTimeout),
        (Failure::Reset, Status::BadGateway),
        (Failure::Closed, Status::BadGateway),
        (Failure::Overdue, Status::GatewayTimeout),
    ] {
        let mut route = Route::new(KeyHash(1));
        route.next(&one, 3).unwrap();
        route.failed(failure);
        assert_eq!(route.next(&one, 3), Err(status));
    }
}

#[test]
fn a_retry_looks_in_the_newest_table() {
    let mut route = Route::new(KeyHash(5));
    let before = table(1..=1);
    route.next(&before, 3).unwrap();
    route.failed(Failure::Refused);
    let after = table(2..=2);
    let index = route.next(&after, 3).unwrap();
    assert_eq!(after.backend(index).unwrap().id, BackendId(2));
}
