//! The kernel's table.

use super::*;

#[test]
fn drops_are_hexadecimal_and_of_all_cpus() {
    let two_cpus = "000039f9 0000000a 00000000 00000000\n0000540a 00000010 00000001 00000000\n";
    assert_eq!(dropped_in(two_cpus), Some(26));
    assert_eq!(dropped_in("no numbers\n"), None);
}
