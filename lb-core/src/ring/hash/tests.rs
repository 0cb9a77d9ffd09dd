//! Which keys are numbers and which are hashed, and that the secret stays one.

use super::*;

fn numbers() -> KeyHasher {
    KeyHasher::new([7; 16], true)
}

fn hashed() -> KeyHasher {
    KeyHasher::new([7; 16], false)
}

#[test]
fn digits_are_that_number_under_assignment() {
    for (key, number) in
        [("7", 7), ("007", 7), ("0", 0), ("132574", 132_574), ("9999999999999999999", 9_999_999_999_999_999_999)]
    {
        assert_eq!(numbers().hash(key.as_bytes()), KeyHash(number), "{key}");
    }
}

#[test]
fn anything_but_1_to_19_digits_is_hashed_under_assignment_too() {
    for key in ["", "12345678901234567890", "-1", "+1", "1.0", "1e3", " 1", "seven", "١"] {
        assert_eq!(numbers().hash(key.as_bytes()), hashed().hash(key.as_bytes()), "{key}");
    }
}

#[test]
fn digits_are_hashed_under_the_other_rules() {
    assert_ne!(hashed().hash(b"7"), KeyHash(7));
    assert_ne!(hashed().hash(b"7"), hashed().hash(b"007"));
}

#[test]
fn the_hash_is_siphash_1_3_under_the_secret() {
    // The zero key and the empty message. Another value would send every id of every user elsewhere.
    assert_eq!(KeyHasher::new([0; 16], false).hash(b""), KeyHash(0xd1fb_a762_150c_532c));
    assert_ne!(hashed().hash(b"id"), KeyHasher::new([8; 16], false).hash(b"id"));
}

#[test]
fn the_secret_is_not_in_the_debug_output() {
    let shown = |byte| format!("{:?}", KeyHasher::new([byte; 16], false));
    assert_eq!(shown(1), shown(2));
}
