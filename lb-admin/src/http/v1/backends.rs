//! `GET /v1/backends` and `/v1/backends/{name}`: everybody in the membership, with what is known of each.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use lb_core::backend::{Backend, BackendCell, BackendState, Counter};
use lb_core::histogram::Reading;
use lb_core::histogram::scale::Scale;
use lb_core::ring::Share;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::Api;
use super::super::answer::Style;
use super::super::openapi::ProblemBody;
use super::strict::{self, Problem};
use crate::membership::snapshot::{BackendView, LastCheck, Origin, Snapshot};

/// Everybody in the membership.
#[derive(Serialize, ToSchema)]
pub(super) struct Backends {
    /// In order of addition, then those that still drain.
    backends: Vec<BackendBody>,
    /// The mapping that holds now.
    epoch: u64,
}

/// One backend.
#[derive(Serialize, ToSchema)]
#[schema(as = Backend)]
pub(super) struct BackendBody {
    /// Where it listens; null: it has no address yet.
    #[schema(example = "127.0.0.1:20001")]
    address: Option<String>,
    /// Bytes from clients, since it came.
    bytes_to_backend_total: u64,
    /// Bytes to clients.
    bytes_to_client_total: u64,
    /// Connects that were refused, reset or timed out.
    connect_failures_total: u64,
    /// The engine's id of its container, for the `docker` runtime.
    container: Option<String>,
    /// Gets no new sessions, because somebody has said so.
    drained: bool,
    first_byte_seconds: Quantiles,
    last_check: Option<CheckBody>,
    /// Most sessions at a time; null: as many as come.
    max_connections: Option<u32>,
    #[schema(value_type = String)]
    name: Arc<str>,
    /// Who has told of it.
    origin: Origin,
    /// Its process, for the `process` runtime.
    pid: Option<u32>,
    /// How often the replica in its seat was lost and launched again or replaced.
    restarts: u64,
    /// Its place in the ring, which a replacement takes over.
    seat: u32,
    /// Sessions open now.
    sessions: u64,
    /// Sessions since it came.
    sessions_total: u64,
    /// Its part of the slots.
    share: f64,
    /// Its part of the weights.
    share_ideal: f64,
    /// Since when it is in its state.
    #[schema(format = DateTime)]
    since: String,
    /// The slots it owns, ready or not; none while it is drained.
    slots: u32,
    /// starting, ready, draining or down.
    #[schema(example = "ready")]
    state: String,
    /// Started and kept alive by us.
    supervised: bool,
    /// Sessions that wait for a place there.
    waiting: u32,
    /// Its share relative to the others.
    weight: f64,
}

/// How long it took; all null where nothing was measured yet.
#[derive(Default, Serialize, ToSchema)]
pub(super) struct Quantiles {
    /// How many were measured since start.
    count: u64,
    /// Half of them took no longer.
    p50: Option<f64>,
    /// All but one in a hundred took no longer.
    p99: Option<f64>,
}

/// The last health check.
#[derive(Serialize, ToSchema)]
#[schema(as = Check)]
struct CheckBody {
    #[schema(format = DateTime)]
    at: String,
    /// What it found, in words.
    detail: String,
    /// Whether that is good.
    ok: bool,
}

/// Everybody in the membership, in order of addition, then those that still drain
#[utoipa::path(
    get,
    path = "/v1/backends",
    tag = "backends",
    responses((status = 200, description = "All of them", body = Backends))
)]
pub(super) async fn backends(State(api): State<Api>, uri: Uri, style: Style) -> Result<Response, Problem> {
    strict::query(&uri, &[])?;
    let snapshot = api.membership.snapshot();
    Ok(style.ok(&Backends { backends: all(&snapshot), epoch: snapshot.epoch() }))
}

