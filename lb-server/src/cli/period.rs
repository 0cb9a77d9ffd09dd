//! A duration as users type it: `250ms`, `5s`, `1m 30s`; `0` is "none".
//!
//! A bare number is refused, because 5 could be seconds or milliseconds. Bounded, so that adding one to the clock can't
//! overflow anywhere.

use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Longest duration that is taken: a year. Whoever wants longer wants 0.
const PERIOD_MAX: Duration = Duration::from_secs(365 * 24 * 3600);

/// A duration that was typed; zero means none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Period(pub(crate) Duration);

/// Why a duration was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PeriodError {
    /// No duration at all.
    #[error("'{0}' is no duration: write 250ms, 5s, 1m or 0 for none")]
    Syntax(String),
    /// Over a year.
    #[error("'{0}' is over a year: write 0 for none")]
    TooLong(String),
}

impl FromStr for Period {
    type Err = PeriodError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "0" {
            return Ok(Self(Duration::ZERO));
        }
        let duration = humantime::parse_duration(text).map_err(|_| PeriodError::Syntax(text.to_owned()))?;
        if duration > PERIOD_MAX {
            return Err(PeriodError::TooLong(text.to_owned()));
        }
        Ok(Self(duration))
    }
}

impl TryFrom<String> for Period {
    type Error = PeriodError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Period> for String {
    fn from(Period(duration): Period) -> Self {
        if duration.is_zero() { "0".to_owned() } else { humantime::format_duration(duration).to_string() }
    }
}
