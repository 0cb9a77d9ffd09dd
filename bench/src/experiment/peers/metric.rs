//! What is compared, and the values that were measured: one a round for each peer. Pure.

use std::collections::BTreeMap;

use crate::peer::Peer;

/// One row of the comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Metric {
    W1Cpu,
    W1Rate,
    W1Syscalls,
    W2Cpu,
    W2Rate,
    W2Syscalls,
    W3Cpu,
    W3Rate,
    LatencyP50,
    LatencyP99,
    LatencyP999,
    Memory,
    KillFailed,
    Failed,
}

impl Metric {
    /// In the order of the tables.
    pub(super) const ALL: [Self; 14] = [
        Self::W1Cpu,
        Self::W1Rate,
        Self::W1Syscalls,
        Self::W2Cpu,
        Self::W2Rate,
        Self::W2Syscalls,
        Self::W3Cpu,
        Self::W3Rate,
        Self::LatencyP50,
        Self::LatencyP99,
        Self::LatencyP999,
        Self::Memory,
        Self::KillFailed,
        Self::Failed,
    ];

    /// In JSON.
    pub(super) fn id(self) -> &'static str {
        match self {
            Self::W1Cpu => "w1_cpu_us_per_request",
            Self::W1Rate => "w1_requests_per_s",
            Self::W1Syscalls => "w1_syscalls_per_request",
            Self::W2Cpu => "w2_cpu_us_per_request",
            Self::W2Rate => "w2_requests_per_s",
            Self::W2Syscalls => "w2_syscalls_per_request",
            Self::W3Cpu => "w3_cpu_ms_per_gb",
            Self::W3Rate => "w3_mb_per_s",
            Self::LatencyP50 => "latency_p50_us",
            Self::LatencyP99 => "latency_p99_us",
            Self::LatencyP999 => "latency_p99_9_us",
            Self::Memory => "memory_bytes_per_connection",
            Self::KillFailed => "kill_failed_requests",
            Self::Failed => "failed_requests",
        }
    }

    /// Over its table.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::W1Cpu => "W1, one connection a request: CPU of the proxy, µs a request",
            Self::W1Rate => "W1: requests/s",
            Self::W1Syscalls => "W1: system calls a request",
            Self::W2Cpu => "W2, kept connections: CPU of the proxy, µs a request",
            Self::W2Rate => "W2: requests/s",
            Self::W2Syscalls => "W2: system calls a request",
            Self::W3Cpu => "W3, downloads: CPU of the proxy, ms a GB",
            Self::W3Rate => "W3: MB/s",
            Self::LatencyP50 => "new connections at a fixed rate: median latency, µs",
            Self::LatencyP99 => "new connections at a fixed rate: p99 latency, µs",
            Self::LatencyP999 => "new connections at a fixed rate: p99.9 latency, µs",
            Self::Memory => "idle connections: memory of the proxy, bytes each",
            Self::KillFailed => "one of three backends is killed, 150 requests in flight: failed requests",
            Self::Failed => "failed requests in W1 to W3 and at the fixed rate",
        }
    }

    /// Less is better, but for rates.
    pub(super) fn more_is_better(self) -> bool {
        matches!(self, Self::W1Rate | Self::W2Rate | Self::W3Rate)
    }

    /// Percentage by which a peer must lead to be called ahead: below that, two medians are the same.
    const AHEAD_BY: f64 = 2.0;

    /// Whether `value` is better than `than` by more than the noise of two medians.
    pub(super) fn is_ahead(self, value: f64, than: f64) -> bool {
        let lead = 1.0 + Self::AHEAD_BY / 100.0;
        if self.more_is_better() { value > than * lead } else { value * lead < than }
    }
}

/// Values by metric and peer, one a round.
#[derive(Clone, Debug, Default)]
pub(super) struct Results(BTreeMap<(Metric, Peer), Vec<f64>>);

/// The rounds of one peer in one metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spread {
    pub(super) median: f64,
    pub(super) min: f64,
    pub(super) max: f64,
}

impl Spread {
    /// None of no values.
    pub(super) fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let (&min, &max) = (values.first()?, values.last()?);
        // Of an even number of values the mean of the two in the middle.
        let median = (values[values.len() / 2] + values[(values.len() - 1) / 2]) / 2.0;
        Some(Self { median, min, max })
    }
}

impl Results {
    /// One more round.
    pub(super) fn add(&mut self, metric: Metric, peer: Peer, value: f64) {
        self.0.entry((metric, peer)).or_default().push(value);
    }

    /// Everything that was measured, by round.
    pub(super) fn rounds(&self, metric: Metric, peer: Peer) -> &[f64] {
        self.0.get(&(metric, peer)).map_or(&[], Vec::as_slice)
    }

    /// Median and extremes; none where it wasn't measured.
    pub(super) fn spread(&self, metric: Metric, peer: Peer) -> Option<Spread> {
        Spread::of(self.rounds(metric, peer).to_vec())
    }

    /// Whether some round of one was better than some round of the other, the other way round than their medians.
    pub(super) fn overlap(&self, metric: Metric, one: Peer, other: Peer) -> bool {
        let spreads = self.spread(metric, one).zip(self.spread(metric, other));
        spreads.is_some_and(|(one, other)| one.min <= other.max && other.min <= one.max)
    }

    /// The peer's median against the yardstick's, HAProxy's default path.
    pub(super) fn ratio(&self, metric: Metric, peer: Peer) -> Option<f64> {
        let yardstick = self.spread(metric, Peer::HaproxyTcp)?.median;
        (yardstick > 0.0).then_some(self.spread(metric, peer)?.median / yardstick)
    }

    /// Who is ahead of ours in a metric, best first. `direct` is no balancer and doesn't count.
    pub(super) fn ahead_of_lb(&self, metric: Metric) -> Vec<(Peer, f64)> {
        let Some(ours) = self.spread(metric, Peer::Lb) else { return Vec::new() };
        let peers = Peer::ALL.into_iter().filter(|peer| !matches!(peer, Peer::Lb | Peer::Direct));
        let medians = peers.filter_map(|peer| Some((peer, self.spread(metric, peer)?.median)));
        let mut ahead: Vec<_> = medians.filter(|&(_, median)| metric.is_ahead(median, ours.median)).collect();
        ahead.sort_by(|a, b| a.1.total_cmp(&b.1));
        if metric.more_is_better() {
            ahead.reverse();
        }
        ahead
    }
}

#[cfg(test)]
mod tests;
