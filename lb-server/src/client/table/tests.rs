//! How columns stand.

use super::*;

#[test]
fn names_stand_to_the_left_and_numbers_to_the_right() {
    let rows = [
        ["S1".to_owned(), "9".to_owned()],
        ["S1234".to_owned(), "-".to_owned()],
        ["S2".to_owned(), "12.5 %".to_owned()],
    ];
    assert_eq!(table(["name", "share"], &rows), "name    share\nS1          9\nS1234       -\nS2     12.5 %\n");
}

#[test]
fn no_line_ends_in_spaces_and_no_row_is_no_error() {
    let rows = [["a".to_owned(), String::new()]];
    assert_eq!(table(["long head", "x"], &rows), "long head  x\na\n");
    assert_eq!(table(["name", "share"], &[]), "name  share\n");
}

#[test]
fn shares_have_one_decimal() {
    assert_eq!(percent(1.0 / 3.0), "33.3 %");
}
