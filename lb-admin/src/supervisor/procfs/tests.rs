//! The line of /proc/PID/stat, with names that processes really give themselves.

use super::*;

#[test]
fn brackets_and_spaces_in_a_name_do_not_shift_the_fields() {
    let sleeping = Stat { zombie: false, parent: 7, session: 5 };
    assert_eq!(parse("42 (lb) S 7 6 5 0 -1"), Some(sleeping));
    assert_eq!(parse("42 (a) Z 1 (b c) S 7 6 5 0 -1"), Some(sleeping));
    assert_eq!(parse("42 (lb) Z 7 6 5 0 -1"), Some(Stat { zombie: true, ..sleeping }));
}

#[test]
fn what_is_no_such_line_is_no_process() {
    for text in ["", "42 (lb", "42 (lb) S", "42 (lb) S 7 6", "42 (lb) S x 6 5"] {
        assert_eq!(parse(text), None, "{text:?}");
    }
}
