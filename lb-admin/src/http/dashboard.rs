//! The dashboard: one page, its style, scripts and charts, compiled in and served as they lie in the folder beside this.
//!
//! The page reads `/v1` like any other client and changes nothing but through it; so all that is decided here is what a
//! browser may do with it. Nothing comes from elsewhere and nothing stands in the page that could run
//! ([`POLICY`]): whatever a backend is called, it can't become a script. The page says whether a change needs
//! the token, never which. Not here: who may ask (`guard`), and any state.

use axum::extract::{Path, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::Api;
use super::answer::Style;

/// Everything from here, nothing inline, framed by nobody, no form sent by the browser itself.
const POLICY: &str =
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'";

/// What the page says where no token is configured, and what it says where one is.
const OPEN: &str = "data-token=\"none\"";
const TOKEN_WANTED: &str = "data-token=\"wanted\"";

const PAGE: &str = include_str!("dashboard/index.html");

/// One file: its name under `/assets/`, what it is, its bytes.
type Asset = (&'static str, &'static str, &'static [u8]);

const JS: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

macro_rules! asset {
    ($name:literal, $kind:expr) => {
        ($name, $kind, include_bytes!(concat!("dashboard/", $name)))
    };
}

const ASSETS: &[Asset] = &[
    asset!("style.css", "text/css; charset=utf-8"),
    asset!("icon.svg", SVG),
    asset!("app.js", JS),
    asset!("ask.js", JS),
    asset!("change.js", JS),
    asset!("charts.js", JS),
    asset!("dom.js", JS),
    asset!("effect.js", JS),
    asset!("events.js", JS),
    asset!("explain.js", JS),
    asset!("flow.js", JS),
    asset!("history.js", JS),
    asset!("replicas.js", JS),
    asset!("ring.js", JS),
    asset!("samples.js", JS),
    asset!("stream.js", JS),
    asset!("tabs.js", JS),
    asset!("verdict.js", JS),
    asset!("charts/a1_10k.svg", SVG),
    asset!("charts/a2_load.svg", SVG),
    asset!("charts/a3_recovery.svg", SVG),
    asset!("charts/peers-cpu.svg", SVG),
];

/// The dashboard
#[utoipa::path(
    get,
    path = "/",
    tag = "process",
    responses((status = 200, description = "A page that shows what /v1 says, and changes things through it", body = String, content_type = "text/html"))
)]
pub(super) async fn page(State(api): State<Api>) -> Response {
    let page = if api.access.borrow().token.is_some() { PAGE.replacen(OPEN, TOKEN_WANTED, 1) } else { PAGE.to_owned() };
    (headers("text/html; charset=utf-8"), page).into_response()
}

/// `GET /assets/NAME`: what the page is made of.
pub(super) async fn asset(Path(name): Path<String>, style: Style) -> Response {
    match ASSETS.iter().find(|(known, _, _)| *known == name) {
        Some((_, kind, bytes)) => (headers(kind), *bytes).into_response(),
        None => style.refuse(StatusCode::NOT_FOUND, "there is nothing at this path"),
    }
}

fn headers(kind: &'static str) -> HeaderMap {
    let fields = [
        (CONTENT_TYPE, kind),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // For browsers that don't know frame-ancestors.
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        // The next lb may have another page.
        (CACHE_CONTROL, "no-cache"),
    ];
    fields.map(|(name, value)| (name, HeaderValue::from_static(value))).into_iter().collect()
}

#[cfg(test)]
mod tests;
