//! What changes have in common in `/openapi.json`, said once: their parameters, and the refusals of the membership's owner.
//!
//! Nothing here is ever made: the types are what `#[utoipa::path]` reads. What is said of an operation alone stands at its
//! handler; what holds for every path, or for every change whoever makes it, is [`mod@super::super::openapi`]'s.

use utoipa::{IntoParams, IntoResponses};

use super::super::openapi::ProblemBody;

/// Of what starts replicas.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it is only described: `super::super::change` reads it")]
pub(super) struct Waiting {
    /// How long for new replicas to be ready, from 0 to 8s
    #[param(example = "2s", required = false, nullable = false)]
    wait: Option<String>,
}

/// Of what can be planned.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it is only described")]
pub(super) struct Planning {
    /// Only say what would come of it
    #[param(required = false, nullable = false)]
    dry_run: Option<bool>,
}

/// Of what can be made to depend on the epoch.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it is only described")]
pub(super) struct Condition {
    /// Only where the epoch is this one
    #[param(rename = "If-Match", example = "\"13\"", required = false, nullable = false)]
    if_match: Option<String>,
}

/// How the owner refuses any change.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it is only described: `super::changes` has the status of each error")]
pub(super) enum Refusals {
    /// Not possible as things are
    #[response(status = 409, content_type = "application/problem+json")]
    Conflict(ProblemBody),
    /// The epoch is another one
    #[response(status = 412, content_type = "application/problem+json")]
    Passed(ProblemBody),
    /// It is stopping, or the change could not be saved
    #[response(status = 503, content_type = "application/problem+json")]
    NotNow(ProblemBody),
}

/// How a change fails that starts replicas.
#[derive(IntoResponses)]
#[response(
    status = 500,
    content_type = "application/problem+json",
    description = "A replica could not be started or was not ready in time: all are gone again"
)]
#[expect(dead_code, reason = "it is only described")]
pub(super) struct NotStarted(ProblemBody);
