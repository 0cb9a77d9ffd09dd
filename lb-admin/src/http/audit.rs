//! One log line for every change: who asked, for what, and what came of it.
//!
//! What was done or tried in earnest is `info`; refusals are, too, but only so many a second, and how many were left out
//! is said with the next one, so that a flood of nonsense doesn't become a flood of lines. Whatever a client sent is
//! escaped and cut: one change is one line, and no control byte reaches a terminal. A token is never in it, since no
//! header is. Not here: what happens to the membership ([`crate::events`]).

use std::fmt::{self, Display, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use http_body_util::BodyExt;

use super::guard::changes_something;
use super::idempotency::REPLAYED;
use super::rate::Bucket;
use super::visit::Visit;

/// Most that is shown of a path and of a body, in bytes.
const SHOWN_BYTES: usize = 256;
/// Lines about refusals: so many a second, and at once.
const REFUSALS_PER_SECOND: u32 = 5;
const REFUSALS_BURST: u32 = 50;

/// Which refusals are told. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Refusals(Arc<Mutex<Told>>);

#[derive(Debug)]
struct Told {
    bucket: Bucket,
    left_out: u64,
}

impl Refusals {
    pub(super) fn new() -> Self {
        let bucket = Bucket::full(REFUSALS_PER_SECOND, REFUSALS_BURST, Instant::now());
        Self(Arc::new(Mutex::new(Told { bucket, left_out: 0 })))
    }

    /// Whether this one is told, and how many before it weren't.
    fn tell(&self, now: Instant) -> Option<u64> {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if told.bucket.take(now).is_err() {
            told.left_out += 1;
            return None;
        }
        Some(std::mem::take(&mut told.left_out))
    }
}

/// Goes on, and writes the line when the answer is there.
pub(super) async fn log(State(refusals): State<Refusals>, request: Request, next: Next) -> Response {
    if !changes_something(request.method()) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    // In memory already: `body` has read it.
    let bytes = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let peer = parts.extensions.get::<Visit>().map(|visit| visit.peer);
    let (method, uri) = (parts.method.clone(), parts.uri.clone());
    let response = next.run(Request::from_parts(parts, Body::from(bytes.clone()))).await;
    let target = uri.path_and_query().map_or_else(|| uri.path(), |target| target.as_str());
    let who = peer.map_or_else(|| "somebody".to_owned(), |peer| peer.to_string());
    let mut line = line(&who, &method, target, &bytes, response.status());
    if response.headers().contains_key(REPLAYED) {
        line.push_str(" (replayed)");
    }
    tell(&refusals, response.status(), &line);
    response
}

fn tell(refusals: &Refusals, status: StatusCode, line: &str) {
    if !status.is_client_error() {
        tracing::info!("{line}");
        return;
    }
    match refusals.tell(Instant::now()) {
        Some(0) => tracing::info!("{line}"),
        Some(left_out) => tracing::info!("{line} ({left_out} refusals before it are not shown)"),
        None => {}
    }
}

fn line(who: &str, method: &Method, target: &str, body: &Bytes, status: StatusCode) -> String {
    let (method, target, body) = (Escaped(method.as_str().as_bytes()), Escaped(target.as_bytes()), Escaped(body));
    format!("change by {who}: {method} {target} {body} -> {}", status.as_u16())
}

/// Bytes of a client in a line of ours.
#[derive(Debug)]
pub(super) struct Escaped<'a>(pub(super) &'a [u8]);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = &self.0[..self.0.len().min(SHOWN_BYTES)];
        for &byte in shown {
            match byte {
                b' '..=b'~' if byte != b'\\' => f.write_char(char::from(byte))?,
                _ => write!(f, "{}", byte.escape_ascii())?,
            }
        }
        if shown.len() < self.0.len() { write!(f, "… ({} bytes)", self.0.len()) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