/// One backend
#[utoipa::path(
    get,
    path = "/v1/backends/{name}",
    tag = "backends",
    params(("name" = String, Path, description = "Its name", example = "S1")),
    responses(
        (status = 200, description = "The one of that name", body = BackendBody),
        (status = 404, description = "There is none", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn backend(
    State(api): State<Api>,
    uri: Uri,
    style: Style,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    strict::query(&uri, &[])?;
    let snapshot = api.membership.snapshot();
    // A name that isn't UTF-8 is nobody's. Members come before those that drain, so a name stands for its new holder.
    let named = |name: &str| snapshot.backends.iter().find(|view| *view.name == *name);
    let Some(view) = name.ok().and_then(|Path(name)| named(&name)) else {
        let known = "there is no backend of this name: GET /v1/backends lists them";
        return Err(Problem::new(&uri, StatusCode::NOT_FOUND, known));
    };
    Ok(style.ok(&BackendBody::new(view, &Shares::of(&snapshot))))
}

/// Everybody, as they are shown.
pub(super) fn all(snapshot: &Snapshot) -> Vec<BackendBody> {
    let shares = Shares::of(snapshot);
    snapshot.backends.iter().map(|view| BackendBody::new(view, &shares)).collect()
}

/// Who owns how much.
struct Shares {
    shares: Vec<Share>,
    slots: u32,
    weights: u32,
}

impl Shares {
    fn of(snapshot: &Snapshot) -> Self {
        let owners = &snapshot.history.newest().owners;
        let shares = owners.shares();
        let weights = shares.iter().map(|share| share.member.weight.thousandths()).sum();
        Self { shares, slots: owners.config().slots(), weights }
    }

    /// Slots, their part of all, and the part that the weight is due. Whoever drains has left the ring, or owns nothing in it.
    fn owned_by(&self, view: &BackendView) -> (u32, f64, f64) {
        let owns = |share: &&Share| share.member.seat.number() == view.seat;
        let Some(share) = self.shares.iter().find(owns).filter(|_| view.state != BackendState::Draining) else {
            return (0, 0.0, 0.0);
        };
        let due = f64::from(share.member.weight.thousandths()) / f64::from(self.weights);
        (share.slots, f64::from(share.slots) / f64::from(self.slots), due)
    }
}

impl Quantiles {
    pub(super) fn of<S: Scale>(reading: &Reading<S>) -> Self {
        Self { count: reading.count(), p50: reading.quantile(0.5), p99: reading.quantile(0.99) }
    }

    fn of_backend(backend: &Backend) -> Self {
        Self::of(&backend.counters.first_byte())
    }
}

impl BackendBody {
    fn new(view: &BackendView, shares: &Shares) -> Self {
        let backend = view.backend.as_deref();
        let places = backend.and_then(|backend| backend.places());
        let sum = |pick: fn(&BackendCell) -> &Counter| backend.map_or(0, |backend| backend.counters.sum(pick));
        let (slots, share, share_ideal) = shares.owned_by(view);
        Self {
            address: backend.map(|backend| backend.addr.to_string()),
            bytes_to_backend_total: sum(|cell| &cell.bytes_to_backend),
            bytes_to_client_total: sum(|cell| &cell.bytes_to_client),
            connect_failures_total: sum(|cell| &cell.connect_failures),
            container: view.container.clone(),
            drained: view.drained,
            first_byte_seconds: backend.map_or_else(Quantiles::default, Quantiles::of_backend),
            last_check: view.checks.as_ref().and_then(|checks| checks.last()).map(CheckBody::from),
            max_connections: places.and_then(|places| places.limit()),
            name: Arc::clone(&view.name),
            origin: view.origin,
            pid: view.pid,
            restarts: view.restarts,
            seat: view.seat,
            sessions: backend.map_or(0, |backend| backend.counters.open_sessions()),
            sessions_total: sum(|cell| &cell.sessions),
            share,
            share_ideal,
            since: humantime::format_rfc3339_millis(view.since).to_string(),
            slots,
            state: view.state.to_string(),
            supervised: view.supervised,
            waiting: places.map_or(0, |places| places.waiting()),
            weight: f64::from(view.weight.thousandths()) / 1000.0,
        }
    }
}

impl From<LastCheck> for CheckBody {
    fn from(check: LastCheck) -> Self {
        Self { at: humantime::format_rfc3339_millis(check.at).to_string(), detail: check.detail, ok: check.ok }
    }
}
