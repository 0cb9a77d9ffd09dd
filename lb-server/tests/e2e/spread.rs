//! Same id, same replica: over two passes, over kept connections, and exactly as the assignment's table says.

use std::collections::BTreeMap;

use crate::support::{Lb, load};

#[test]
fn every_id_is_answered_and_finds_its_replica_again() {
    let lb = Lb::start(&[]);
    let first = load::ask_each(lb.front, 1..=2000);
    let second = load::ask_each(lb.front, 1..=2000);
    assert_eq!((&first.failed, first.answered), (&vec![], 2000));
    assert_eq!((&second.failed, second.answered), (&vec![], 2000));
    assert_eq!(first.elsewhere_in(&second), [0; 0]);
    assert_eq!(first.counts().len(), 3, "{:?}", first.counts());
}

#[test]
fn ring_and_maglev_keep_the_promise_too() {
    for hash in ["ring", "maglev"] {
        let lb = Lb::start(&["--hash", hash]);
        let first = load::ask_each(lb.front, 1..=500);
        let second = load::ask_each(lb.front, 1..=500);
        assert_eq!((&first.failed, first.answered), (&vec![], 500), "{hash}");
        assert_eq!(first.elsewhere_in(&second), [0; 0], "{hash}");
        assert_eq!(first.counts().len(), 3, "{hash}: {:?}", first.counts());
    }
}

#[test]
fn the_assignment_rule_spreads_ids_as_its_table_says() {
    let lb = Lb::start(&["--hash", "assignment"]);
    let answers = load::ask_each(lb.front, 1..=10_000);
    assert_eq!(answers.failed, [""; 0]);
    assert_eq!(answers.counts(), BTreeMap::from([("S1", 8435), ("S2", 470), ("S3", 1095)]));
}

#[test]
fn kept_connections_with_affinity_request_spread_like_single_ones() {
    let lb = Lb::start(&["--hash", "assignment", "--affinity", "request"]);
    let single = load::ask_each(lb.front, 1..=1000);
    let kept = load::ask_each_keeping_connections(lb.front, 1..=1000);
    assert_eq!((&kept.failed, kept.answered), (&vec![], 1000));
    assert_eq!(single.elsewhere_in(&kept), [0; 0]);
    assert_eq!(single.counts(), kept.counts());
}

#[test]
fn a_connection_stays_with_the_replica_of_its_first_request() {
    let lb = Lb::start(&["--hash", "assignment"]);
    let kept = load::ask_each_keeping_connections(lb.front, 1..=200);
    assert_eq!((&kept.failed, kept.answered), (&vec![], 200));
    let pinned = lb.metric("lb_requests_pinned_total");
    assert!(pinned > 0.0, "requests after the first on a connection are counted");
    // Whoever answered, a client's requests were all answered by one replica, so some ids are not with their owner.
    let single = load::ask_each(lb.front, 1..=200);
    assert!(!single.elsewhere_in(&kept).is_empty());
}
