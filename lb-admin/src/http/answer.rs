//! How an answer is written: the one place that makes JSON bodies.
//!
//! Compact with one newline at the end, or indented by two under `?pretty`. Keys are sorted: serde_json's maps are, and
//! structs that are given here declare their fields in order. An error is `{"message":"<Error> …","status":"failure"}`
//! and, under `/v1`, a problem document (RFC 9457).

use std::convert::Infallible;
use std::fmt::Display;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;

const JSON: &str = "application/json";
const PROBLEM_JSON: &str = "application/problem+json";

/// What the request's address says about the form of its answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    pretty: bool,
    problem: bool,
}

impl Style {
    pub(super) fn of(uri: &Uri) -> Self {
        Self { pretty: parameter(uri, "pretty").is_some(), problem: is_versioned(uri) }
    }

    /// The same, indented whatever was asked for.
    pub(super) fn indented(self) -> Self {
        Self { pretty: true, ..self }
    }

    /// 200 with `body`, whose keys are in order.
    pub(super) fn ok(self, body: &impl Serialize) -> Response {
        self.write(StatusCode::OK, JSON, body)
    }

    /// Another status with `body`, whose keys are in order.
    pub(super) fn with_status(self, status: StatusCode, body: &impl Serialize) -> Response {
        self.write(status, JSON, body)
    }

    /// An error: what is wrong and how to mend it, without the leading `<Error> `.
    pub(super) fn refuse(self, status: StatusCode, message: impl Display) -> Response {
        if self.problem {
            let title = status.canonical_reason().unwrap_or("Error");
            let body = json!({
                "detail": message.to_string(),
                "status": status.as_u16(),
                "title": title,
                "type": "about:blank",
            });
            return self.write(status, PROBLEM_JSON, &body);
        }
        self.write(status, JSON, &json!({"message": format!("<Error> {message}"), "status": "failure"}))
    }

    /// 429: too many changes; there may be one again after `wait`.
    pub(super) fn too_fast(self, wait: Duration) -> Response {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        let mut response = self.refuse(
            StatusCode::TOO_MANY_REQUESTS,
            format_args!("too many changes at once: ask again in {seconds} s (--admin-rate says how many are taken)"),
        );
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        response
    }

    fn write(self, status: StatusCode, content_type: &'static str, body: &impl Serialize) -> Response {
        let written = if self.pretty { serde_json::to_vec_pretty(body) } else { serde_json::to_vec(body) };
        let mut bytes = written.expect("strings, numbers and lists under string keys can always be written");
        bytes.push(b'\n');
        (status, [(CONTENT_TYPE, content_type)], bytes).into_response()
    }
}

impl<S: Sync> FromRequestParts<S> for Style {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.uri))
    }
}

/// Whether the path is one of the strict API.
pub(super) fn is_versioned(uri: &Uri) -> bool {
    uri.path() == "/v1" || uri.path().starts_with("/v1/")
}

/// The first value of a query parameter, as typed; empty where it has no `=`.
pub(super) fn parameter<'a>(uri: &'a Uri, name: &str) -> Option<&'a str> {
    let pairs = uri.query()?.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.into_iter().find(|(key, _)| *key == name).map(|(_, value)| value)
}
