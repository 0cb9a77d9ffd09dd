//! How a plan reads.

use serde_json::{Value, json};

use super::*;

fn added() -> Value {
    json!({
        "N": 4, "applied": false, "base_epoch": 12, "epoch": 13, "replicas": ["S1", "S2", "S3", "S4"],
        "change": {"kind": "add", "n": 1, "names": ["S4"]},
        "effect": {
            "slots": 65536, "moved": 16384, "moved_percent": 25.0, "ideal_percent": 25.0, "unnecessary": 0,
            "moves": [{"from": "S1", "to": "S4", "slots": 5461}, {"from": null, "to": "S4", "slots": 10923}],
            "shares": [{"name": "S1", "seat": 1, "weight": 1.5, "before": 0.334, "after": 0.25}],
            "max_share_before": 0.334, "max_share_after": 0.251, "sessions_touched": 12,
            "sample_keys": [{"key": "17", "from": "S1", "to": "S4"}],
        },
    })
}

fn change(document: Value) -> Change {
    serde_json::from_value(document).unwrap()
}

#[test]
fn a_plan_says_how_much_moves_from_whom_to_whom_and_what_becomes_of_the_shares() {
    let expected = "\
plan: add S4 (epoch 12 -> 13)
moves 25.0 % of the ids (ideal 25.0 %): 16384 slots, 0 of them without need
live sessions whose id moves: 12
largest share: 33.4 % -> 25.1 %
ids that move, for example: 17 (S1 -> S4)

from    to  slots  of what moves
nobody  S4  10923         66.7 %
S1      S4   5461         33.3 %

backend  weight  share before   after
S1          1.5        33.4 %  25.0 %
";
    assert_eq!(change(added()).plan(), expected);
}

#[test]
fn a_change_that_was_made_is_one_line_and_its_names_a_line_each() {
    let made = change(added());
    assert_eq!(made.summary(), "add S4: epoch 13, moved 25.0 % of the ids (ideal 25.0 %), 0 slots without need\n");
    assert_eq!(made.names(), "S1\nS2\nS3\nS4\n");
}

#[test]
fn a_plan_that_changes_nothing_says_so() {
    let mut document = added();
    document["epoch"] = json!(12);
    document["effect"]["moves"] = json!([]);
    let plan = change(document).plan();
    assert!(plan.starts_with("plan: add S4 (epoch 12, which it leaves as it is)\n"), "{plan}");
    assert!(!plan.contains("of what moves"), "{plan}");
}

#[test]
fn of_many_moves_the_largest_are_shown() {
    let mut document = added();
    document["effect"]["moves"] =
        (0..30).map(|n| json!({"from": format!("S{n}"), "to": "T", "slots": n})).collect::<Vec<_>>().into();
    let plan = change(document).plan();
    assert!(plan.contains("\nS29 ") && !plan.contains("\nS9 ") && plan.contains("and 10 more"), "{plan}");
}

#[test]
fn a_difference_of_two_epochs_needs_no_sessions() {
    let mut effect = added()["effect"].clone();
    effect.as_object_mut().unwrap().remove("sessions_touched");
    let effect: Effect = serde_json::from_value(effect).unwrap();
    assert!(!effect.words().contains("live sessions"));
}
