//! Against the kernel's list itself: what was ready by the moment that is told has been fetched.

use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;

proptest! {
    /// Each step a few descriptors become ready, then a turn fetches a batch from the front.
    #[test]
    fn whatever_was_ready_by_then_has_been_fetched(
        steps in prop::collection::vec((prop::collection::vec(0_usize..20, 0..12), 1_usize..6, 0_u64..5), 1..200),
    ) {
        let (mut ready, mut caught_up, mut now_ms) = (VecDeque::<(usize, u64)>::new(), CaughtUp::default(), 1);
        for (news, batch, passed_ms) in steps {
            now_ms += passed_ms;
            for descriptor in news {
                if !ready.iter().any(|&(waiting, _)| waiting == descriptor) {
                    ready.push_back((descriptor, now_ms));
                }
            }
            let fetched = ready.drain(..batch.min(ready.len())).count();
            let before_ms = caught_up.until_ms();
            caught_up.fetched(now_ms, fetched, fetched == batch, 20);
            prop_assert!((before_ms..=now_ms).contains(&caught_up.until_ms()));
            let oldest_ms = ready.iter().map(|&(_, since_ms)| since_ms).min();
            prop_assert!(oldest_ms.is_none_or(|oldest_ms| caught_up.until_ms() <= oldest_ms), "{ready:?} {caught_up:?}");
        }
    }

    /// 20 descriptors that are always ready.
    #[test]
    fn it_is_never_more_than_two_rounds_behind(batch in 1_usize..30, turns in 1_u64..200) {
        let mut caught_up = CaughtUp::default();
        let turns_a_round = 20_usize.div_ceil(batch) as u64;
        for now_ms in 1..turns {
            caught_up.fetched(now_ms, batch, true, 20);
            prop_assert!(now_ms < caught_up.until_ms() + 2 * turns_a_round, "{now_ms} {caught_up:?}");
        }
    }
}

#[test]
fn a_turn_that_fetched_all_there_was_knows_everything() {
    let mut caught_up = CaughtUp::default();
    caught_up.fetched(7, 64, true, 1_000);
    assert_eq!(caught_up.until_ms(), 0);
    caught_up.fetched(9, 0, false, 1_000);
    assert_eq!(caught_up.until_ms(), 9);
}
