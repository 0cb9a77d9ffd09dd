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

#[test]
fn entries_of_sessions_that_are_gone_do_not_pile_up() {
    const LASTING: u32 = 10;
    let mut timers = Timers::default();
    for index in 0..100_000 {
        timers.arm(3_600_000 + u64::from(index), SessionKey { index, generation: 0 });
        timers.sweep(LASTING as usize, |_, key| key.index < LASTING);
        assert!(timers.heap.len() <= SWEPT_FROM, "{} entries for {LASTING} sessions", timers.heap.len());
    }
    let kept = std::iter::from_fn(|| timers.due(u64::MAX)).take_while(|(_, key)| key.index < LASTING).count();
    assert_eq!(kept, LASTING as usize);
}
