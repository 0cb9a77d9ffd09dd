//! Text that is cut, filled and broken, whatever is in it.

use proptest::prelude::*;

use super::*;

#[test]
fn what_fits_stays_and_what_does_not_ends_with_a_sign() {
    assert_eq!(cut("ready", 5), "ready");
    assert_eq!(cut("starting", 5), "star…");
    assert_eq!(cut("x", 0), "");
    assert_eq!((left("ab", 4), right("ab", 4)), ("ab  ".to_owned(), "  ab".to_owned()));
}

#[test]
fn lines_break_between_words_and_long_words_anywhere() {
    assert_eq!(wrapped("one two  three", 7), ["one two", "three"]);
    assert_eq!(wrapped("one two three", 9), ["one two", "three"]);
    assert_eq!(wrapped("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
    assert_eq!(wrapped("rank  name", 20), ["rank  name"], "columns of its own are kept");
    assert_eq!(wrapped("  0  S4  down since noon", 14), ["  0  S4  down", "since noon"]);
    assert_eq!(wrapped("a\n\nb", 9), ["a", "", "b"]);
}

#[test]
fn nothing_moves_the_cursor() {
    assert_eq!(visible("a\u{1b}[2Jb\tc"), "a·[2Jb·c");
}

#[test]
fn the_right_end_is_always_seen() {
    let line = ends(Line::raw("a very long left end"), Span::raw("live"), 12);
    assert_eq!(line.to_string(), "a very… live");
    assert_eq!(ends(Line::raw("a"), Span::raw("live"), 8).to_string(), "a   live");
}

proptest! {
    #[test]
    fn a_text_is_as_wide_as_asked(text in "[a-zü日\u{1b}\n ]{0,40}", columns in 0_usize..50) {
        prop_assert!(width(&cut(&text, columns)) <= columns);
        prop_assert_eq!(width(&left(&text, columns)), columns);
        prop_assert_eq!(width(&right(&text, columns)), columns);
    }

    #[test]
    fn broken_lines_fit_and_lose_nothing(text in "[a-z ]{0,120}", columns in 1_usize..40) {
        let lines = wrapped(&text, columns);
        prop_assert!(lines.iter().all(|line| width(line) <= columns));
        let letters = |text: &str| text.chars().filter(|c| *c != ' ').collect::<String>();
        prop_assert_eq!(letters(&lines.concat()), letters(&text));
    }
}
