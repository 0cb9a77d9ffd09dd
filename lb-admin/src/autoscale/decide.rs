//! How many replicas the load asks for, and when a step is due. Pure: what was seen and `now` in, a step out.
//!
//! The algorithm is that of the Kubernetes HorizontalPodAutoscaler ("Horizontal Pod Autoscaling", section "Algorithm
//! details", and `behavior.stabilizationWindowSeconds`): wanted = ceil(load / target of each), nothing where the load of
//! each is within 10 % of its target, of several loads the one that wants most, and windows over past wishes, of which a
//! step up takes the least and a step down the most. The windows differ: 2 s up, the cooldown down, and one replica at a
//! time down, a cooldown apart. Replicas that are starting count as capacity to come, those that are down don't count.
//! After a change by hand it rests for a cooldown. [`super::observe`] is who looks.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::config::AutoscaleConfig;

/// The load is averaged over so long: one look may fall into a gap between two bursts. No longer than
/// [`UP_AFTER`], so that what was seen in one look alone never leads to a step up.
const AVERAGED_OVER: Duration = Duration::from_secs(2);
/// The load must want more for so long. A burst that is over by then isn't worth a start.
const UP_AFTER: Duration = Duration::from_secs(2);
/// The load of each may be off its target by so much without a wish for more or fewer.
const TOLERANCE: f64 = 0.1;

/// What was seen of the replicas (not of any `--backend`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Observed {
    /// Sessions that members have, or that wait for a place at them.
    pub(crate) in_flight: u64,
    /// CPU that all of them use, in percent of one CPU; `None` where it isn't known.
    pub(crate) cpu_percent: Option<f64>,
    /// Those that get sessions.
    pub(crate) ready: u32,
    /// Those that are about to.
    pub(crate) coming: u32,
    /// How many there shall be, those that are down included.
    pub(crate) target: u32,
    /// Changes by hand so far.
    pub(crate) changes: u64,
}

/// What follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decision {
    /// How many the load asks for at this moment, within the bounds.
    pub(crate) desired: u32,
    /// What to do now.
    pub(crate) step: Option<Step>,
}

/// A new target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) to: u32,
    /// "62 in flight, target 20 each".
    pub(crate) why: String,
}

/// Past looks, and what they led to.
#[derive(Debug)]
pub(crate) struct Decider {
    config: AutoscaleConfig,
    loads: VecDeque<Load>,
    wishes: VecDeque<(Instant, u32)>,
    /// Since when the wishes are about the membership as it is.
    since: Instant,
    last_step: Instant,
    /// The last change by hand that was noticed, and until when it isn't touched.
    changes: u64,
    rest_until: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Load {
    at: Instant,
    in_flight: f64,
    cpu_percent: Option<f64>,
}

/// A load, averaged, and how much of it each replica shall have.
#[derive(Clone, Copy, Debug)]
struct Measure {
    load: f64,
    target: f64,
    is_cpu: bool,
}

impl Decider {
    /// Nothing was seen yet.
    pub(crate) fn new(config: AutoscaleConfig, now: Instant) -> Self {
        let (loads, wishes) = (VecDeque::new(), VecDeque::new());
        Self { config, loads, wishes, since: now, last_step: now, changes: 0, rest_until: None }
    }

    /// Takes one look in. Looks come in order of time.
    pub(crate) fn decide(&mut self, seen: &Observed, now: Instant) -> Decision {
        self.note(seen, now);
        let capacity = seen.ready + seen.coming;
        let measure = self.measures().max_by(|one, other| one.wish(capacity).total_cmp(&other.wish(capacity)));
        let measure = measure.expect("sessions are always counted");
        let desired = self.within_bounds(measure.wish(capacity));
        // Those that are down keep their place in the count: the supervisor is at work on them.
        let down = seen.target.saturating_sub(capacity);
        let wish = self.within_bounds(f64::from(desired) + f64::from(down));
        self.wishes.push_back((now, wish));
        let window = self.config.cooldown.max(UP_AFTER);
        forget(&mut self.wishes, |(at, _)| now.duration_since(*at) > window);

        let to = self.step_up(seen.target, now).or_else(|| self.step_down(seen.target, now));
        let step = to.filter(|_| self.rest_until.is_none_or(|until| now >= until)).map(|to| {
            self.last_step = now;
            Step { to, why: self.reason(seen.target, to, measure) }
        });
        Decision { desired, step }
    }

