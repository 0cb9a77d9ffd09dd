//! The line of /proc/PID/stat, with names that processes really give themselves.

use super::*;

#[test]
fn brackets_and_spaces_in_a_name_do_not_shift_the_fields() {
    let sleeping = Stat { zombie: false, parent: 7, session: 5, cpu_ticks: 0 };
    assert_eq!(parse("42 (lb) S 7 6 5 0 -1"), Some(sleeping));
    assert_eq!(parse("42 (a) Z 1 (b c) S 7 6 5 0 -1"), Some(sleeping));
    assert_eq!(parse("42 (lb) Z 7 6 5 0 -1"), Some(Stat { zombie: true, ..sleeping }));
}

#[test]
fn cpu_time_is_that_of_user_and_kernel_and_of_children_that_were_waited_for() {
    let text = "42 (lb) S 7 6 5 0 -1 4194560 99 98 97 96 1000 200 30 4 20 0 1 0 555 0 0";
    assert_eq!(parse(text).map(|stat| stat.cpu_ticks), Some(1234));
}

#[test]
fn what_is_no_such_line_is_no_process() {
    for text in ["", "42 (lb", "42 (lb) S", "42 (lb) S 7 6", "42 (lb) S x 6 5"] {
        assert_eq!(parse(text), None, "{text:?}");
    }
}
