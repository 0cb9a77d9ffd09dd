//! `GET /v1/summary`: the balancer on one page, beginning with the verdict.
//!
//! Counters are sums over all workers since start. What each backend is at is `backends`' to say.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use lb_core::backend::{BackendState, Counter};
use lb_core::control::Control;
use lb_core::histogram::Reading;
use lb_core::worker::stats::{ANSWER_STATUSES, WorkerStats};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::Api;
use super::super::answer::Style;
use super::backends::Quantiles;
use super::strict::{self, Problem};
use super::verdict::{Facts, Verdict};
use crate::membership::mapping::Mapping;
use crate::membership::snapshot::{BackendView, Snapshot};

/// The balancer on one page.
#[derive(Serialize, ToSchema)]
pub(super) struct Summary {
    /// The front's own answers, by status.
    answers: BTreeMap<String, u64>,
    /// The version of the table that every worker routes by, or a newer one.
    applied_version: u64,
    backends: BackendCounts,
    bytes: Bytes,
    connections: Connections,
    /// The process is stopping.
    draining: bool,
    /// The mapping that holds now.
    epoch: u64,
    /// The health checks are suspected and not believed.
    fails_open: bool,
    /// From a session's connect to the first byte of its response.
    first_byte_seconds: Quantiles,
    last_change: LastChange,
    #[schema(format = DateTime)]
    now: String,
    replicas: Replicas,
    requests: Requests,
    ring: RingSummary,
    sessions: Sessions,
    /// The membership can't be saved, so changes are refused.
    state_write_failing: bool,
    /// The version of the table that was published last; it also counts what health changes.
    table_version: u64,
    uptime_seconds: f64,
    verdict: Verdict,
    version: &'static str,
}

/// How many backends are in which state.
#[derive(Serialize, ToSchema)]
#[schema(as = SummaryBackends)]
struct BackendCounts {
    down: usize,
    /// Those who have left and still have sessions.
    draining: usize,
    /// Those who get sessions.
    ready: usize,
    starting: usize,
    /// All but those who have left.
    total: usize,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SummaryBytes)]
struct Bytes {
    to_backend_total: u64,
    to_client_total: u64,
}

/// Clients' connections.
#[derive(Serialize, ToSchema)]
#[schema(as = SummaryConnections)]
struct Connections {
    accepted_total: u64,
    /// Most at a time.
    limit: u64,
    open: u64,
}

/// What has led to the mapping that holds now.
#[derive(Serialize, ToSchema)]
#[schema(as = SummaryLastChange)]
struct LastChange {
    /// In words.
    cause: String,
    epoch: u64,
    /// The least that had to move.
    ideal_percent: f64,
    moved_percent: f64,
    /// Slots that need not have moved.
    unnecessary: u32,
}

/// Backends that we keep alive.
#[derive(Serialize, ToSchema)]
#[schema(as = SummaryReplicas)]
struct Replicas {
    present: usize,
    ready: usize,
    /// How often one was replaced.
    replaced: u64,
    /// How many there shall be.
    target: u32,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SummaryRequests)]
struct Requests {
    /// Requests that followed the first one on their connection.
    pinned_total: u64,
    /// Sent once more because their backend was lost.
    replays_total: u64,
    /// Connects that went on to the next backend.
    retries_total: u64,
    /// Sessions routed without a key from the request.
    unkeyed_total: u64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SummaryRing)]
struct RingSummary {
    /// Of who owns which slot: equal on balancers that agree.
    digest: String,
    #[schema(example = "rendezvous")]
    hash: &'static str,
    /// How much more the member with the most owns than its weight says; null: nobody owns any.
    max_over_mean: Option<f64>,
    slots: u32,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SummarySessions)]
struct Sessions {
    open: u64,
    total: u64,
    /// For a place at their backend.
    waiting: u64,
}

/// The balancer on one page
#[utoipa::path(
    get,
    path = "/v1/summary",
    tag = "process",
    responses((status = 200, description = "What is wrong and what mends it, then all that counts", body = Summary))
)]
pub(super) async fn summary(State(api): State<Api>, uri: Uri, style: Style) -> Result<Response, Problem> {
    strict::query(&uri, &[])?;
    Ok(style.ok(&Summary::of(&api, &api.membership.snapshot())))
}

