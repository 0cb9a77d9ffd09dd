//! A killed backend doesn't exhaust the budget, a dead pool does, and nothing is saved up for longer than the window.

use proptest::prelude::*;

use super::*;

/// Most that a window allows without any session.
const FLOOR: u64 = FLOOR_PER_SECOND * WINDOW_SECONDS as u64;

fn withdrawn(budget: &mut RetryBudget, now_ms: u64, asked: u64) -> u64 {
    (0..asked).filter(|_| budget.withdraw(now_ms)).count() as u64
}

/// FAULTS B1, much harder: 250 requests in flight on one of three backends that take half a second, killed twice a second.
#[test]
fn a_backend_killed_twice_a_second_with_hundreds_in_flight_never_exhausts_it() {
    let mut budget = RetryBudget::new(100);
    for half_second in 0..120 {
        let now_ms = half_second * 500;
        (0..750).for_each(|_| budget.deposit(now_ms));
        assert_eq!(withdrawn(&mut budget, now_ms + 250, 250), 250, "in half second {half_second}");
    }
}

#[test]
fn the_first_kill_on_an_idle_front_is_paid_by_the_floor() {
    assert_eq!(withdrawn(&mut RetryBudget::new(100), 7, 250), 250);
}

/// Every session dies on every backend and would be replayed three times.
#[test]
fn a_dead_pool_gets_no_more_than_its_percentage_and_the_floor() {
    for percent in [20, 100] {
        let mut budget = RetryBudget::new(percent);
        let replays: u64 = (0..60_000)
            .map(|now_ms| {
                budget.deposit(now_ms);
                withdrawn(&mut budget, now_ms, 3)
            })
            .sum();
        let share = 60_000 * u64::from(percent) / 100;
        let floor = 60 * FLOOR_PER_SECOND + FLOOR;
        assert!((share..=share + floor).contains(&replays), "{percent} %: {replays} replays of 60000 sessions");
    }
}

#[test]
fn what_is_not_used_within_the_window_is_gone() {
    let mut budget = RetryBudget::new(100);
    (0..10_000).for_each(|_| budget.deposit(0));
    let window_ms = WINDOW_SECONDS as u64 * 1000;
    assert_eq!(withdrawn(&mut budget.clone(), window_ms - 1, 20_000), 10_000 + FLOOR);
    assert_eq!(withdrawn(&mut budget, window_ms, 20_000), FLOOR);
    assert_eq!(withdrawn(&mut budget, window_ms * 1000, 20_000), FLOOR, "after a long silence");
}

#[test]
fn zero_percent_is_none_at_all() {
    let mut budget = RetryBudget::new(0);
    budget.deposit(0);
    assert!(!budget.allows_any() && !budget.withdraw(0));
}

proptest! {
    /// Against a list of all that ever happened.
    #[test]
    fn it_counts_as_a_list_of_everything_would(
        percent in 1_u32..300,
        steps in prop::collection::vec((0_u64..3000, 0_u64..200, 0_u64..400), 1..60),
    ) {
        let mut budget = RetryBudget::new(percent);
        let (mut sessions, mut replays) = (Vec::new(), Vec::new());
        let mut now_ms = 0;
        for (passed_ms, deposits, asked) in steps {
            now_ms += passed_ms;
            (0..deposits).for_each(|_| budget.deposit(now_ms));
            sessions.extend((0..deposits).map(|_| now_ms / 1000));
            let oldest = (now_ms / 1000).saturating_sub(WINDOW_SECONDS as u64 - 1);
            let recent = |seconds: &[u64]| seconds.iter().filter(|second| **second >= oldest).count() as u64;
            let allowed = recent(&sessions) * u64::from(percent) / 100 + FLOOR;
            let expected = asked.min(allowed.saturating_sub(recent(&replays)));
            prop_assert_eq!(withdrawn(&mut budget, now_ms, asked), expected);
            replays.extend((0..expected).map(|_| now_ms / 1000));
        }
    }
}
