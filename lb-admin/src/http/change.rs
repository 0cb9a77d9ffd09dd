//! What the body of `/add` and `/rm` says, and `?wait=`. Pure: bytes in, a typed request or a typed error out.
//!
//! Only the form is judged here; whether a name may be used and how many replicas there may be is the owner's to say
//! ([`crate::membership::command::ChangeError`]). Unknown keys are ignored, of a repeated key the last one counts.
//! serde_json bounds the depth (128), the body's size bounds the rest.

use std::time::Duration;

use serde_json::{Map, Value};
use utoipa::ToSchema;

/// Longest that `/add` waits for its replicas; also what it waits without `?wait=`.
pub(super) const WAIT_MAX: Duration = Duration::from_secs(8);

/// How many, and which.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) n: Option<u64>,
    pub(super) hostnames: Vec<String>,
}

/// What the body of a change looks like; [`Change::parse`] reads it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is only described: a wrong body gets better words than a deserializer has")]
pub(super) struct ChangeBody {
    /// How many; where it is missing, as many as there are hostnames.
    #[schema(minimum = 1, required = false, nullable = false)]
    n: Option<u64>,
    /// Which; the rest is made up, or picked at random.
    #[schema(required = false, nullable = false)]
    hostnames: Option<Vec<String>>,
}

/// What is wrong with a body or a query, and how to mend it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ChangeFormError {
    #[error("the body is empty: send a JSON object such as {EXAMPLE}")]
    Empty,
    #[error("the body is not valid JSON ({0}): send an object such as {EXAMPLE}")]
    NotJson(String),
    #[error("the body must be a JSON object such as {EXAMPLE}, not {0}")]
    NotAnObject(&'static str),
    #[error("n is missing: send how many, such as {EXAMPLE}, or hostnames")]
    NothingAskedFor,
    #[error("n must be a positive integer, not {0}")]
    Count(String),
    #[error("hostnames must be a list of strings, not {0}")]
    Hostnames(&'static str),
    #[error("hostnames[{index}] must be a string, not {found}")]
    Hostname { index: usize, found: &'static str },
    #[error("wait must be a time from 0 to 8s, such as 2s or 500ms")]
    Wait,
}

const EXAMPLE: &str = r#"{"n":2,"hostnames":["a","b"]}"#;

impl Change {
    pub(super) fn parse(body: &[u8]) -> Result<Self, ChangeFormError> {
        if body.trim_ascii().is_empty() {
            return Err(ChangeFormError::Empty);
        }
        let value: Value = serde_json::from_slice(body).map_err(|error| ChangeFormError::NotJson(error.to_string()))?;
        let Value::Object(fields) = value else { return Err(ChangeFormError::NotAnObject(kind(&value))) };
        let change = Self { n: count(&fields)?, hostnames: hostnames(&fields)? };
        if change.n.is_none() && change.hostnames.is_empty() {
            return Err(ChangeFormError::NothingAskedFor);
        }
        Ok(change)
    }
}

/// `?wait=`: `2s`, `500ms`, or a bare number of seconds.
pub(super) fn wait(typed: Option<&str>) -> Result<Duration, ChangeFormError> {
    let Some(typed) = typed else { return Ok(WAIT_MAX) };
    let seconds = typed.parse().ok().filter(|_| typed.bytes().all(|byte| byte.is_ascii_digit()));
    let wait = seconds.map(Duration::from_secs).or_else(|| humantime::parse_duration(typed).ok());
    wait.filter(|wait| *wait <= WAIT_MAX).ok_or(ChangeFormError::Wait)
}

fn count(fields: &Map<String, Value>) -> Result<Option<u64>, ChangeFormError> {
    match fields.get("n") {
        None => Ok(None),
        Some(Value::Number(number)) => match number.as_u64() {
            Some(n) if n > 0 => Ok(Some(n)),
            _ => Err(ChangeFormError::Count(number.to_string())),
        },
        Some(other) => Err(ChangeFormError::Count(kind(other).to_owned())),
    }
}

fn hostnames(fields: &Map<String, Value>) -> Result<Vec<String>, ChangeFormError> {
    let list = match fields.get("hostnames") {
        None => return Ok(Vec::new()),
        Some(Value::Array(list)) => list,
        Some(other) => return Err(ChangeFormError::Hostnames(kind(other))),
    };
    let name = |(index, value): (usize, &Value)| match value {
        Value::String(name) => Ok(name.clone()),
        other => Err(ChangeFormError::Hostname { index, found: kind(other) }),
    };
    list.iter().enumerate().map(name).collect()
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests;
