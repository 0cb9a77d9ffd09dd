//! Grouped digits and percentages.

use super::{p_value, percent, thousands};

#[test]
fn digits_are_grouped_by_three() {
    let cases = [(0, "0"), (999, "999"), (1000, "1,000"), (12_345, "12,345"), (1_000_000, "1,000,000")];
    for (number, text) in cases {
        assert_eq!(thousands(number), text);
    }
}

#[test]
fn nothing_of_nothing_is_no_percent_and_tiny_p_values_are_not_zero() {
    assert_eq!((percent(1, 4), percent(0, 0)), (25.0, 0.0));
    assert_eq!((p_value(0.5).as_str(), p_value(0.0).as_str()), ("p = 0.5000", "p < 0.0001"));
}
