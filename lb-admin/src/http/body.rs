//! Reads a request's body before anything else looks at the request: at most 64 KiB, against a deadline.
//!
//! That holds on every path, so an answer is never destroyed by input left unread (a close then would reset the
//! connection and take the answer with it). What is too large is discarded up to a bound before it is refused; a client
//! that asks first (`Expect: 100-continue`) is told at once.

use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::header::EXPECT;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use http_body_util::BodyExt;
use tokio::time::timeout;

use super::answer::Style;
use super::visit::Visit;

/// Longest body; a change with a thousand hostnames of 63 characters takes 66 KB, one with the 64 allowed far less.
pub(super) const BODY_BYTES_MAX: u64 = 64 * 1024;
/// How much of a body that is too large is read and thrown away for the sake of the answer.
const DISCARDED_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// For the whole body, from the end of the head.
const BODY_TIMEOUT: Duration = Duration::from_secs(5);

/// Why a body was refused.
#[derive(Debug, thiserror::Error)]
enum BodyError {
    #[error("the body is over 64 KiB")]
    TooLarge,
    #[error("the body was not complete within 5 s")]
    TooSlow,
    #[error("the body could not be read: {0}")]
    Broken(axum::Error),
}

impl BodyError {
    fn status(&self) -> StatusCode {
        match self {
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Broken(_) => StatusCode::BAD_REQUEST,
        }
    }
}

/// Goes on with the body in memory, or refuses the request.
pub(super) async fn collect(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let visit = parts.extensions.get::<Visit>().cloned();
    let read = timeout(BODY_TIMEOUT, read(&parts.headers, body)).await.unwrap_or(Err(BodyError::TooSlow));
    match read {
        Ok(bytes) => {
            // From here on nothing is waited for that the client has to send.
            visit.inspect(|visit| visit.spot.busy());
            next.run(Request::from_parts(parts, Body::from(bytes))).await
        }
        Err(error) => Style::of(&parts.uri).refuse(error.status(), &error),
    }
}

async fn read(headers: &HeaderMap, mut body: Body) -> Result<Vec<u8>, BodyError> {
    let announced = body.size_hint().lower();
    let asks_first = headers.contains_key(EXPECT);
    if announced > DISCARDED_BYTES_MAX || (announced > BODY_BYTES_MAX && asks_first) {
        return Err(BodyError::TooLarge);
    }
    let mut bytes = Vec::new();
    let mut seen: u64 = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(BodyError::Broken)?.into_data() else { continue };
        seen += data.len() as u64;
        if seen > DISCARDED_BYTES_MAX {
            break;
        }
        if seen <= BODY_BYTES_MAX {
            bytes.extend_from_slice(&data);
        }
    }
    if seen > BODY_BYTES_MAX { Err(BodyError::TooLarge) } else { Ok(bytes) }
}
