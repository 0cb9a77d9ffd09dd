//! The ids that are kept for each backend: in order, bounded, forgotten with it.

use super::*;
use crate::http::testing::{agreeing, members};

fn answered(backend: u64, id: &str) -> Answered {
    Answered::new(BackendId(backend), id.as_bytes())
}

fn log(per_backend: usize, all: &[(u64, &str)]) -> RequestLog {
    let log = RequestLog::new(Some(per_backend));
    log.record(all.iter().map(|(backend, id)| answered(*backend, id)));
    log
}

#[test]
fn each_backend_has_its_own_ids_in_order() {
    let log = log(9, &[(1, "a"), (2, "b"), (1, ""), (1, "a")]);
    assert_eq!(log.of(BackendId(1)), Recorded { ids: ["a", "", "a"].map(str::to_owned).into(), dropped: 0 });
    assert_eq!(log.of(BackendId(2)).ids, ["b"]);
    assert_eq!(log.of(BackendId(3)), Recorded::default());
}

#[test]
fn the_oldest_make_room_and_are_counted() {
    let ids: Vec<String> = (0..1000).map(|id| id.to_string()).collect();
    let log = log(3, &ids.iter().map(|id| (1, id.as_str())).collect::<Vec<_>>());
    assert_eq!(log.of(BackendId(1)), Recorded { ids: ["997", "998", "999"].map(str::to_owned).into(), dropped: 997 });
}

#[test]
fn memory_is_bounded_by_the_number_kept() {
    let mut ring = Ring::default();
    for _ in 0..10_000 {
        ring.push(&[b'x'; 64], 100);
    }
    assert_eq!(ring.bytes.len(), 100 * 65);
    assert!(ring.bytes.capacity() <= 4 * 100 * 65, "{}", ring.bytes.capacity());
}

#[test]
fn bytes_that_are_no_text_are_replaced() {
    let log = RequestLog::new(Some(1));
    log.record([Answered::new(BackendId(1), b"\xff7")]);
    assert_eq!(log.of(BackendId(1)).ids, ["\u{fffd}7"]);
}

#[test]
fn a_backend_that_left_is_forgotten_and_one_not_yet_seen_is_kept() {
    let log = log(9, &[(1, "gone"), (2, "here"), (7, "soon")]);
    let mut snapshot = members(&["S1", "S2"]);
    snapshot.backends.remove(0);
    log.drain(&Control::without_workers(), &snapshot);
    assert_eq!(log.of(BackendId(1)), Recorded::default());
    assert_eq!(log.of(BackendId(2)).ids, ["here"]);
    assert_eq!(log.of(BackendId(7)).ids, ["soon"]);
}

#[tokio::test]
async fn the_drain_task_ends_with_stop_and_at_once_where_nothing_is_recorded() {
    let api = agreeing(&["S1"]).api;
    let (stop, stopped) = watch::channel(false);
    let off = RequestLog::new(None).keep_drained(api.control.clone(), api.membership.clone(), stopped.clone());
    off.await;
    let on = tokio::spawn(api.requests.keep_drained(api.control, api.membership, stopped));
    stop.send_replace(true);
    on.await.unwrap();
}
