//! The text of histograms, read back by a parser of our own: what Prometheus would refuse or misread is wrong here too.

use std::collections::BTreeMap;

use lb_core::histogram::scale::{Digits, Quarters};

use super::super::page::{Format, Page};
use super::super::tests::page;
use super::*;
use crate::http::testing::agreeing;

/// One histogram of a page.
#[derive(Debug, Default, PartialEq)]
struct Parsed {
    /// Upper bound → cumulative count, as the page has them in order.
    buckets: Vec<(f64, u64)>,
    sum: f64,
    count: u64,
}

/// Every histogram of a page by its name. Panics where a line isn't as the format has it.
fn parse(page: &str) -> BTreeMap<String, Parsed> {
    let mut found: BTreeMap<String, Parsed> = BTreeMap::new();
    let mut current: Option<String> = None;
    for line in page.lines() {
        if let Some(described) = line.strip_prefix("# TYPE ") {
            let (name, kind) = described.split_once(' ').unwrap();
            current = (kind == "histogram").then(|| name.to_owned());
            if let Some(name) = &current {
                assert!(found.insert(name.clone(), Parsed::default()).is_none(), "{name} is there twice");
            }
        } else if let Some(name) = current.as_ref().filter(|_| !line.starts_with('#')) {
            let histogram = found.get_mut(name).unwrap();
            let (series, value) = line.strip_prefix(name.as_str()).unwrap().split_once(' ').unwrap();
            match series {
                "_sum" => histogram.sum = value.parse().unwrap(),
                "_count" => histogram.count = value.parse().unwrap(),
                bucket if bucket.starts_with("_bucket{le=") => {
                    let le = bucket.strip_prefix("_bucket{le=\"").unwrap().strip_suffix("\"}").unwrap();
                    let bound = if le == "+Inf" { f64::INFINITY } else { le.parse().unwrap() };
                    histogram.buckets.push((bound, value.parse().unwrap()));
                }
                labelled => panic!("{labelled}"),
            }
        }
    }
    found
}

/// The page of one histogram with this in it.
fn page_of(times_us: &[u64], bounds_us: &[u64]) -> String {
    let histogram = Histogram::<Digits>::default();
    times_us.iter().for_each(|&time_us| histogram.record(time_us));
    let mut page = Page::new(Format::Text);
    page.histograms("one_seconds", "for the test", [([], up_to(&Reading::of([&histogram]), bounds_us))]);
    page.finish()
}

#[test]
fn times_are_counted_up_to_each_bound() {
    let page = page_of(&[0, 99, 100, 1999, 2000, 50_000_000], &[100, 2000, 10_000]);
    let parsed = &parse(&page)["lb_one_seconds"];
    assert_eq!(parsed.buckets, [(0.0001, 2), (0.002, 4), (0.01, 5), (f64::INFINITY, 6)]);
    assert_eq!((parsed.sum, parsed.count), (50.004198, 6));
}

#[test]
fn every_bound_that_is_shown_is_one_that_the_workers_count_by() {
    // `below` asserts it.
    let reading = Reading::<Digits>::of([]);
    for shown in HISTOGRAMS {
        assert!(shown.bounds_us.is_sorted_by(|one, next| one < next), "{}", shown.name);
        assert_eq!(shown.bounds_us.iter().map(|&bound_us| reading.below(bound_us)).sum::<u64>(), 0);
    }
    let reading = Reading::<Quarters>::of([]);
    assert_eq!(BACKEND_WAITS_US.iter().map(|&bound_us| reading.below(bound_us)).sum::<u64>(), 0);
}

#[tokio::test]
async fn the_metrics_page_has_all_that_have_no_label_and_each_is_complete() {
    let page = page(&agreeing(&[])).await;
    let parsed = parse(&page);
    let names: Vec<&str> = parsed.keys().map(String::as_str).collect();
    let all = "connect ejection first_byte queue_wait recovery session turn";
    assert_eq!(names, all.split(' ').map(|name| format!("lb_{name}_seconds")).collect::<Vec<_>>());
    for (name, histogram) in &parsed {
        assert!(histogram.buckets.is_sorted_by(|one, next| one.0 < next.0 && one.1 <= next.1), "{name}");
        assert_eq!(histogram.buckets.last(), Some(&(f64::INFINITY, histogram.count)), "{name}");
    }
    let turns: Vec<f64> = parsed["lb_turn_seconds"].buckets.iter().map(|(bound, _)| *bound).collect();
    assert!(turns.contains(&0.002) && turns.contains(&0.01), "the two bounds that a turn is held to: {turns:?}");
}
