//! How a backend is checked: what is asked, which answers are good, how often, and how many of them decide.
//!
//! Plain values and their spelling (`/path`, `tcp`, `200-399`, `2xx`); `health` does the checking. A [`Check`] is the rule
//! for all replicas or for all backends; a backend may say something of its own over it ([`OwnCheck`]).

use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

/// A health check. Durations are never zero, `rise` and `fall` at least 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What is asked.
    pub asks: CheckKind,
    /// The answers that are good, where a path is asked for.
    pub status: StatusSet,
    /// The port that is asked; `None`: the one that serves.
    pub port: Option<u16>,
    /// Between two checks of one that is up or down; quicker while it starts and while a decision is near.
    pub interval: Duration,
    /// From the connect to the answer.
    pub timeout: Duration,
    /// Good checks in a row until one that fell is up again.
    pub rise: u32,
    /// Bad checks in a row until one that was up is down.
    pub fall: u32,
}

impl Check {
    /// What `asks` says, once a second, two to rise and three to fall.
    pub fn new(asks: CheckKind) -> Self {
        let second = Duration::from_secs(1);
        Self { asks, status: StatusSet::default(), port: None, interval: second, timeout: second, rise: 2, fall: 3 }
    }

    /// This one with what a backend says of its own.
    pub fn with(&self, own: &OwnCheck) -> Self {
        let asks = own.asks.clone().unwrap_or_else(|| self.asks.clone());
        Self { asks, port: own.port.or(self.port), ..self.clone() }
    }
}

/// What one backend says about its check; `None`: as for all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnCheck {
    /// `check=/path` or `check=tcp`.
    pub asks: Option<CheckKind>,
    /// `check-port=PORT`.
    pub port: Option<u16>,
}

/// What a check asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckKind {
    /// `GET PATH`; the status is judged.
    Http(String),
    /// A TCP connect that succeeds is good.
    Tcp,
}

/// A check that was written in no known way.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}': write a path such as /heartbeat, or tcp")]
pub struct CheckKindError(String);

impl FromStr for CheckKind {
    type Err = CheckKindError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "tcp" => Ok(Self::Tcp),
            // It becomes part of a request line, so nothing that would end one.
            path if path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic()) => {
                Ok(Self::Http(path.to_owned()))
            }
            other => Err(CheckKindError(other.to_owned())),
        }
    }
}

/// The status codes that are good: `200-399`, `200,204`, `2xx,301`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusSet(Vec<RangeInclusive<u16>>);

/// Status codes that were written in no known way.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}': write status codes from 100 to 599 as 200-399, 200,204 or 2xx")]
pub struct StatusSetError(String);

impl StatusSet {
    /// Whether an answer with this status is good.
    pub fn contains(&self, status: u16) -> bool {
        self.0.iter().any(|range| range.contains(&status))
    }
}

impl Default for StatusSet {
    /// 2xx and 3xx.
    fn default() -> Self {
        Self(vec![200..=399])
    }
}

impl FromStr for StatusSet {
    type Err = StatusSetError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let ranges = text.split(',').map(|part| range(part.trim())).collect::<Option<Vec<_>>>();
        ranges.map(Self).ok_or_else(|| StatusSetError(text.to_owned()))
    }
}

/// `200`, `200-299` or `2xx`.
fn range(part: &str) -> Option<RangeInclusive<u16>> {
    if let Some(hundreds) = part.strip_suffix("xx") {
        let first = code(&format!("{hundreds}00"))?;
        return Some(first..=first + 99);
    }
    let (first, last) = part.split_once('-').unwrap_or((part, part));
    let (first, last) = (code(first)?, code(last)?);
    (first <= last).then_some(first..=last)
}

fn code(text: &str) -> Option<u16> {
    let is_three_digits = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|code| is_three_digits && (100..=599).contains(code))
}

#[cfg(test)]
mod tests;
