//! Medians, ratios, and who is ahead.

use super::{Metric, Results, Spread};
use crate::peer::Peer;

fn results() -> Results {
    let mut results = Results::default();
    for (peer, values) in
        [(Peer::Lb, [9.0, 12.0, 10.0]), (Peer::HaproxyTcp, [20.0, 21.0, 19.0]), (Peer::NginxHttp, [5.0, 6.0, 4.0])]
    {
        values.iter().for_each(|&value| results.add(Metric::W1Cpu, peer, value));
        values.iter().for_each(|&value| results.add(Metric::W1Rate, peer, value));
    }
    results.add(Metric::W1Cpu, Peer::Direct, 0.1);
    results
}

#[test]
fn a_metric_is_its_median_with_the_extremes_and_the_ratio_to_the_yardstick() {
    let spread = results().spread(Metric::W1Cpu, Peer::Lb);
    assert_eq!(spread, Some(Spread { median: 10.0, min: 9.0, max: 12.0 }));
    assert_eq!(results().ratio(Metric::W1Cpu, Peer::Lb), Some(0.5));
    assert_eq!(results().spread(Metric::Memory, Peer::Lb), None);
    let mut even = Results::default();
    [1.0, 2.0].iter().for_each(|&value| even.add(Metric::Memory, Peer::Lb, value));
    assert_eq!(even.spread(Metric::Memory, Peer::Lb).map(|spread| spread.median), Some(1.5));
    assert_eq!(even.ratio(Metric::Memory, Peer::Lb), None);
}

#[test]
fn less_cpu_is_ahead_more_requests_are_ahead_and_nobody_between_is_no_peer() {
    assert_eq!(results().ahead_of_lb(Metric::W1Cpu), [(Peer::NginxHttp, 5.0)]);
    assert_eq!(results().ahead_of_lb(Metric::W1Rate), [(Peer::HaproxyTcp, 20.0)]);
    assert!(!Metric::W1Cpu.is_ahead(9.9, 10.0), "within the noise");
    assert!(Metric::KillFailed.is_ahead(0.0, 1.0));
    assert!(!Metric::KillFailed.is_ahead(0.0, 0.0));
}
