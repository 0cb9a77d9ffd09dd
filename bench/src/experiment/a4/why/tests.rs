//! The facts behind the words.

use super::explain;

#[test]
fn only_87_slots_can_be_hit_and_one_arc_holds_most_of_them() {
    let why = explain(3).unwrap();
    assert_eq!((why.slots, why.hit, why.arc.owner), (512, 87, 1));
    assert!((why.owner_ids_percent - 84.4).abs() < 0.1, "{why:?}");
    // Its positions begin at slot 26; all others lie before the arc.
    assert!(why.arc.length > 400 && why.arc_ids_percent > 75.0, "{why:?}");
}

#[test]
fn the_functions_are_squares_as_the_words_say() {
    let squares: std::collections::BTreeSet<u64> = (0..512_u64).map(|i| i * i % 512).collect();
    assert_eq!(squares.len(), 87);
    for i in 0..1000_u64 {
        assert_eq!(i * i + 2 * i + 17, (i + 1) * (i + 1) + 16);
        assert!((0..9).all(|j: u64| i * i + j * j + 2 * j + 25 == i * i + (j + 1) * (j + 1) + 24));
    }
}
