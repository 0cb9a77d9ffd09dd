//! Every path of the admin API, one line each:
//!
//! - `GET /rep` · `POST /add` · `DELETE|POST /rm` · `GET /requests/NAME` — the assignment's API (`assignment`)
//! - `GET /livez` · `GET /readyz` — for scripts and orchestrators (`health`)
//! - `GET /metrics` — for Prometheus (`metrics`)
//! - `GET /` · `GET /assets/NAME` — the dashboard (`dashboard`)
//! - `/v1/…` — the strict API (`v1` lists its own)
//! - `GET /openapi.json` — what all of these take and answer, out of their own words (`openapi`)
//!
//! `HEAD` goes where `GET` goes. Anything else is a typed 404 or 405. The front of `--profile assignment` serves the
//! first line only. No `GET` changes anything.

use axum::Router;
use axum::http::header::ALLOW;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answer::Style;
use super::audit::Refusals;
use super::guard::Guard;
use super::{Api, assignment, audit, body, dashboard, guard, health, idempotency, metrics, openapi, v1};

/// All routes. `check_host`: whether a browser could have been led here under a foreign name.
pub(super) fn admin(api: Api, check_host: bool) -> Router {
    let guard = Guard::admin(api.access.clone(), check_host);
    let epoch = from_fn_with_state(api.membership.clone(), v1::etag::add);
    let once = from_fn_with_state(api.clone(), idempotency::once);
    finish(documented().route_layer(once).into(), api, guard).layer(epoch)
}

/// All routes, each with what it says of itself.
pub(super) fn documented() -> OpenApiRouter<Api> {
    assignment_routes()
        .routes(routes!(dashboard::page))
        // What the page is made of is no API, so the document doesn't list it.
        .route("/assets/{*name}", get(dashboard::asset))
        .routes(routes!(health::livez))
        .routes(routes!(health::readyz))
        .routes(routes!(metrics::metrics))
        .routes(routes!(openapi::openapi))
        .merge(v1::routes())
}

/// What the front answers under `--profile assignment`, where any Host is accepted.
pub(super) fn front(api: Api) -> Router {
    finish(assignment_routes().into(), api, Guard::front())
}

fn assignment_routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(assignment::rep))
        .routes(routes!(assignment::add))
        .routes(routes!(assignment::rm, assignment::rm_by_post))
        .routes(routes!(assignment::requests))
}

/// The last layer is the first to see a request: body, audit, guard, what `routes` has brought, route.
fn finish(routes: Router<Api>, api: Api, guard: Guard) -> Router {
    routes
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn_with_state(guard, guard::check))
        .layer(from_fn_with_state(Refusals::new(), audit::log))
        .layer(from_fn(body::collect))
        .with_state(api)
}

async fn not_found(method: Method, style: Style) -> Response {
    if method == Method::CONNECT {
        // Its target is no path at all.
        let mut response = style.refuse(StatusCode::METHOD_NOT_ALLOWED, "this is no proxy");
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET,HEAD,POST,DELETE"));
        return response;
    }
    style.refuse(StatusCode::NOT_FOUND, "there is nothing at this path")
}

/// axum adds the `Allow` header, from the methods that the path has.
async fn method_not_allowed(style: Style) -> Response {
    style.refuse(StatusCode::METHOD_NOT_ALLOWED, "this path takes other methods; the Allow header lists them")
}

#[cfg(test)]
mod tests;