impl Summary {
    pub(super) fn of(api: &Api, snapshot: &Snapshot) -> Self {
        let total =
            |pick: fn(&WorkerStats) -> &Counter| api.control.stats().map(|stats| pick(stats).read()).sum::<u64>();
        // `closed` first: one that ends between the two is then still open rather than fewer than none.
        let closed = total(|stats| &stats.closed);
        let accepted = total(|stats| &stats.accepted);
        let connections =
            Connections { accepted_total: accepted, limit: api.connections_max, open: accepted.saturating_sub(closed) };
        let state_write_failing = api.membership.saving().is_failing();
        let facts = Facts {
            snapshot,
            write_failing: state_write_failing,
            connections: connections.open,
            connections_max: connections.limit,
        };
        Self {
            answers: answers(&api.control),
            applied_version: api.control.applied_version().min(snapshot.version),
            backends: BackendCounts::of(snapshot),
            bytes: Bytes {
                to_backend_total: total(|stats| &stats.bytes_to_backend),
                to_client_total: total(|stats| &stats.bytes_to_client),
            },
            draining: snapshot.draining,
            epoch: snapshot.epoch(),
            fails_open: snapshot.fails_open,
            first_byte_seconds: Quantiles::of(&Reading::of(api.control.stats().map(|stats| &stats.first_byte))),
            last_change: LastChange::of(snapshot.history.newest()),
            now: humantime::format_rfc3339_millis(SystemTime::now()).to_string(),
            replicas: Replicas::of(snapshot),
            requests: Requests {
                pinned_total: total(|stats| &stats.requests_pinned),
                replays_total: total(|stats| &stats.replays_reset)
                    + total(|stats| &stats.replays_closed)
                    + total(|stats| &stats.replays_overdue),
                retries_total: total(|stats| &stats.retries),
                unkeyed_total: total(|stats| &stats.unkeyed_random)
                    + total(|stats| &stats.unkeyed_raw)
                    + total(|stats| &stats.unkeyed_source),
            },
            ring: RingSummary::of(snapshot),
            sessions: Sessions::of(snapshot, total(|stats| &stats.routed)),
            state_write_failing,
            table_version: snapshot.version,
            uptime_seconds: api.events.now_ms() / 1000.0,
            verdict: Verdict::of(&facts),
            version: env!("CARGO_PKG_VERSION"),
            connections,
        }
    }
}

fn answers(control: &Control) -> BTreeMap<String, u64> {
    let sum = |index: usize| control.stats().map(|stats| stats.answers[index].read()).sum();
    ANSWER_STATUSES.iter().enumerate().map(|(index, status)| (status.to_string(), sum(index))).collect()
}

impl BackendCounts {
    fn of(snapshot: &Snapshot) -> Self {
        let count = |state| snapshot.backends.iter().filter(|view| view.state == state).count();
        Self {
            down: count(BackendState::Down),
            draining: count(BackendState::Draining),
            ready: snapshot.ready(),
            starting: count(BackendState::Starting),
            total: snapshot.members(),
        }
    }
}

impl LastChange {
    fn of(mapping: &Mapping) -> Self {
        let percent = |slots: f64| (slots * 1e8 / f64::from(mapping.diff.slots)).round() / 1e6;
        Self {
            cause: mapping.cause.clone(),
            epoch: mapping.epoch,
            ideal_percent: percent(mapping.diff.ideal),
            moved_percent: percent(f64::from(mapping.diff.moved)),
            unnecessary: mapping.diff.unnecessary,
        }
    }
}

impl Replicas {
    fn of(snapshot: &Snapshot) -> Self {
        let ours = |view: &&BackendView| view.supervised && view.state != BackendState::Draining;
        let ours: Vec<_> = snapshot.backends.iter().filter(ours).collect();
        let ready = ours.iter().filter(|view| view.is_ready()).count();
        Self { present: ours.len(), ready, replaced: snapshot.replaced, target: snapshot.target }
    }
}

impl RingSummary {
    fn of(snapshot: &Snapshot) -> Self {
        let owners: &Arc<_> = &snapshot.history.newest().owners;
        Self {
            digest: format!("{:016x}", owners.digest()),
            hash: owners.config().rule().name(),
            max_over_mean: owners.max_over_mean(),
            slots: owners.config().slots(),
        }
    }
}

impl Sessions {
    fn of(snapshot: &Snapshot, total: u64) -> Self {
        let backends = || snapshot.backends.iter().filter_map(|view| view.backend.as_deref());
        let waiting = backends().filter_map(|backend| backend.places()).map(|places| u64::from(places.waiting())).sum();
        Self { open: backends().map(|backend| backend.counters.open_sessions()).sum(), total, waiting }
    }
}
