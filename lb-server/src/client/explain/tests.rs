//! How an explanation reads.

use serde_json::json;

use super::*;

#[test]
fn it_says_where_a_key_goes_who_was_passed_over_and_who_had_it_before() {
    let explained: Explained = serde_json::from_value(json!({
        "key": "7", "source": null, "hash": "00ff00ff00ff00ff", "slot": 123, "epoch": 12, "owner": "S1", "routed_to": "S2",
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
        "key": null, "source": "10.0.0.1", "hash": "0", "slot": 1, "epoch": 2, "owner": null, "routed_to": null,
        "candidates": [], "history": [],
    }))
    .unwrap();
    assert!(explained.words().starts_with("client 10.0.0.1 -> hash 0 -> slot 1 -> nobody (its owner), epoch 2\n"));
}
