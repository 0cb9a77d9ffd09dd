//! The strict API, one line a path:
//!
//! - `GET /v1/backends` — everybody in the membership (`backends`)
//! - `GET /v1/events` — what has happened (`events`)
//!
//! Every answer carries the epoch as its `ETag` (`etag`), so that a change can say which mapping it is about (`If-Match`).
//! What isn't known in a query or a body is refused (`strict`): a typing error must not become another change. Errors are
//! problem documents (`super::answer`). The paths that aren't versioned stay as forgiving as they are.

use axum::Router;
use axum::routing::get;

use super::Api;

mod backends;
pub(super) mod etag;
mod events;
mod strict;

/// All of it.
pub(super) fn routes() -> Router<Api> {
    Router::new().route("/v1/backends", get(backends::backends)).route("/v1/events", get(events::events))
}

#[cfg(test)]
mod tests;
