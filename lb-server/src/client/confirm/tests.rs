//! What counts as a yes.

use super::*;

#[test]
fn only_a_clear_yes_is_one() {
    for line in ["y\n", "Y\r\n", "yes", " YES \n"] {
        assert_eq!(judged(line), Confirmed::Yes, "{line:?}");
    }
    for line in ["", "\n", "n\n", "yep\n", "y n\n"] {
        assert_eq!(judged(line), Confirmed::No, "{line:?}");
    }
}
