//! Reading strace's table.

use super::calls_in_total;

#[test]
fn the_total_is_found_with_and_without_errors() {
    let table = "% time     seconds  usecs/call     calls    errors syscall\n------\n 60.00    0.000012           1        12         3 read\n------ ----------- ----------- --------- --------- ----------------\n100.00    0.000020           1        20         3 total\n";
    assert_eq!(calls_in_total(table), Some(20));
    assert_eq!(calls_in_total("100.00    0.000020           1        20           total\n"), Some(20));
    assert_eq!(calls_in_total(""), None);
}
