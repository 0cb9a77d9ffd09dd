//! Buckets become rates.

use super::{BUCKET_MS, Timeline, bucket_start_ms};

#[test]
fn answers_are_counted_where_they_fall_and_grouped() {
    let mut timeline = Timeline::default();
    for (at, replica) in [(10.0, 0), (20.0, 1), (BUCKET_MS + 1.0, 2), (BUCKET_MS + 2.0, 2)] {
        timeline.answer(at, replica);
    }
    timeline.fail(BUCKET_MS * 2.0);
    let seat = |replica| [Some(1), Some(2), Some(1)][replica];
    let rates = timeline.rates(0.0, BUCKET_MS * 9.0, seat);
    assert_eq!(rates.answered[&1], [20.0, 40.0, 0.0]);
    assert_eq!(rates.answered[&2], [20.0, 0.0, 0.0]);
    assert_eq!(rates.failed, [0.0, 0.0, 20.0]);
    assert_eq!(rates.x_s.len(), 3);
}

#[test]
fn a_part_begins_with_its_bucket_and_may_be_empty() {
    let mut timeline = Timeline::default();
    timeline.answer(BUCKET_MS * 3.5, 0);
    let rates = timeline.rates(BUCKET_MS * 3.2, BUCKET_MS * 4.0, |_| Some(7));
    assert_eq!((rates.answered[&7].as_slice(), rates.x_s.len()), ([20.0].as_slice(), 1));
    assert_eq!(bucket_start_ms(BUCKET_MS * 3.2), BUCKET_MS * 3.0);
    assert!(timeline.rates(BUCKET_MS * 8.0, BUCKET_MS * 9.0, |_| Some(7)).x_s.is_empty());
}
