//! The strict API, one line a path:
//!
//! - `GET /v1/backends` · `GET /v1/backends/{name}` — everybody in the membership (`backends`)
//! - `POST|DELETE /v1/backends` · `DELETE|PATCH /v1/backends/{name}` · `PUT /v1/target` · `POST /v1/epochs/{epoch}/rollback` —
//!   changes, each also as a plan (`changes`; `form` reads their bodies, `changed` and `effect` say what came of it)
//! - `GET /v1/target` — how many replicas there are and shall be (`changes`)
//! - `GET /v1/config` · `POST /v1/reload` — the configuration that applies, and reading it again (`config`)
//! - `GET /v1/backends/{name}/logs` — what a replica has printed (`logs`)
//! - `GET /v1/epochs` · `GET /v1/epochs/diff` — the mappings that there have been (`epochs`)
//! - `GET /v1/events` — what has happened (`events`), and what happens (`stream`)
//! - `GET /v1/explain` — where a key goes, and why (`explain`)
//! - `GET /v1/ring` — who owns how much (`ring`)
//! - `GET /v1/summary` — all of it on one page (`summary`), what is wrong first (`verdict`)
//!
//! Every answer carries the epoch as its `ETag` (`etag`), so that a change can say which mapping it is about (`If-Match`).
//! What isn't known in a query or a body is refused (`strict`): a typing error must not become another change. Errors are
//! problem documents (`super::answer`). The paths that aren't versioned stay as forgiving as they are.

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use self::stream::Streams;
use super::Api;

mod backends;
mod changed;
mod changes;
mod config;
mod described;
mod effect;
mod epochs;
pub(super) mod etag;
mod events;
mod explain;
mod form;
mod logs;
mod ring;
mod stream;
mod strict;
mod summary;
mod touched;
mod verdict;

/// All of it.
pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(backends::backends, changes::add_backends, changes::remove_backends))
        .routes(routes!(backends::backend, changes::remove_backend, changes::edit_backend))
        .routes(routes!(changes::target, changes::set_target))
        .routes(routes!(changes::rollback))
        .routes(routes!(logs::logs))
        .routes(routes!(config::config))
        .routes(routes!(config::reload))
        .routes(routes!(epochs::epochs))
        .routes(routes!(epochs::diff))
        .routes(routes!(events::events))
        .routes(routes!(explain::explain))
        .routes(routes!(ring::ring))
        .routes(routes!(summary::summary))
}

#[cfg(test)]
mod tests;
