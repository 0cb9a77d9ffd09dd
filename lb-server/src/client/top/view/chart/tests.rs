//! Blocks for values: the highest fills, nothing is a dot, unknown is empty.

use proptest::prelude::*;

use super::*;

#[test]
fn a_sparkline_tells_nothing_from_unknown_and_from_little() {
    assert_eq!(sparkline(&[None, Some(0.0), Some(0.001), Some(4.0), Some(8.0)]), " ·▁▄█");
    assert_eq!(sparkline(&[Some(0.0), Some(0.0)]), "··");
    assert_eq!(sparkline(&[]), "");
}

#[test]
fn columns_grow_from_below() {
    assert_eq!(bars(&[Some(1.0), Some(0.5), Some(0.75), Some(0.0), None], 2), ["█ ▄  ", "███· "]);
    assert_eq!(bars(&[Some(1.0)], 0), [""; 0]);
}

#[test]
fn a_bar_shows_what_is_had_and_what_is_due() {
    assert_eq!(bar(0.5, 0.75, 1.0, 8), "━━━━ │  ");
    assert_eq!(bar(1.0, 0.5, 1.0, 4), "━│━━");
    assert_eq!(bar(0.0, 0.0, 0.0, 3), "   ");
}

proptest! {
    #[test]
    fn they_are_as_wide_and_high_as_asked(
        values in prop::collection::vec(prop::option::of(0.0_f64..1e9), 0..80), rows in 0_usize..12,
    ) {
        let lines = bars(&values, rows);
        prop_assert_eq!(lines.len(), rows);
        prop_assert!(lines.iter().all(|line| line.chars().count() == values.len()));
    }

    #[test]
    fn a_bar_never_leaves_its_columns(has in 0.0_f64..2.0, due in 0.0_f64..2.0, most in 0.0_f64..2.0, columns in 0_usize..40) {
        prop_assert_eq!(bar(has, due, most, columns).chars().count(), columns);
    }
}
