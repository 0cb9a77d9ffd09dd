//! The epoch as the `ETag` of every answer under `/v1`, refusals too: whoever reads can say what the change that follows
//! is based on.
//!
//! An answer that speaks of a mapping of its own, such as that of a change, has put its epoch there already.

use axum::extract::{Request, State};
use axum::http::header::ETAG;
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;

use super::super::answer::is_versioned;
use crate::membership::command::Membership;

/// Adds it where the path is one of ours.
pub(crate) async fn add(State(membership): State<Membership>, request: Request, next: Next) -> Response {
    let is_versioned = is_versioned(request.uri());
    let mut response = next.run(request).await;
    if is_versioned && !response.headers().contains_key(ETAG) {
        put(response.headers_mut(), membership.snapshot().epoch());
    }
    response
}

/// Puts it there.
pub(crate) fn put(headers: &mut HeaderMap, epoch: u64) {
    let tag = HeaderValue::try_from(format!("\"{epoch}\"")).expect("digits in quotes are a header value");
    headers.insert(ETAG, tag);
}
