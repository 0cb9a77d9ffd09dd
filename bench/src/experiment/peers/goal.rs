//! What ours must reach in each metric, and what it aims at: against a peer, by round, or as a figure of its own. Pure.
//!
//! A ratio is taken within each round, where both ran on the same machine at the same time; its median and its extremes
//! are what is judged and shown. Fewer rounds than [`ROUNDS_MIN`] are shown and not judged.

use serde_json::{Value, json};

use super::metric::{Metric, Results, Spread};
use crate::peer::Peer;

/// Below that a median says little.
const ROUNDS_MIN: usize = 5;

/// One line of what was set out to be reached; less is better in all of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Goal {
    name: &'static str,
    metric: Metric,
    /// The yardstick; none: the figure itself.
    against: Option<Peer>,
    must: f64,
    aim: Option<f64>,
}

/// In the order in which they are shown.
pub(super) const GOALS: [Goal; 8] = [
    Goal::ratio("W1 CPU a request", Metric::W1Cpu, Peer::HaproxyTcp, 0.85, 0.75),
    Goal::figure("W1 system calls a request", Metric::W1Syscalls, 15.0, Some(13.0)),
    Goal::ratio("W2 CPU a request", Metric::W2Cpu, Peer::HaproxyTcp, 0.95, 0.80),
    Goal::figure("W2 system calls a request", Metric::W2Syscalls, 4.3, None),
    Goal::ratio("W3 CPU a GB", Metric::W3Cpu, Peer::HaproxyTcp, 0.30, 0.20),
    Goal::ratio("W3 CPU a GB", Metric::W3Cpu, Peer::HaproxySplice, 1.05, 0.90),
    Goal::figure("user memory of an idle connection pair, bytes", Metric::Memory, 600.0, Some(250.0)),
    Goal::ratio("median latency of new connections at the fixed rate", Metric::LatencyP50, Peer::HaproxyTcp, 0.9, 0.65),
];

impl Goal {
    const fn ratio(name: &'static str, metric: Metric, against: Peer, must: f64, aim: f64) -> Self {
        Self { name, metric, against: Some(against), must, aim: Some(aim) }
    }

    const fn figure(name: &'static str, metric: Metric, must: f64, aim: Option<f64>) -> Self {
        Self { name, metric, against: None, must, aim }
    }

    /// Median and extremes of what is judged; none where it wasn't measured.
    fn measured(&self, results: &Results) -> Option<Spread> {
        let ours = results.rounds(self.metric, Peer::Lb);
        match self.against {
            None => Spread::of(ours.to_vec()),
            Some(peer) => Spread::of(ratios(ours, results.rounds(self.metric, peer))),
        }
    }

    fn title(&self) -> String {
        match self.against {
            Some(peer) => format!("{} against {}", self.name, peer.name()),
            None => self.name.to_owned(),
        }
    }

    /// `W1 CPU a request against haproxy-tcp: 0.78 (0.75 - 0.81); must <= 0.85: met, aim <= 0.75: missed`
    fn in_words(&self, results: &Results) -> String {
        let Some(Spread { median, min, max }) = self.measured(results) else {
            return format!("{}: not measured; must <= {}", self.title(), self.must);
        };
        let digits = if median >= 100.0 { 0 } else { 2 };
        let verdict = |bound: f64| if median <= bound { "met" } else { "missed" };
        let aim = self.aim.map(|aim| format!(", aim <= {aim}: {}", verdict(aim))).unwrap_or_default();
        format!(
            "{}: {median:.digits$} ({min:.digits$} - {max:.digits$}); must <= {}: {}{aim}",
            self.title(),
            self.must,
            verdict(self.must)
        )
    }

    fn is_missed(&self, results: &Results) -> bool {
        self.measured(results).is_some_and(|spread| spread.median > self.must)
    }

    fn to_json(self, results: &Results) -> Value {
        let spread = self.measured(results);
        json!({
            "goal": self.title(), "metric": self.metric.id(), "against": self.against.map(Peer::name),
            "must": self.must, "aim": self.aim,
            "median": spread.map(|spread| spread.median), "min": spread.map(|spread| spread.min),
            "max": spread.map(|spread| spread.max),
            "must_met": spread.map(|spread| spread.median <= self.must),
            "aim_met": spread.zip(self.aim).map(|(spread, aim)| spread.median <= aim),
        })
    }
}

/// By round; a round in which the other was not measured, or cost nothing, has none.
fn ratios(ours: &[f64], theirs: &[f64]) -> Vec<f64> {
    ours.iter().zip(theirs).filter(|&(_, &theirs)| theirs > 0.0).map(|(ours, theirs)| ours / theirs).collect()
}

/// A heading and a line a goal.
pub(super) fn lines(results: &Results) -> Vec<String> {
    let heading = "goals: the median over the rounds of lb's figure, or of its ratio within a round, and the extremes";
    let goals = GOALS.iter().map(|goal| format!("  {}", goal.in_words(results)));
    let added = added_latency(results).map(|Spread { median, min, max }| {
        format!("  (the latency above is the whole; what is added to `direct`: {median:.2} ({min:.2} - {max:.2}))")
    });
    [heading.to_owned()].into_iter().chain(goals).chain(added).collect()
}

/// Ours and haproxy's median latency without what the backend itself takes; none where it was slower than a proxy in
/// some round. Where ours is the lower, the ratio of the whole latencies is the milder claim.
fn added_latency(results: &Results) -> Option<Spread> {
    let of = |peer| results.rounds(Metric::LatencyP50, peer);
    let over_direct =
        |peer| -> Vec<f64> { of(peer).iter().zip(of(Peer::Direct)).map(|(all, own)| all - own).collect() };
    let (ours, theirs) = (over_direct(Peer::Lb), over_direct(Peer::HaproxyTcp));
    let positive = ours.iter().chain(&theirs).all(|&added| added > 0.0);
    positive.then(|| Spread::of(ratios(&ours, &theirs)))?
}

/// Each must that is missed by enough rounds.
pub(super) fn violations(results: &Results, rounds: usize) -> Vec<String> {
    let missed = GOALS.iter().filter(|goal| rounds >= ROUNDS_MIN && goal.is_missed(results));
    missed.map(|goal| goal.in_words(results)).collect()
}

/// For `--json`.
pub(super) fn to_json(results: &Results) -> Value {
    GOALS.iter().map(|goal| goal.to_json(results)).collect()
}

#[cfg(test)]
mod tests;
