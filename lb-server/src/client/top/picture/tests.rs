//! What is remembered from look to look, and what a restart of the balancer makes of it.

use super::super::samples::Seat;
use super::super::testing::{at, event, look, of, summary};
use super::*;

fn with_events(second: u64, after: u64, ids: std::ops::RangeInclusive<u64>) -> Look {
    let events = ids.map(|id| event(id, second, "ready", &format!("S{id}"), "")).collect();
    Look { after, ..of(&summary(second), vec![], events) }
}

fn ids(picture: &Picture) -> Vec<u64> {
    picture.events.iter().map(|event| event.id).collect()
}

#[test]
fn events_are_added_and_none_is_told_twice() {
    let mut picture = Picture::new(with_events(5, 0, 1..=2));
    assert_eq!(picture.take(with_events(6, 2, 3..=4)), Taken::Whole);
    assert_eq!(picture.take(with_events(7, 2, 3..=5)), Taken::Whole);
    assert_eq!((ids(&picture), picture.last_event()), (vec![1, 2, 3, 4, 5], 5));
}

#[test]
fn no_more_events_are_kept_than_the_balancer_keeps() {
    let mut picture = Picture::new(with_events(5, 0, 1..=1000));
    picture.take(with_events(6, 1000, 1001..=1003));
    assert_eq!((picture.events.len(), picture.events[0].id), (1000, 4));
}

#[test]
fn of_a_balancer_that_was_started_anew_nothing_of_before_counts() {
    let mut picture = Picture::new(look(100, &[("S1", "ready", 1000)]));
    picture.take(look(101, &[("S1", "ready", 1100)]));
    assert_eq!(picture.samples.rate(&Seat::Number(1)), Some(100.0));
    // 60 seconds later, by its own clock, it has been up for one.
    let mut anew = summary(160);
    anew["uptime_seconds"] = 1.0.into();
    let look = Look { after: 7, ..of(&anew, vec![], vec![event(1, 160, "ready", "S1", "")]) };
    assert_eq!(picture.take(look), Taken::WithoutItsEvents);
    assert_eq!((picture.samples.total(), picture.last_event()), (None, 0));
    let whole = of(&anew, vec![], vec![event(1, 160, "ready", "S1", "")]);
    assert_eq!(picture.take(whole), Taken::Whole);
    assert_eq!(picture.last_event(), 1);
}

#[test]
fn rounding_is_no_restart() {
    let mut picture = Picture::new(with_events(5, 0, 1..=2));
    let mut next = summary(6);
    next["uptime_seconds"] = 4.6.into();
    next["now"] = at(6).into();
    assert_eq!(picture.take(Look { after: 2, ..of(&next, vec![], vec![]) }), Taken::Whole);
    assert_eq!(picture.last_event(), 2);
}
