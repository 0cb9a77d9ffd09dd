//! Rates, one sample for each look: the balancer counts, this subtracts. Pure.
//!
//! A sample belongs to the moment of its look by the balancer's own clock, so a look that came late makes no peak and
//! one that failed leaves a gap. A seat keeps its rates whoever sits in it. Bounded: [`SAMPLES_MAX`].

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, SystemTime};

use super::super::backend::Backend;
use super::documents::Summary;

/// As many as the widest terminal has columns.
const SAMPLES_MAX: usize = 600;

/// What was counted from one look to the next.
#[derive(Clone, Debug)]
struct Sample {
    at: SystemTime,
    /// Sessions and further requests on their connections, a second.
    total: f64,
    /// Sessions a second of those that had any.
    seats: HashMap<Seat, f64>,
}

/// Whose rates they are, over replacements.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Seat {
    Number(u32),
    Named(String),
}

/// The counters of the last look.
#[derive(Debug)]
struct Counted {
    now: SystemTime,
    pinned: u64,
    sessions: HashMap<String, u64>,
}

/// All of them, oldest first.
#[derive(Debug, Default)]
pub(super) struct Samples {
    before: Option<Counted>,
    kept: VecDeque<Sample>,
}

impl Seat {
    pub(super) fn of(backend: &Backend) -> Self {
        if backend.supervised { Self::Number(backend.seat) } else { Self::Named(backend.name.clone()) }
    }
}

impl Samples {
    /// Adds what was counted since the last look.
    pub(super) fn take(&mut self, summary: &Summary, backends: &[Backend]) {
        let counted = Counted {
            now: summary.now,
            pinned: summary.requests.pinned_total,
            sessions: backends.iter().map(|backend| (backend.name.clone(), backend.sessions_total)).collect(),
        };
        if let Some(before) = &self.before
            && let Ok(passed) = counted.now.duration_since(before.now)
            && !passed.is_zero()
        {
            self.kept.push_back(Sample::between(before, &counted, passed.as_secs_f64(), backends));
        }
        if self.kept.len() > SAMPLES_MAX {
            self.kept.pop_front();
        }
        self.before = Some(counted);
    }

    /// The last `n` of all requests a second, one every `step`, the newest last; `None` where nothing is known.
    pub(super) fn totals(&self, now: SystemTime, step: Duration, n: usize) -> Vec<Option<f64>> {
        self.last(now, step, n, |sample| sample.total)
    }

    /// The same of one seat's sessions.
    pub(super) fn rates(&self, seat: &Seat, now: SystemTime, step: Duration, n: usize) -> Vec<Option<f64>> {
        self.last(now, step, n, |sample| sample.seats.get(seat).copied().unwrap_or(0.0))
    }

    /// The newest rate of all requests.
    pub(super) fn total(&self) -> Option<f64> {
        self.kept.back().map(|sample| sample.total)
    }

    /// The newest rate of one seat's sessions.
    pub(super) fn rate(&self, seat: &Seat) -> Option<f64> {
        self.kept.back().map(|sample| sample.seats.get(seat).copied().unwrap_or(0.0))
    }

    fn last(&self, now: SystemTime, step: Duration, n: usize, of: impl Fn(&Sample) -> f64) -> Vec<Option<f64>> {
        let mut values = vec![None; n];
        for sample in &self.kept {
            if let Some(back) = steps_back(sample.at, now, step)
                && let Some(at) = n.checked_sub(1 + back)
            {
                values[at] = Some(of(sample));
            }
        }
        values
    }
}

impl Sample {
    fn between(before: &Counted, counted: &Counted, seconds: f64, backends: &[Backend]) -> Self {
        let mut seats: HashMap<Seat, f64> = HashMap::new();
        for backend in backends {
            // Who wasn't there has begun at 0.
            let begun = backend.sessions_total.saturating_sub(before.sessions.get(&backend.name).copied().unwrap_or(0));
            if begun > 0 {
                *seats.entry(Seat::of(backend)).or_default() += begun as f64 / seconds;
            }
        }
        let further = counted.pinned.saturating_sub(before.pinned) as f64 / seconds;
        Self { at: counted.now, total: seats.values().sum::<f64>() + further, seats }
    }
}

/// How many steps before `now`, rounded; `None`: in the future.
pub(super) fn steps_back(at: SystemTime, now: SystemTime, step: Duration) -> Option<usize> {
    let back = now.duration_since(at).ok()?.as_secs_f64() / step.as_secs_f64();
    Some((back + 0.5) as usize)
}

#[cfg(test)]
mod tests;
