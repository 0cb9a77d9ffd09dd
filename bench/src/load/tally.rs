//! What came back: answered and failed by kind, who answered which id, and the latencies.
//!
//! Passive: the loop fills it, experiments read it. Memory is bounded by the number of different ids and replicas.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::io;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde_json::{Value, json};

/// Longest latency the histogram tells apart; longer ones count as this.
const LATENCY_MAX_US: u64 = 600_000_000;

/// Why a request has no complete 200.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum FailureKind {
    /// The connect was refused.
    Refused,
    /// A reset after the connect.
    Reset,
    /// The connection ended before the answer did.
    ClosedEarly,
    /// Not done within the request's timeout.
    TimedOut,
    /// Complete, but not 200.
    Status(u16),
    /// Not HTTP.
    Malformed,
    /// This machine ran out of ports or file descriptors: the generator's failure, not the balancer's.
    LocalResource,
    /// Due in an open loop, but no connection was free for it before the run's end.
    NotSent,
    /// Any other I/O error.
    Io,
}

impl FailureKind {
    /// Sorts an I/O error.
    pub(crate) fn of_io(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused,
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionAborted => {
                Self::Reset
            }
            io::ErrorKind::TimedOut => Self::TimedOut,
            io::ErrorKind::AddrNotAvailable => Self::LocalResource,
            _ => match error.raw_os_error() {
                Some(errno) if is_out_of_descriptors(errno) => Self::LocalResource,
                _ => Self::Io,
            },
        }
    }
}

fn is_out_of_descriptors(errno: i32) -> bool {
    use rustix::io::Errno;
    [Errno::MFILE, Errno::NFILE].iter().any(|known| known.raw_os_error() == errno)
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused => f.write_str("connect refused"),
            Self::Reset => f.write_str("reset"),
            Self::ClosedEarly => f.write_str("closed early"),
            Self::TimedOut => f.write_str("timed out"),
            Self::Status(status) => write!(f, "status {status}"),
            Self::Malformed => f.write_str("not HTTP"),
            Self::LocalResource => f.write_str("generator out of ports or file descriptors"),
            Self::NotSent => f.write_str("due but not sent"),
            Self::Io => f.write_str("other I/O error"),
        }
    }
}

/// The result of a run.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    /// Complete 200s.
    pub(crate) answered: u64,
    /// Everything else.
    pub(crate) failed: BTreeMap<FailureKind, u64>,
    /// Wall time of the run.
    pub(crate) elapsed: Duration,
    latencies_us: Histogram<u64>,
    replicas: Vec<(String, u64)>,
    replica_of_id: HashMap<u64, u32>,
}

impl Tally {
    /// Nothing yet.
    pub(crate) fn new() -> Self {
        Self {
            answered: 0,
            failed: BTreeMap::new(),
            elapsed: Duration::ZERO,
            latencies_us: Histogram::new_with_bounds(1, LATENCY_MAX_US, 3).expect("constant bounds are valid"),
            replicas: Vec::new(),
            replica_of_id: HashMap::new(),
        }
    }

    /// `replica` has answered `id`.
    pub(crate) fn answer(&mut self, id: u64, replica: &str, latency: Duration) {
        let latency_us = u64::try_from(latency.as_micros()).unwrap_or(LATENCY_MAX_US);
        self.latencies_us.saturating_record(latency_us.max(1));
        let index = match self.replicas.iter().position(|(name, _)| name == replica) {
            Some(index) => index,
            None => {
                self.replicas.push((replica.to_owned(), 0));
                self.replicas.len() - 1
            }
        };
        self.replicas[index].1 += 1;
        self.replica_of_id.insert(id, index as u32);
        self.answered += 1;
    }

    /// A request has failed.
    pub(crate) fn fail(&mut self, kind: FailureKind) {
        *self.failed.entry(kind).or_default() += 1;
    }

    /// All failures.
    pub(crate) fn failed(&self) -> u64 {
        self.failed.values().sum()
    }

    /// Answers by replica.
    pub(crate) fn per_replica(&self) -> BTreeMap<&str, u64> {
        self.replicas.iter().map(|(name, count)| (name.as_str(), *count)).collect()
    }

    /// Who answered `id` last.
    pub(crate) fn replica_of(&self, id: u64) -> Option<&str> {
        self.replica_of_id.get(&id).map(|&index| self.replicas[index as usize].0.as_str())
    }

    /// How many ids that both runs have answered were answered by another replica in `earlier`.
    pub(crate) fn elsewhere_than(&self, earlier: &Self) -> u64 {
        let moved = |&id: &u64| earlier.replica_of(id).is_some_and(|before| self.replica_of(id) != Some(before));
        self.replica_of_id.keys().filter(|id| moved(id)).count() as u64
    }

    /// Answers a second.
    pub(crate) fn rate(&self) -> f64 {
        self.answered as f64 / self.elapsed.as_secs_f64().max(1e-9)
    }

    /// The latency that `percent` of the answers didn't exceed, in milliseconds.
    pub(crate) fn latency_ms(&self, percent: f64) -> f64 {
        self.latencies_us.value_at_percentile(percent) as f64 / 1000.0
    }

    /// For `--json`.
    pub(crate) fn to_json(&self) -> Value {
        let failed: BTreeMap<String, u64> = self.failed.iter().map(|(kind, n)| (kind.to_string(), *n)).collect();
        json!({
            "answered": self.answered,
            "failed": self.failed(),
            "failed_by_kind": failed,
            "per_replica": self.per_replica(),
            "elapsed_s": self.elapsed.as_secs_f64(),
            "requests_per_s": self.rate(),
            "latency_ms": {
                "p50": self.latency_ms(50.0), "p99": self.latency_ms(99.0), "p99_9": self.latency_ms(99.9),
                "max": self.latency_ms(100.0),
            },
        })
    }
}

/// One line: `10000 answered, 0 failed in 1.2 s (8333/s), p50 …`.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} answered, {} failed", self.answered, self.failed())?;
        for (place, (kind, count)) in self.failed.iter().enumerate() {
            write!(f, "{}{count} {kind}", if place == 0 { " (" } else { ", " })?;
        }
        if !self.failed.is_empty() {
            f.write_str(")")?;
        }
        let (p50, p99, p999) = (self.latency_ms(50.0), self.latency_ms(99.0), self.latency_ms(99.9));
        let seconds = self.elapsed.as_secs_f64();
        write!(f, " in {seconds:.2} s ({:.0}/s), p50 {p50:.2} ms, p99 {p99:.2} ms, p99.9 {p999:.2} ms", self.rate())
    }
}

#[cfg(test)]
mod tests;
