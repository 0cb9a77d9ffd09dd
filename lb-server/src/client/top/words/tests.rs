//! Numbers and times as people read them, and events in plain words.

use super::super::testing::{event, of, summary};
use super::*;

#[test]
fn numbers_are_short() {
    assert_eq!([0, 999, 1000, 65_536, 1_234_567].map(count), ["0", "999", "1,000", "65,536", "1,234,567"]);
    assert_eq!([0, 9999, 10_000, 9_999_999, 10_000_000].map(brief), ["0", "9999", "10k", "9999k", "10M"]);
    assert_eq!([0.0, 0.04, 9.94, 9.96, 1234.4, 56_789.0].map(rate), ["0", "0.0", "9.9", "10", "1234", "56k"]);
    assert_eq!([None, Some(0.0), Some(0.184), Some(1.0)].map(percent), ["-", "0.0", "18.4", "100"]);
}

#[test]
fn times_are_in_their_largest_units() {
    let of = |seconds| Duration::from_secs(seconds);
    assert_eq!([0, 59, 60, 3599, 3600, 90_000].map(|s| age(of(s))), ["0s", "59s", "1m", "59m", "1h", "1d"]);
    assert_eq!([59, 3600, 7500, 90_000].map(|s| span(of(s))), ["59s", "1h 0m", "2h 5m", "1d 1h"]);
    let pair = |one, other| shorts(Some(one), Some(other));
    assert_eq!(pair(0.0008, 0.029), "0.8/29ms");
    assert_eq!(pair(0.12, 1.5), "120ms/1.5s");
    assert_eq!(pair(0.00994, 0.9994), "9.9/999ms");
    assert_eq!(shorts(None, Some(1.0)), "-");
    let at = |seconds| SystemTime::UNIX_EPOCH + of(seconds);
    assert_eq!(clock(at(3661), at(3700)), "01:01:01");
    assert_eq!(clock(at(3661), at(3661 + 86_400)), "1d ago");
}

#[test]
fn events_are_told_in_plain_words() {
    let told = |kind: &str, name: &str, detail: &str| {
        sentence(&of(&summary(0), vec![], vec![event(1, 0, kind, name, detail)]).events[0])
    };
    assert_eq!(told("died", "S4", "killed by signal 9"), "S4 died: killed by signal 9");
    assert_eq!(told("ready", "S4", ""), "S4 takes requests");
    assert_eq!(told("mapped", "*", "epoch 2: add S4"), "epoch 2: add S4");
    assert_eq!(told("scaled", "autoscale", "3 -> 4"), "autoscale: 3 -> 4");
    assert_eq!(told("fail_open", "*", "4 of 5"), "Checks are suspected, all are routed to: 4 of 5");
    assert_eq!(told("something_new", "S1", "x"), "S1 something new: x", "a later balancer's");
}
