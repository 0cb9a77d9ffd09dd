//! What the body of a change under `/v1` says. Pure: bytes in, typed values or a typed error out.
//!
//! Stricter than `/add` (`super::super::change`): a key that isn't known is refused, and a value of another kind.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use lb_core::backend::Weight;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::strict::{Problem, Unknown};

/// Most sessions at a time that can be asked for: no machine has ports for more.
const CONNECTIONS_MAX: u64 = 1_000_000;

/// What is wrong with a body, and how to mend it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum FormError {
    #[error("the body must be a JSON object such as {example}: {why}")]
    NotAnObject { example: &'static str, why: String },
    #[error(transparent)]
    Unknown(#[from] Unknown),
    #[error("nothing is asked for: send an object such as {0}")]
    Nothing(&'static str),
    #[error("{key} must be {wanted}, not {found}")]
    Kind { key: &'static str, wanted: &'static str, found: String },
}

/// The keys of a body, all of them known.
#[derive(Debug)]
pub(super) struct Form(Map<String, Value>);

impl Form {
    /// A body with at least one of the keys.
    pub(super) fn parse(body: &[u8], known: &[&str], example: &'static str) -> Result<Self, FormError> {
        let why = |why: String| FormError::NotAnObject { example, why };
        if body.trim_ascii().is_empty() {
            return Err(why("it is empty".to_owned()));
        }
        let value: Value = serde_json::from_slice(body).map_err(|error| why(error.to_string()))?;
        let Value::Object(fields) = value else { return Err(why(format!("this is {}", kind(&value)))) };
        if let Some(unknown) = fields.keys().find(|key| !known.contains(&key.as_str())) {
            return Err(Unknown::new("key", unknown, known).into());
        }
        if fields.is_empty() { Err(FormError::Nothing(example)) } else { Ok(Self(fields)) }
    }

    /// A whole number from `least` on.
    pub(super) fn count(&self, key: &'static str, least: u64) -> Result<Option<u64>, FormError> {
        let wanted = if least == 0 { "an integer from 0 on" } else { "a positive integer" };
        self.read(key, wanted, |value| value.as_u64().filter(|n| *n >= least))
    }

    /// A list of strings.
    pub(super) fn names(&self, key: &'static str) -> Result<Option<Vec<String>>, FormError> {
        let name = |value: &Value| value.as_str().map(str::to_owned);
        self.read(key, "a list of strings", |value| value.as_array()?.iter().map(name).collect())
    }

    pub(super) fn flag(&self, key: &'static str) -> Result<Option<bool>, FormError> {
        self.read(key, "true or false", Value::as_bool)
    }

    pub(super) fn weight(&self, key: &'static str) -> Result<Option<Weight>, FormError> {
        let weight = |value: &Value| Weight::parse(&value.as_f64()?.to_string()).ok();
        self.read(key, "a number from 0.001 to 256", weight)
    }

    /// Sessions at a time, 0 for any number.
    pub(super) fn connections(&self, key: &'static str) -> Result<Option<u32>, FormError> {
        let wanted = "an integer from 0 (no limit) to 1000000";
        let connections = |value: &Value| value.as_u64().filter(|most| *most <= CONNECTIONS_MAX);
        self.read(key, wanted, |value| connections(value).and_then(|most| u32::try_from(most).ok()))
    }

    fn read<T>(
        &self,
        key: &'static str,
        wanted: &'static str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Result<Option<T>, FormError> {
        let Some(value) = self.0.get(key) else { return Ok(None) };
        match read(value) {
            Some(read) => Ok(Some(read)),
            None => Err(FormError::Kind { key, wanted, found: kind(value) }),
        }
    }
}

/// What is to be added; either may be missing.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is only described: [`Form`] has better words for a wrong one")]
pub(super) struct AddForm {
    /// How many; where it is missing, as many as there are names.
    #[schema(minimum = 1, required = false, nullable = false)]
    n: Option<u64>,
    /// Which; the rest is made up.
    #[schema(required = false, nullable = false)]
    names: Option<Vec<String>>,
}

/// What is to be removed; either may be missing.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is only described")]
pub(super) struct RemoveForm {
    /// How many; where it is missing, as many as there are names.
    #[schema(minimum = 1, required = false, nullable = false)]
    n: Option<u64>,
    /// Which; the rest is picked at random.
    #[schema(required = false, nullable = false)]
    names: Option<Vec<String>>,
}

/// What is to be changed; at least one of it.
#[derive(ToSchema)]
#[schema(min_properties = 1)]
#[expect(dead_code, reason = "it is only described")]
pub(super) struct EditForm {
    /// Gets no new sessions.
    #[schema(required = false, nullable = false)]
    drained: Option<bool>,
    /// Sessions at a time; 0: any number.
    #[schema(maximum = 1_000_000, required = false, nullable = false)]
    max_connections: Option<u32>,
    /// From 0.001 to 256, relative to the others.
    #[schema(required = false, nullable = false)]
    weight: Option<f64>,
}

/// How many replicas there shall be.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is only described")]
pub(super) struct TargetForm {
    n: u64,
}

/// A request that has none: whoever sends one expects it to mean something.
#[derive(Debug)]
pub(super) struct NoBody;

impl<S: Send + Sync> FromRequest<S> for NoBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let uri = request.uri().clone();
        let body = Bytes::from_request(request, state).await.unwrap_or_default();
        match body.trim_ascii() {
            b"" | b"{}" => Ok(Self),
            _ => Err(Problem::new(&uri, StatusCode::BAD_REQUEST, "this request has no body")),
        }
    }
}

/// A number is shown as it is, of everything else only what it is: it may be long.
fn kind(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(_) => "a string".to_owned(),
        Value::Array(_) => "a list with something else in it".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

#[cfg(test)]
mod tests;
