//! `/metrics`: every counter and histogram of the workers and of the backends, and the state of the membership, for
//! Prometheus.
//!
//! Nothing is counted here: each scrape reads the workers' own counters and one snapshot ([`workers`], [`backends`],
//! [`membership`]); [`page`] knows how it is written. Units are base units, and labels are `backend`, `state`, `reason`,
//! `result` and `direction`, whose values are few: no series a client, a key or an incarnation. (The build alone says its
//! `version`.)

use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use self::page::{Format, Page};
use super::Api;

mod backends;
mod histograms;
mod membership;
mod page;
mod process;
mod workers;

/// The page.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "process",
    responses((status = 200, description = "Every series, as Prometheus text or, where it is asked for, OpenMetrics", content(
        (String = "text/plain"),
        (String = "application/openmetrics-text"),
    )))
)]
pub(super) async fn metrics(State(api): State<Api>, headers: HeaderMap) -> Response {
    let format = Format::wanted(&headers);
    ([(CONTENT_TYPE, format.content_type())], written(&api, format)).into_response()
}

fn written(api: &Api, format: Format) -> String {
    let snapshot = api.membership.snapshot();
    let mut page = Page::new(format);
    workers::write(&mut page, &api.control);
    workers::write_access_log(&mut page, &api.control, api.access_log.as_deref());
    backends::write(&mut page, &snapshot);
    membership::write(&mut page, &snapshot, &api.membership);
    if let Some(readings) = api.autoscale.as_ref().filter(|readings| readings.desired() > 0) {
        membership::write_autoscaler(&mut page, readings, snapshot.scaled);
    }
    process::write(&mut page);
    page.finish()
}

#[cfg(test)]
mod documents;
#[cfg(test)]
mod tests;
