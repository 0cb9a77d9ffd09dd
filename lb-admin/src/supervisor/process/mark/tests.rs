//! Reading an environment as the kernel shows it.

use super::*;

#[test]
fn a_variable_is_found_by_its_whole_name() {
    let environ = b"XLB_REPLICA=1\0LB_REPLICA_X=2\0LB_REPLICA=3\0LB_REPLICA=4\0EMPTY=\0BAD=\xff\0";
    assert_eq!(variable(environ, REPLICA), Some("3"));
    assert_eq!(variable(environ, "EMPTY"), Some(""));
    assert_eq!(variable(environ, "BAD"), None);
    assert_eq!(variable(environ, INSTANCE), None);
    assert_eq!(variable(b"", INSTANCE), None);
}

#[test]
fn nobody_carries_a_mark_that_was_never_given() {
    assert_eq!(Mark::new("no such instance".to_owned()).look(), []);
}
