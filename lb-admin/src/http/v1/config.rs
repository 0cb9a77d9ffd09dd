//! `GET /v1/config` · `POST /v1/reload`: the configuration that applies, and reading it again.

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;

use super::super::Api;
use super::super::answer::{Style, parameter};
use super::super::idempotency::Judged;
use super::super::openapi::ProblemBody;
use super::strict::{self, Problem};
use crate::reload::{Effective, ReloadError, Reloaded};

/// Every key of the configuration with its value and who said it
#[utoipa::path(
    get,
    path = "/v1/config",
    tag = "configuration",
    responses((status = 200, description = "What applies; secrets are masked", body = Effective))
)]
pub(super) async fn config(State(api): State<Api>, uri: Uri, style: Style) -> Result<Response, Problem> {
    strict::query(&uri, &[])?;
    Ok(style.ok(&api.reloads.effective()))
}

/// Reads the configuration again and applies what can be applied while running, all of it or none
#[utoipa::path(
    post,
    path = "/v1/reload",
    tag = "configuration",
    params(("dry_run" = Option<bool>, Query, description = "Only say what would change")),
    responses(
        (status = 200, description = "What has changed, and when it applies", body = Reloaded),
        (status = 400, description = "The configuration is wrong: in which line, and what would mend it", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It doesn't go with what is there now", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many changes at once", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn reload(State(api): State<Api>, uri: Uri, style: Style) -> Result<Response, Problem> {
    strict::query(&uri, &["dry_run"])?;
    let dry_run = match parameter(&uri, "dry_run") {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(Problem::new(&uri, StatusCode::BAD_REQUEST, "dry_run is true or false")),
    };
    if !dry_run && let Err(wait) = api.changes.take() {
        return Ok(style.too_fast(wait));
    }
    match api.reloads.reload(dry_run).await {
        Ok(reloaded) => {
            let mut response = style.ok(&reloaded);
            response.extensions_mut().insert(Judged);
            Ok(response)
        }
        Err(ReloadError::Refused(error)) => Err(Problem::refused(&uri, &error)),
        Err(wrong @ ReloadError::Wrong(_)) => Err(Problem::new(&uri, StatusCode::BAD_REQUEST, wrong)),
    }
}

#[cfg(test)]
mod tests;
