//! What is met, by which figure, and how it is said.

use super::super::metric::{Metric, Results};
use super::{GOALS, added_latency, lines, to_json, violations};
use crate::peer::Peer;

/// W1 CPU of 5 rounds: ratios 0.7, 0.8, 0.8, 0.8 and 0.9.
fn results() -> Results {
    let mut results = Results::default();
    for (ours, theirs) in [(7.0, 10.0), (16.0, 20.0), (8.0, 10.0), (8.0, 10.0), (9.0, 10.0)] {
        results.add(Metric::W1Cpu, Peer::Lb, ours);
        results.add(Metric::W1Cpu, Peer::HaproxyTcp, theirs);
    }
    results.add(Metric::Memory, Peer::Lb, 700.0);
    results
}

#[test]
fn a_ratio_is_taken_within_each_round_and_judged_by_its_median() {
    let words = "W1 CPU a request against haproxy-tcp: 0.80 (0.70 - 0.90); must <= 0.85: met, aim <= 0.75: missed";
    assert!(lines(&results()).iter().any(|line| line.trim() == words), "{:#?}", lines(&results()));
    let json = to_json(&results());
    assert_eq!((&json[0]["must_met"], &json[0]["aim_met"]), (&true.into(), &false.into()));
    assert!(json[2]["median"].is_null() && json[2]["must_met"].is_null());
}

#[test]
fn a_missed_must_fails_the_verdict_when_there_were_rounds_enough() {
    let missed = violations(&results(), 5);
    assert!(missed.len() == 1 && missed[0].contains("700 (700 - 700); must <= 600: missed"), "{missed:?}");
    assert_eq!(violations(&results(), 4), [""; 0]);
}

#[test]
fn what_was_not_measured_is_said_and_not_judged() {
    let lines = lines(&Results::default());
    assert_eq!(lines.iter().filter(|line| line.contains("not measured")).count(), GOALS.len());
    assert_eq!(violations(&Results::default(), 5), [""; 0]);
}

#[test]
fn added_latency_is_only_told_where_a_proxy_adds_some() {
    let mut results = Results::default();
    for (peer, latency) in [(Peer::Lb, 150.0), (Peer::HaproxyTcp, 200.0), (Peer::Direct, 100.0)] {
        results.add(Metric::LatencyP50, peer, latency);
    }
    assert_eq!(added_latency(&results).map(|spread| spread.median), Some(0.5));
    results.add(Metric::LatencyP50, Peer::Lb, 90.0);
    results.add(Metric::LatencyP50, Peer::Direct, 100.0);
    assert_eq!(added_latency(&results), None);
}
