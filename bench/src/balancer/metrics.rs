//! What a balancer counts, from its `GET /metrics`: sums over all labels, and the few figures that experiments ask for.
//!
//! Not every version of lb has every metric, and other balancers have none: what isn't there is `None`, never zero.
//! The names are those of lb's own page; [`Turns`] adds them up where an experiment starts several balancers.

use serde_json::{Value, json};

/// Longer turns of a worker than these are counted, in seconds: what is aimed at, and what must be.
const TURN_BOUNDS_S: [f64; 2] = [0.002, 0.01];
const LONGEST_TURN: &str = "lb_worker_turn_max_seconds";
const TURNS: &str = "lb_turn_seconds";

/// One scrape, a line a sample.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    samples: Vec<(String, f64)>,
}

impl Metrics {
    /// Reads the Prometheus text; what isn't a sample is passed over.
    pub(crate) fn parse(text: &str) -> Self {
        let sample = |line: &str| {
            let (name, value) = line.rsplit_once(' ')?;
            (!line.starts_with('#')).then(|| Some((name.to_owned(), value.parse().ok()?)))?
        };
        Self { samples: text.lines().filter_map(sample).collect() }
    }

    /// The sum over all labels of the metric with this name.
    pub(crate) fn sum(&self, name: &str) -> Option<f64> {
        self.sum_where(|found, _| found == name)
    }

    /// Sessions or requests that were replayed on another backend: the counters whose name says so.
    pub(crate) fn replays(&self) -> Option<f64> {
        self.sum_where(|name, _| name.ends_with("replayed_total") || name.ends_with("replays_total"))
    }

    /// The longest turn of a worker's loop so far, in milliseconds.
    pub(crate) fn longest_turn_ms(&self) -> Option<f64> {
        self.sum(LONGEST_TURN).map(|seconds| seconds * 1000.0)
    }

    /// Turns that took longer than `seconds`, which must be a bound of the histogram.
    pub(crate) fn turns_over(&self, seconds: f64) -> Option<f64> {
        let within = self.sum_where(|name, labels| {
            let bound = labels.split("le=\"").nth(1).and_then(|rest| rest.split('"').next()?.parse::<f64>().ok());
            name == format!("{TURNS}_bucket") && bound.is_some_and(|bound| (bound - seconds).abs() < 1e-9)
        })?;
        Some(self.sum(&format!("{TURNS}_count"))? - within)
    }

    fn sum_where(&self, wanted: impl Fn(&str, &str) -> bool) -> Option<f64> {
        let split = |sample: &str| {
            let (name, labels) = sample.split_once('{').unwrap_or((sample, ""));
            wanted(name, labels)
        };
        let mut found = self.samples.iter().filter(|(sample, _)| split(sample)).map(|(_, value)| value).peekable();
        found.peek().is_some().then(|| found.sum())
    }
}

/// How long the turns of a worker's loop took: reported, never judged, for a busy machine makes them longer.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Turns {
    longest_ms: Option<f64>,
    over: [Option<f64>; 2],
}

impl Turns {
    /// In one balancer's life so far.
    pub(crate) fn of(metrics: &Metrics) -> Self {
        Self { longest_ms: metrics.longest_turn_ms(), over: TURN_BOUNDS_S.map(|bound| metrics.turns_over(bound)) }
    }

    /// Also those of another balancer.
    pub(crate) fn add(&mut self, other: Self) {
        let either = |one: Option<f64>, other: Option<f64>, both: fn(f64, f64) -> f64| match (one, other) {
            (Some(one), Some(other)) => Some(both(one, other)),
            (one, other) => one.or(other),
        };
        self.longest_ms = either(self.longest_ms, other.longest_ms, f64::max);
        self.over = [0, 1].map(|at| either(self.over[at], other.over[at], |one, other| one + other));
    }

    /// One line.
    pub(crate) fn in_words(&self) -> String {
        let longest = self.longest_ms.map_or_else(
            || "not told".to_owned(),
            |ms| {
                let met = |bound_s: f64| if ms <= bound_s * 1000.0 { "met" } else { "missed" };
                let [aim, must] = TURN_BOUNDS_S;
                format!("{ms:.2} ms (must <= 10 ms: {}, aim <= 2 ms: {})", met(must), met(aim))
            },
        );
        let over = [0, 1].map(|at| match (self.over[at], TURN_BOUNDS_S[at] * 1000.0) {
            (Some(count), bound_ms) => format!("{count:.0} turns over {bound_ms:.0} ms"),
            (None, bound_ms) => format!("turns over {bound_ms:.0} ms: not counted by this version"),
        });
        format!("longest worker turn: {longest}; {}", over.join(", "))
    }

    /// For `--json`.
    pub(crate) fn to_json(self) -> Value {
        json!({ "longest_ms": self.longest_ms, "over_2_ms": self.over[0], "over_10_ms": self.over[1] })
    }
}

#[cfg(test)]
mod tests;
