//! The buckets tile the times, as finely as is promised, and what was recorded can be read back.

use proptest::prelude::*;

use super::scale::Quarters;
use super::*;

/// Past the last bucket of [`Digits`] everything is in it.
const FIRST_TOO_LONG_US: u64 = 1_000_000_000_000;

/// `parts`: a bucket is at most this part of its lower bound wide.
fn tile_without_a_gap<S: Scale>(parts: u64) {
    for bucket in 0..S::BUCKETS - 1 {
        let (lower, upper) = (S::lower_bound_us(bucket), S::lower_bound_us(bucket + 1));
        assert!(lower < upper, "{bucket}");
        assert!(upper - lower <= (lower / parts).max(1), "{bucket} is {lower}..{upper}");
        assert_eq!((S::bucket_of(lower), S::bucket_of(upper - 1)), (bucket, bucket));
    }
    let last = S::BUCKETS - 1;
    for time_us in [S::lower_bound_us(last), 2 * S::lower_bound_us(last), u64::MAX] {
        assert_eq!(S::bucket_of(time_us), last);
    }
}

#[test]
fn the_buckets_follow_each_other_without_a_gap_and_are_as_narrow_as_promised() {
    tile_without_a_gap::<Digits>(10);
    tile_without_a_gap::<Quarters>(4);
}

#[test]
fn what_people_ask_for_is_a_bound() {
    for bound_us in [10, 100, 250, 500, 1000, 2000, 2500, 10_000, 60_000_000, 3_600_000_000] {
        assert_eq!(Digits::lower_bound_us(Digits::bucket_of(bound_us)), bound_us);
    }
}

#[test]
fn a_time_beyond_the_range_is_counted_in_the_last_bucket() {
    assert_eq!(Digits::bucket_of(FIRST_TOO_LONG_US - 1), Digits::BUCKETS - 1);
    assert_eq!(Digits::bucket_of(FIRST_TOO_LONG_US), Digits::BUCKETS - 1);
}

#[test]
fn of_nothing_there_is_no_quantile() {
    assert_eq!(Reading::<Digits>::of([]).quantile(0.5), None);
}

#[test]
fn a_quantile_lies_in_the_bucket_that_its_time_was_counted_in() {
    let histogram = Histogram::<Quarters>::default();
    (0..99).for_each(|_| histogram.record(1000));
    histogram.record(50_000);
    let reading = Reading::of([&histogram]);
    let [p50, p99, p100] = [0.5, 0.99, 1.0].map(|quantile| reading.quantile(quantile).unwrap());
    // The bucket of 1 ms is 896 to 1024 us, that of 50 ms 49.152 to 57.344 ms.
    assert!((0.000_896..0.001_024).contains(&p50), "{p50}");
    assert!((0.000_896..=0.001_024).contains(&p99), "{p99}");
    assert!((0.049_152..=0.057_344).contains(&p100), "{p100}");
}

#[test]
fn readings_add_up() {
    let [one, other] = [Histogram::<Quarters>::default(), Histogram::default()];
    one.record(10);
    other.record(1000);
    other.record(2000);
    let mut sum = Reading::of([&one]);
    sum.add(&Reading::of([&other]));
    assert_eq!(sum, Reading::of([&one, &other]));
}

#[test]
fn two_workers_histograms_are_read_as_one() {
    let workers: [Histogram; 2] = Default::default();
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
    let histogram = Histogram::<Digits>::default();
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
        let bucket = Digits::bucket_of(time_us);
        prop_assert!(Digits::lower_bound_us(bucket) <= time_us);
        prop_assert!(bucket == Digits::BUCKETS - 1 || time_us < Digits::lower_bound_us(bucket + 1));
    }

    #[test]
    fn longer_times_are_never_in_earlier_buckets(one in times(), two in times()) {
        let (shorter, longer) = (one.min(two), one.max(two));
        prop_assert!(Digits::bucket_of(shorter) <= Digits::bucket_of(longer));
        prop_assert!(Quarters::bucket_of(shorter) <= Quarters::bucket_of(longer));
    }

    #[test]
    fn count_sum_and_every_bound_agree_with_the_times_themselves(
        recorded in proptest::collection::vec(0..10_000_000_u64, 0..200),
        bucket in 0..Digits::BUCKETS,
    ) {
        let histogram = Histogram::<Digits>::default();
        recorded.iter().for_each(|&time_us| histogram.record(time_us));
        let reading = Reading::of([&histogram]);
        let bound_us = Digits::lower_bound_us(bucket);
        prop_assert_eq!(reading.count(), recorded.len() as u64);
        prop_assert_eq!(reading.sum_us(), recorded.iter().sum::<u64>());
        prop_assert_eq!(reading.below(bound_us), recorded.iter().filter(|&&time_us| time_us < bound_us).count() as u64);
    }

    #[test]
    fn a_quantile_is_off_by_no_more_than_a_quarter(
        mut recorded in proptest::collection::vec(0..100_000_000_u64, 1..200),
        quantile in 0.0_f64..=1.0,
    ) {
        let histogram = Histogram::<Quarters>::default();
        recorded.iter().for_each(|&time_us| histogram.record(time_us));
        recorded.sort_unstable();
        let rank = (quantile * recorded.len() as f64).ceil().max(1.0) as usize;
        let exact = recorded[rank - 1] as f64 / 1e6;
        let found = Reading::of([&histogram]).quantile(quantile).unwrap();
        prop_assert!((found - exact).abs() <= exact / 4.0 + 1e-6, "{found} for {exact}");
    }
}
