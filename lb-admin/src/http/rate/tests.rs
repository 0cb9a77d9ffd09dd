//! The bucket by a clock that the test sets.

use proptest::prelude::*;

use super::*;

const MS: Duration = Duration::from_millis(1);

#[test]
fn a_burst_is_taken_then_one_an_interval() {
    let start = Instant::now();
    let mut bucket = Bucket::full(500, 2_000, start);
    assert!((0..2_000).all(|_| bucket.take(start).is_ok()));
    assert_eq!(bucket.take(start), Err(2 * MS));
    assert_eq!(bucket.take(start + MS), Err(MS));
    assert_eq!(bucket.take(start + 2 * MS), Ok(()));
    assert!(bucket.take(start + 2 * MS).is_err(), "a refusal takes nothing, an interval gives one");
}

#[test]
fn rest_fills_it_up_to_the_burst_and_no_further() {
    let start = Instant::now();
    let mut bucket = Bucket::full(10, 20, start);
    assert!((0..20).all(|_| bucket.take(start).is_ok()));
    let later = start + Duration::from_secs(3600);
    assert_eq!((0..100).filter(|_| bucket.take(later).is_ok()).count(), 20);
}

#[test]
fn zero_is_no_limit() {
    let rate = ChangeRate::new(0);
    assert!((0..10_000).all(|_| rate.take().is_ok()));
    assert_eq!((0..10).filter(|_| ChangeRate::new(1).take().is_ok()).count(), 10, "each has its own");
    let rate = ChangeRate::new(1);
    assert!((0..10).filter(|_| rate.clone().take().is_ok()).count() < 10, "clones share theirs");
}

proptest! {
    #[test]
    fn never_more_than_the_burst_and_what_time_gives(steps in proptest::collection::vec(0u64..50, 1..500)) {
        let start = Instant::now();
        let mut bucket = Bucket::full(100, 30, start);
        let (mut now, mut taken) = (start, 0);
        for step in steps {
            now += Duration::from_millis(step);
            taken += u128::from(bucket.take(now).is_ok());
            prop_assert!(taken <= 30 + (now - start).as_millis() / 10);
        }
    }
}
