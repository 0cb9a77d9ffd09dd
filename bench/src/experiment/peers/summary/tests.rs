//! What the comparison says.

use super::super::metric::{Metric, Results};
use super::{ahead_in_words, chart, figure, table};
use crate::peer::Peer;
use crate::report::chart::Kind;

fn results() -> Results {
    let mut results = Results::default();
    for (metric, ours, theirs, spliced) in
        [(Metric::W1Cpu, 20.0, 25.0, 26.0), (Metric::W2Cpu, 5.0, 5.0, 5.0), (Metric::W3Cpu, 300.0, 280.0, 60.0)]
    {
        results.add(metric, Peer::Lb, ours);
        results.add(metric, Peer::HaproxyTcp, theirs);
        results.add(metric, Peer::HaproxySplice, spliced);
    }
    results
}

#[test]
fn who_is_ahead_is_said_in_words_best_first() {
    let words = ahead_in_words(Metric::W3Cpu, &results());
    let expected = "  AHEAD of lb: haproxy-splice (60.0 against 300, 5.00 times better); \
                    haproxy-tcp (280 against 300, 1.07 times better)";
    assert_eq!(words.as_deref(), Some(expected));
    assert_eq!(ahead_in_words(Metric::W1Cpu, &results()), None);
    assert_eq!(table(Metric::Memory, &Peer::ALL, &results()), [""; 0]);
}

#[test]
fn the_chart_has_a_group_a_workload_and_a_bar_a_peer_with_the_figures_in_its_title() {
    let chart = chart(&Peer::ALL, &results()).expect("it was measured");
    assert_eq!(chart.title, "lb's CPU against HAProxy's default path: 0.80 in W1, 1.00 in W2, 1.07 in W3");
    let Kind::Bars { groups, series, .. } = chart.kind else { panic!("bars are wanted") };
    assert_eq!((groups.len(), series.len()), (3, 3));
    assert!(series.iter().all(|series| series.values.len() == groups.len()));
}

#[test]
fn figures_have_the_digits_that_mean_something() {
    assert_eq!((figure(12_345.6), figure(12.34), figure(0.5)), ("12346".into(), "12.3".into(), "0.50".into()));
}

#[test]
fn a_lead_within_the_spread_is_called_so() {
    let mut results = results();
    results.add(Metric::W3Cpu, Peer::Lb, 310.0);
    results.add(Metric::W3Cpu, Peer::Lb, 270.0);
    let words = ahead_in_words(Metric::W3Cpu, &results).expect("haproxy is ahead");
    assert!(words.contains("haproxy-tcp (280 against 300, 1.07 times better, but the spreads overlap)"), "{words}");
}
