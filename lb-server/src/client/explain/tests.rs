//! How an explanation reads.

use serde_json::json;

use super::*;

#[test]
fn it_says_where_a_key_goes_who_was_passed_over_and_who_had_it_before() {
    let explained: Explained = serde_json::from_value(json!({
        "key": "7", "source": null, "hash": "00ff00ff00ff00ff", "slot": 123, "epoch": 12, "owner": "S1", "routed_to": "S2",
        "waits": false, "refused": false,
        "candidates": [
            {"rank": 0, "name": "S1", "seat": 1, "state": "down", "chosen": false, "skipped": "down: connect refused"},
            {"rank": 1, "name": "S2", "seat": 2, "state": "ready", "chosen": true, "skipped": null},
            {"rank": 2, "name": "S3", "seat": 3, "state": "ready", "chosen": false, "skipped": null},
        ],
        "history": [
            {"epoch": 12, "at": "2026-01-01T00:00:03Z", "owner": "S1"},
            {"epoch": 11, "at": "2026-01-01T00:00:02Z", "owner": "S1"},
            {"epoch": 10, "at": "2026-01-01T00:00:01Z", "owner": "S3"},
        ],
    }))
    .unwrap();
    let expected = "\
key 7 -> hash 00ff00ff00ff00ff -> slot 123 -> S2 (in place of S1, its owner), epoch 12

rank  backend  seat  state
   0  S1          1  down   skipped: down: connect refused
   1  S2          2  ready  <- goes here
   2  S3          3  ready

from epoch  at                    owner
        11  2026-01-01T00:00:02Z  S1
        10  2026-01-01T00:00:01Z  S3
";
    assert_eq!(explained.words(), expected);
}

#[test]
fn where_nobody_is_ready_it_says_nobody() {
    let explained: Explained = serde_json::from_value(json!({
        "key": null, "source": "10.0.0.1", "hash": "0", "slot": 1, "epoch": 2, "owner": null, "routed_to": null, "waits": false, "refused": false,
        "candidates": [], "history": [],
    }))
    .unwrap();
    assert!(explained.words().starts_with("client 10.0.0.1 -> hash 0 -> slot 1 -> nobody, epoch 2\n"));
}

#[test]
fn where_sessions_are_counted_it_says_how_many_each_has_and_who_waits() {
    let candidate = |rank, name: &str, chosen, skipped: Option<&str>, load| json!({"rank": rank, "name": name, "seat": rank + 1, "state": "ready", "chosen": chosen, "skipped": skipped, "load": load});
    let explained: Explained = serde_json::from_value(json!({
        "key": "7", "source": null, "hash": "0", "slot": 1, "epoch": 2, "owner": "S1", "routed_to": "S2", "waits": true, "refused": false,
        "candidates": [
            candidate(0, "S1", false, Some("open sessions: 9, of 8"), json!({"bound": 8, "open": 9, "places": null, "waiting": 0})),
            candidate(1, "S2", true, None, json!({"bound": 8, "open": 4, "places": 4, "waiting": 3})),
            candidate(2, "S3", false, None, json!(null)),
        ],
        "history": [],
    }))
    .unwrap();
    let expected = "\
rank  backend  seat  state  sessions
   0  S1          1  ready  9               skipped: open sessions: 9, of 8
   1  S2          2  ready  4 of 4, 3 wait  <- goes here, and waits for a place
   2  S3          3  ready
";
    assert_eq!(explained.order(), expected);
}

#[test]
fn where_the_queue_is_full_it_says_that_the_next_session_is_refused() {
    let explained: Explained = serde_json::from_value(json!({
        "key": "7", "source": null, "hash": "0", "slot": 1, "epoch": 2, "owner": "S1", "routed_to": "S1", "waits": false, "refused": true,
        "candidates": [
            {"rank": 0, "name": "S1", "seat": 1, "state": "ready", "chosen": true, "skipped": null,
             "load": {"bound": null, "open": 1, "places": 1, "waiting": 2}},
        ],
        "history": [],
    }))
    .unwrap();
    let expected = "\
rank  backend  seat  state  sessions
   0  S1          1  ready  1 of 1, 2 wait  <- goes here, and is refused: as many wait there as may (--queue)
";
    assert_eq!(explained.order(), expected);
}
