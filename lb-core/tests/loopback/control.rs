//! The hand-over of tables: the newest wins, and whoever published can see it applied.

use std::sync::Arc;

use lb_core::ring::{Ring, RingConfig, RingTable, Rule};

use super::support::*;

fn empty_table(version: u64) -> Arc<RingTable> {
    let mut ring = Ring::new(RingConfig::new(Rule::Rendezvous, Some(1024), 0).unwrap());
    Arc::new(RingTable::new(version, ring.slot_map(), []))
}

#[test]
fn the_newest_of_many_tables_is_applied_by_every_worker() {
    let plane = Plane::with_workers(config(), 3);
    for version in 1..=500 {
        plane.control.publish(&empty_table(version));
    }
    until("the newest is applied everywhere", || plane.control.applied_version() == 500);
}

#[test]
fn an_older_table_never_replaces_a_newer_one() {
    let plane = Plane::start(config());
    plane.control.publish(&empty_table(9));
    until("9 is applied", || plane.control.applied_version() == 9);
    plane.control.publish(&empty_table(3));
    plane.control.publish(&empty_table(10));
    until("10 is applied", || plane.control.applied_version() == 10);
}

#[test]
fn a_table_dies_when_it_is_replaced() {
    let plane = Plane::start(config());
    let first = empty_table(1);
    plane.control.publish(&first);
    until("1 is applied", || plane.control.applied_version() == 1);
    plane.control.publish(&empty_table(2));
    until("nobody holds the first table", || Arc::strong_count(&first) == 1);
}

#[test]
fn stopping_ends_every_worker_and_says_so() {
    let plane = Plane::with_workers(config(), 2);
    let control = plane.control.clone();
    control.stop();
    until("both have ended", || control.ended_workers() == 2);
    plane.joined();
}
