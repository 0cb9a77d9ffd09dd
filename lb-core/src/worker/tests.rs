//! How what there is for all workers is divided.

use super::share;

fn shares(all: usize, count: usize) -> Vec<usize> {
    (0..count).map(|number| share(all, count, number)).collect()
}

/// Two workers and one pipe: one of them has it, where an even division would have left none.
#[test]
fn every_worker_has_its_share_and_nothing_is_left_over() {
    assert_eq!(shares(1, 2), [1, 0]);
    assert_eq!(shares(7, 3), [3, 2, 2]);
    assert_eq!(shares(0, 2), [0, 0]);
}
