//! The buckets tile the times, as finely as is promised, and what was recorded can be read back.

use proptest::prelude::*;

use super::*;

/// Past the last bucket's lower bound everything is in it.
const FIRST_TOO_LONG_US: u64 = 1_000_000_000_000;

#[test]
fn the_buckets_follow_each_other_without_a_gap_and_are_a_tenth_wide_at_most() {
    for bucket in 0..BUCKETS - 1 {
        let (lower, upper) = (lower_bound_us(bucket), lower_bound_us(bucket + 1));
        assert!(lower < upper, "{bucket}");
        assert!(upper - lower <= (lower / 10).max(1), "{bucket} is {lower}..{upper}");
        assert_eq!((bucket_of(lower), bucket_of(upper - 1)), (bucket, bucket));
    }
}

#[test]
fn what_people_ask_for_is_a_bound() {
    for bound_us in [10, 100, 250, 500, 1000, 2000, 2500, 10_000, 60_000_000, 3_600_000_000] {
        assert_eq!(lower_bound_us(bucket_of(bound_us)), bound_us);
    }
}

#[test]
fn a_time_beyond_the_range_is_counted_in_the_last_bucket() {
    assert_eq!(bucket_of(FIRST_TOO_LONG_US - 1), BUCKETS - 1);
    assert_eq!(bucket_of(FIRST_TOO_LONG_US), BUCKETS - 1);
    assert_eq!(bucket_of(u64::MAX), BUCKETS - 1);
}

#[test]
fn two_workers_histograms_are_read_as_one() {
    let workers = [Histogram::default(), Histogram::default()];
    workers[0].record(0);
    workers[0].record(1999);
    workers[1].record(2000);
    workers[1].record(FIRST_TOO_LONG_US);
    let reading = Reading::of(&workers);
    assert_eq!((reading.count(), reading.sum_us()), (4, FIRST_TOO_LONG_US + 3999));
    assert_eq!([reading.below(10), reading.below(2000), reading.below(2100)], [1, 2, 3]);
}

/// The writer is never kept waiting, and a reader never sees more than was written.
#[test]
fn a_histogram_is_read_while_it_is_written() {
    const TIMES: u64 = 100_000;
    let histogram = Histogram::default();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| (0..TIMES).for_each(|time_us| histogram.record(time_us)));
        let mut seen = 0;
        while !writer.is_finished() {
            let count = Reading::of([&histogram]).count();
            assert!((seen..=TIMES).contains(&count), "{count} after {seen}");
            seen = count;
        }
    });
    let reading = Reading::of([&histogram]);
    assert_eq!((reading.count(), reading.below(10_000)), (TIMES, 10_000));
    assert_eq!(reading.sum_us(), TIMES * (TIMES - 1) / 2);
}

/// As many short times as long ones.
fn times() -> impl Strategy<Value = u64> {
    (any::<u64>(), 0..64_u32).prop_map(|(bits, shift)| bits >> shift)
}

proptest! {
    #[test]
    fn a_time_lies_between_the_bounds_of_its_bucket(time_us in times()) {
        let bucket = bucket_of(time_us);
        prop_assert!(lower_bound_us(bucket) <= time_us);
        prop_assert!(bucket == BUCKETS - 1 || time_us < lower_bound_us(bucket + 1));
    }

    #[test]
    fn longer_times_are_never_in_earlier_buckets(one in times(), two in times()) {
        prop_assert!(bucket_of(one.min(two)) <= bucket_of(one.max(two)));
    }

    #[test]
    fn count_sum_and_every_bound_agree_with_the_times_themselves(
        recorded in proptest::collection::vec(0..10_000_000_u64, 0..200),
        bucket in 0..BUCKETS,
    ) {
        let histogram = Histogram::default();
        recorded.iter().for_each(|&time_us| histogram.record(time_us));
        let reading = Reading::of([&histogram]);
        let bound_us = lower_bound_us(bucket);
        prop_assert_eq!(reading.count(), recorded.len() as u64);
        prop_assert_eq!(reading.sum_us(), recorded.iter().sum::<u64>());
        prop_assert_eq!(reading.below(bound_us), recorded.iter().filter(|&&time_us| time_us < bound_us).count() as u64);
    }
}
