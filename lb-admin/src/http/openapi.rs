//! `GET /openapi.json`: what every path takes and answers, generated from the handlers themselves.
//!
//! A handler says beside its code what it is for (`#[utoipa::path]`), and only what says so can be listed in `routes`; so no
//! path is left out. Here is what all of them have in common: what the API is called, the token, and the form of errors.

use std::sync::LazyLock;

use axum::response::Response;
use serde::Serialize;
use serde_json::Value;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, RefOr, ResponseBuilder};
use utoipa::openapi::{PathItem, Ref};
use utoipa::{PartialSchema, ToSchema};

use super::answer::Style;
use super::{idempotency, routes};

/// An error under `/v1` (RFC 9457).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct ProblemBody {
    /// What is wrong, and how to mend it.
    #[schema(example = "say what is to be explained: ?key=KEY as in the request, or ?source=ADDRESS of a client")]
    detail: String,
    /// The status once more.
    #[schema(example = 400)]
    status: u16,
    /// What the status is called.
    #[schema(example = "Bad Request")]
    title: String,
    /// No more is known of its kind than the status says.
    #[schema(example = "about:blank")]
    r#type: String,
}

/// An error elsewhere.
#[derive(Serialize, ToSchema)]
pub(super) struct Failure {
    /// `<Error>`, what is wrong and how to mend it.
    #[schema(example = "<Error> Server ID not found")]
    message: String,
    /// `failure`
    #[schema(example = "failure")]
    status: String,
}

const TOKEN: &str = "token";
const DESCRIPTION: &str = "The admin API of `lb`, a layer-4 load balancer with consistent hashing. Paths under /v1 are \
    strict: unknown parameters and keys are refused, errors are problem documents. The others are those of the \
    assignment (/rep, /add, /rm, /requests), and of scripts and Prometheus. `?pretty` indents any JSON. No GET changes \
    anything; a change needs the token where one is configured.";

/// The document, made once.
static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    serde_json::to_value(finished(routes::documented().into_openapi())).expect("a document is plain JSON")
});

/// The OpenAPI 3.1 document of the admin API.
pub fn document() -> &'static Value {
    &DOCUMENT
}

/// This document
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "process",
    responses((status = 200, description = "OpenAPI 3.1", body = Value))
)]
pub(super) async fn openapi(style: Style) -> Response {
    style.ok(document())
}

/// What the handlers don't say because it holds for all.
fn finished(mut api: OpenApi) -> OpenApi {
    for (path, item) in &mut api.paths.paths {
        let is_problem = path.starts_with("/v1/");
        let changes = [&mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
        for operation in changes.into_iter().flatten() {
            // Either without, where none is configured, or with it.
            operation.security =
                Some(vec![SecurityRequirement::default(), SecurityRequirement::new::<_, _, &str>(TOKEN, [])]);
            if is_problem {
                idempotency::document::describe(operation);
            }
        }
        operations(item).for_each(|operation| refusals(operation, is_problem));
    }
    let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("--admin-token-file")).build();
    let mut components = api.components.take().unwrap_or_default();
    components.add_security_scheme(TOKEN, SecurityScheme::Http(token));
    for (name, schema) in [("Problem", ProblemBody::schema()), ("Failure", Failure::schema())] {
        components.schemas.entry(name.to_owned()).or_insert(schema);
    }
    let license = LicenseBuilder::new().name("MIT OR Apache-2.0").identifier(Some("MIT OR Apache-2.0")).build();
    let info = InfoBuilder::new()
        .title("lb")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(DESCRIPTION))
        .license(Some(license));
    OpenApiBuilder::new().info(info.build()).paths(api.paths).components(Some(components)).build()
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete].into_iter().flatten()
}

/// Whatever is sent, the answer is a typed error: a foreign Host, a body that is too large, too many changes.
fn refusals(operation: &mut Operation, is_problem: bool) {
    let (kind, name) =
        if is_problem { ("application/problem+json", "Problem") } else { ("application/json", "Failure") };
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(name))).build();
    let response = ResponseBuilder::new().description("What was wrong, and how to mend it").content(kind, content);
    operation.responses.responses.entry("default".to_owned()).or_insert(RefOr::T(response.build()));
}

#[cfg(test)]
mod tests;
