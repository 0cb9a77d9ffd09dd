//! The strict API, one line a path:
//!
//! - `GET /v1/backends` · `GET /v1/backends/{name}` — everybody in the membership (`backends`)
//! - `GET /v1/events` — what has happened (`events`)
//! - `GET /v1/explain` — where a key goes, and why (`explain`)
//!
//! Every answer carries the epoch as its `ETag` (`etag`), so that a change can say which mapping it is about (`If-Match`).
//! What isn't known in a query or a body is refused (`strict`): a typing error must not become another change. Errors are
//! problem documents (`super::answer`). The paths that aren't versioned stay as forgiving as they are.

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Api;

mod backends;
pub(super) mod etag;
mod events;
mod explain;
mod strict;

/// All of it.
pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(backends::backends))
        .routes(routes!(backends::backend))
        .routes(routes!(events::events))
        .routes(routes!(explain::explain))
}

#[cfg(test)]
mod tests;