    fn note(&mut self, seen: &Observed, now: Instant) {
        if seen.changes != self.changes {
            // What was wished for before was about another membership.
            self.wishes.clear();
            self.since = now;
            self.changes = seen.changes;
            self.rest_until = Some(now + self.config.cooldown);
        }
        self.loads.push_back(Load { at: now, in_flight: seen.in_flight as f64, cpu_percent: seen.cpu_percent });
        forget(&mut self.loads, |load| now.duration_since(load.at) >= AVERAGED_OVER);
    }

    fn measures(&self) -> impl Iterator<Item = Measure> {
        let in_flight = average(self.loads.iter().map(|load| load.in_flight)).unwrap_or(0.0);
        let sessions = Measure { load: in_flight, target: f64::from(self.config.target_inflight), is_cpu: false };
        let cpu = self.config.target_cpu.and_then(|target| {
            let load = average(self.loads.iter().filter_map(|load| load.cpu_percent))?;
            Some(Measure { load, target: f64::from(target), is_cpu: true })
        });
        [Some(sessions), cpu].into_iter().flatten()
    }

    fn within_bounds(&self, wish: f64) -> u32 {
        // A float-to-integer cast saturates, and NaN can't be: no target is 0.
        (wish as u32).clamp(self.config.min, self.config.max)
    }

    /// At once as many as were wanted all the time.
    fn step_up(&self, target: u32, now: Instant) -> Option<u32> {
        let least = self.of_last(UP_AFTER, now)?.min()?;
        (least > target).then_some(least)
    }

    /// One fewer, where none was needed all the time.
    fn step_down(&self, target: u32, now: Instant) -> Option<u32> {
        let most = self.of_last(self.config.cooldown, now)?.max()?;
        let is_rested = now.duration_since(self.last_step) >= self.config.cooldown;
        (most < target && is_rested).then(|| target - 1)
    }

    /// The wishes of a window that was seen whole.
    fn of_last(&self, window: Duration, now: Instant) -> Option<impl Iterator<Item = u32>> {
        let recent = self.wishes.iter().filter(move |(at, _)| now.duration_since(*at) <= window);
        (now.duration_since(self.since) >= window).then(|| recent.map(|(_, wish)| *wish))
    }

    fn reason(&self, from: u32, to: u32, measure: Measure) -> String {
        let AutoscaleConfig { min, max, cooldown, .. } = self.config;
        let Measure { load, target, is_cpu } = measure;
        let load = if is_cpu {
            format!("CPU {load:.0} %, target {target} % each")
        } else {
            format!("{load:.0} in flight, target {target} each")
        };
        match () {
            () if to == min && to > from => format!("at least {min} are asked for"),
            () if from > max => format!("at most {max} are asked for"),
            () if to < from => format!("{load}, no need for {} s", cooldown.as_secs_f64()),
            () if to == max => format!("{load}, at most {max}"),
            () => load,
        }
    }
}

impl Measure {
    /// How many are wanted where there are `capacity`; a whole number.
    fn wish(self, capacity: u32) -> f64 {
        let capacity = f64::from(capacity);
        let is_near = (self.load - self.target * capacity).abs() <= TOLERANCE * self.target * capacity;
        if is_near { capacity } else { (self.load / self.target).ceil() }
    }
}

/// The oldest come first.
fn forget<T>(kept: &mut VecDeque<T>, is_old: impl Fn(&T) -> bool) {
    while kept.front().is_some_and(&is_old) {
        kept.pop_front();
    }
}

fn average(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0_u32), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}

#[cfg(test)]
mod tests;
