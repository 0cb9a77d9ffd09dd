//! From single probes to "up" and "down". Pure: no socket, no clock.
//!
//! A backend that has never been good needs one good probe; one that was up falls after so many bad ones in a row
//! (`--check-fall`) and rises after so many good ones (`--check-rise`), more where it flaps. A refused probe that confirms
//! what the data path has just seen is two witnesses at once: down immediately. One that is down because it gives no good
//! answer and then refuses is told again: where nobody listens there is nothing to try, whoever else is down.
//! Neighbours: [`super::probe`] yields the outcomes, [`super::schedule`] asks.

use std::time::Duration;

/// Each fall asks for twice as many good probes, up to this many doublings, so that flapping is damped.
const FLAPS_MAX: u32 = 3;
/// So many good probes in a row and earlier falls are forgotten.
const STEADY: u32 = 30;

/// At most this while the last probe contradicts the state: a decision is near.
const SUSPECT_INTERVAL_MAX: Duration = Duration::from_millis(100);
/// The first probes of a backend that starts, or the interval where that is shorter; a process is ready in a few
/// milliseconds.
const STARTING_INTERVAL: Duration = Duration::from_millis(20);

/// What a probe has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// A good answer.
    Good,
    /// Nobody listens there.
    Refused,
    /// No answer or not a good one; why, in words.
    Bad(String),
    /// The checker itself was late: nothing is known.
    Unknown,
}

/// What follows from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// It may get sessions.
    Up,
    /// It must not.
    Down {
        /// Nobody listens there.
        refused: bool,
        /// In words.
        why: String,
    },
}

/// How many probes decide, and how far they are apart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    pub(crate) rise: u32,
    pub(crate) fall: u32,
    pub(crate) interval: Duration,
}

/// One backend's record.
#[derive(Debug)]
pub(crate) struct RiseFall {
    pace: Pace,
    state: State,
    /// It was refused when it fell, or later.
    refused: bool,
    /// The first good probe is told although it is up: somebody may have been told otherwise by an earlier record.
    untold: bool,
    /// Probes in a row that agree with each other.
    run: u32,
    last_good: bool,
    falls: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Starting,
    Up,
    Down,
}

impl RiseFall {
    /// Nothing known yet; or (`up`) it is known to be up, by the words of another check.
    pub(crate) fn new(pace: Pace, up: bool) -> Self {
        let state = if up { State::Up } else { State::Starting };
        Self { pace, state, refused: false, untold: up, run: 0, last_good: up, falls: 0 }
    }

    /// Takes one outcome in. `suspected`: the data path was refused a moment ago.
    pub(crate) fn observe(&mut self, outcome: &Outcome, suspected: bool) -> Option<Change> {
        let good = match outcome {
            Outcome::Unknown => return None,
            Outcome::Good => true,
            Outcome::Refused | Outcome::Bad(_) => false,
        };
        let refused = *outcome == Outcome::Refused;
        self.run = if good == self.last_good { self.run.saturating_add(1) } else { 1 };
        self.last_good = good;
        match (self.state, good) {
            (State::Starting, true) => self.rise(),
            (State::Down, true) if self.run >= self.probes_to_rise() => self.rise(),
            (State::Up, true) if self.untold => self.rise(),
            (State::Up, true) if self.run >= STEADY => {
                self.falls = 0;
                None
            }
            (State::Up, false) if self.run >= self.pace.fall || (suspected && refused) => {
                self.falls = (self.falls + 1).min(FLAPS_MAX + 1);
                self.fall(outcome)
            }
            (State::Down, false) if refused && !self.refused => self.fall(outcome),
            _ => None,
        }
    }

    /// Until the next probe; `since_start` is how long this backend has been watched.
    pub(crate) fn interval(&self, since_start: Duration) -> Duration {
        let interval = self.pace.interval;
        match (self.state, self.last_good) {
            // A tenth of the time that it has taken so far: quick for the quick, easy on the slow.
            (State::Starting, _) => (since_start / 10).clamp(STARTING_INTERVAL.min(interval), interval),
            (State::Up, false) | (State::Down, true) => SUSPECT_INTERVAL_MAX.min(interval),
            (State::Up, true) | (State::Down, false) => interval,
        }
    }

    fn probes_to_rise(&self) -> u32 {
        self.pace.rise << self.falls.saturating_sub(1)
    }

    fn rise(&mut self) -> Option<Change> {
        self.state = State::Up;
        self.refused = false;
        self.untold = false;
        self.run = 0;
        Some(Change::Up)
    }

    fn fall(&mut self, outcome: &Outcome) -> Option<Change> {
        self.state = State::Down;
        self.run = 0;
        self.refused = *outcome == Outcome::Refused;
        let why = match outcome {
            Outcome::Bad(why) => why.clone(),
            _ => "connection refused".to_owned(),
        };
        Some(Change::Down { refused: self.refused, why })
    }
}

#[cfg(test)]
mod tests;
