//! From single probes to "up" and "down". Pure: no socket, no clock.
//!
//! A backend that has never been good needs one good probe; one that was up falls after three bad ones in a row and
//! rises after two good ones, more where it flaps. A refused probe that confirms what the data path has just seen is
//! two witnesses at once: down immediately. Neighbours: [`super::probe`] yields the outcomes, [`super::schedule`] asks.

use std::time::Duration;

/// Good probes in a row until a backend that fell is up again: one may be luck.
const RISE: u32 = 2;
/// Bad probes in a row until one that was up is down: one lost answer, or a pause of the program, is no outage.
const FALL: u32 = 3;
/// Each fall asks for twice as many good probes, up to this many doublings (16 probes), so that flapping is damped.
const FLAPS_MAX: u32 = 3;
/// So many good probes in a row (about half a minute of them) and earlier falls are forgotten.
const STEADY: u32 = 30;

/// Between two probes of one that is up or down.
const INTERVAL: Duration = Duration::from_secs(1);
/// While the last probe contradicts the state: a decision is near.
const SUSPECT_INTERVAL: Duration = Duration::from_millis(100);
/// The first probes of a backend that starts; a process is ready in a few milliseconds.
const STARTING_INTERVAL_MIN: Duration = Duration::from_millis(20);

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

/// One backend's record.
#[derive(Debug)]
pub(crate) struct RiseFall {
    state: State,
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
    /// Nothing known yet.
    pub(crate) fn new() -> Self {
        Self { state: State::Starting, run: 0, last_good: false, falls: 0 }
    }

    /// Takes one outcome in. `suspected`: the data path was refused a moment ago.
    pub(crate) fn observe(&mut self, outcome: &Outcome, suspected: bool) -> Option<Change> {
        let good = match outcome {
            Outcome::Unknown => return None,
            Outcome::Good => true,
            Outcome::Refused | Outcome::Bad(_) => false,
        };
        self.run = if good == self.last_good { self.run.saturating_add(1) } else { 1 };
        self.last_good = good;
        match (self.state, good) {
            (State::Starting, true) => self.rise(),
            (State::Down, true) if self.run >= RISE << self.falls.saturating_sub(1) => self.rise(),
            (State::Up, true) if self.run >= STEADY => {
                self.falls = 0;
                None
            }
            (State::Up, false) if self.run >= FALL || (suspected && *outcome == Outcome::Refused) => self.fall(outcome),
            _ => None,
        }
    }

    /// Until the next probe; `since_start` is how long this backend has been watched.
    pub(crate) fn interval(&self, since_start: Duration) -> Duration {
        match (self.state, self.last_good) {
            // A tenth of the time that it has taken so far: quick for the quick, easy on the slow.
            (State::Starting, _) => (since_start / 10).clamp(STARTING_INTERVAL_MIN, INTERVAL),
            (State::Up, false) | (State::Down, true) => SUSPECT_INTERVAL,
            (State::Up, true) | (State::Down, false) => INTERVAL,
        }
    }

    fn rise(&mut self) -> Option<Change> {
        self.state = State::Up;
        self.run = 0;
        Some(Change::Up)
    }

    fn fall(&mut self, outcome: &Outcome) -> Option<Change> {
        self.state = State::Down;
        self.run = 0;
        self.falls = (self.falls + 1).min(FLAPS_MAX + 1);
        let refused = *outcome == Outcome::Refused;
        let why = match outcome {
            Outcome::Bad(why) => why.clone(),
            _ => "connection refused".to_owned(),
        };
        Some(Change::Down { refused, why })
    }
}

#[cfg(test)]
mod tests;
