//! What is counted of a run, and when an id counts as answered elsewhere.

use std::io;
use std::time::Duration;

use super::{FailureKind, Tally};

const MS: Duration = Duration::from_millis(1);

#[test]
fn an_id_is_elsewhere_only_where_both_runs_answered_it() {
    let (mut first, mut second) = (Tally::new(), Tally::new());
    for (id, before, after) in [(1, "a", "a"), (2, "a", "b"), (3, "b", "a")] {
        first.answer(id, before, MS);
        second.answer(id, after, MS);
    }
    second.answer(4, "a", MS);
    assert_eq!(second.elsewhere_than(&first), 2);
    assert_eq!(first.elsewhere_than(&first), 0);
}

#[test]
fn answers_are_counted_by_replica_and_failures_by_kind() {
    let mut tally = Tally::new();
    tally.answer(1, "S1", MS);
    tally.answer(2, "S1", 3 * MS);
    tally.fail(FailureKind::Status(503));
    tally.fail(FailureKind::Reset);
    assert_eq!(tally.per_replica().into_iter().collect::<Vec<_>>(), [("S1", 2)]);
    assert_eq!((tally.answered, tally.failed()), (2, 2));
    assert!(tally.to_string().starts_with("2 answered, 2 failed (1 reset, 1 status 503) in "));
    assert!((tally.latency_ms(100.0) - 3.0).abs() < 0.01);
}

#[test]
fn running_out_of_ports_or_descriptors_is_our_own_failure() {
    for error in [rustix::io::Errno::MFILE, rustix::io::Errno::ADDRNOTAVAIL] {
        assert_eq!(FailureKind::of_io(&io::Error::from(error)), FailureKind::LocalResource);
    }
    assert_eq!(FailureKind::of_io(&io::Error::from(rustix::io::Errno::CONNRESET)), FailureKind::Reset);
}
