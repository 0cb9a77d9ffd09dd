//! Deadlines come up in their order, and no earlier.

use super::*;

#[test]
fn entries_come_up_in_order_of_time_and_not_early() {
    let key = |index| SessionKey { index, generation: 0 };
    let mut timers = Timers::default();
    for (at, index) in [(30, 3), (10, 1), (20, 2)] {
        timers.arm(at, key(index));
    }
    assert_eq!(timers.next_ms(), Some(10));
    assert_eq!(timers.due(9), None);
    assert_eq!(timers.due(25), Some((10, key(1))));
    assert_eq!(timers.due(25), Some((20, key(2))));
    assert_eq!(timers.due(25), None);
}
