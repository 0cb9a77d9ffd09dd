//! How the ring reads.

use serde_json::{Value, json};

use super::*;

fn ring(more: Value) -> Ring {
    let mut document = json!({
        "epoch": 3, "hash": "rendezvous", "slots": 4, "seed": 0, "digest": "0123456789abcdef", "max_over_mean": 1.5,
        "shares": [{"name": "S1", "seat": 1, "weight": 2.0, "slots": 3, "share": 0.75, "share_ideal": 0.6667}],
    });
    document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(document).unwrap()
}

#[test]
fn shares_stand_beside_what_their_weights_would_have() {
    let expected = "\
rendezvous, 4 slots, seed 0, epoch 3, digest 0123456789abcdef, largest share 1.500 of the mean

backend  seat  weight  slots   share  by weight
S1          1       2      3  75.0 %     66.7 %
";
    assert_eq!(ring(json!({})).words(), expected);
}

#[test]
fn of_one_backend_the_slots_are_told_as_ranges() {
    let words = ring(json!({"ranges": [[0, 1], [3, 3]], "ranges_total": 5})).words();
    assert!(words.ends_with("\nits slots: 0-1 3 … (3 more ranges)\n"), "{words}");
}
