//! One series a backend, by its name: what the workers and the checks have counted for whoever holds that name now.
//!
//! A name may be given to another while its last holder drains; the series then begin anew with the new holder, as after a
//! restart, and what the old one still does is in the workers' totals only. Nothing is kept here: the series of a backend
//! end when it leaves the membership.

use std::collections::HashSet;

use lb_core::backend::places::Places;
use lb_core::backend::{Backend, BackendCell, BackendState, Counter};

use super::histograms::counted_by_backend;
use super::page::{Label, Page};
use crate::health::record::CHECK_RESULTS;
use crate::membership::snapshot::{BackendView, Snapshot};

type BackendCounter = (&'static str, &'static str, fn(&BackendCell) -> &Counter);
const COUNTERS: &[BackendCounter] = &[
    ("backend_sessions", "Sessions whose connect succeeded", |cell| &cell.sessions),
    ("backend_connect_failures", "Connects refused, reset or timed out", |cell| &cell.connect_failures),
    ("backend_received_bytes", "Bytes from clients to the backend", |cell| &cell.bytes_to_backend),
    ("backend_sent_bytes", "Bytes from the backend to clients", |cell| &cell.bytes_to_client),
];
const STATES: [BackendState; 4] =
    [BackendState::Starting, BackendState::Ready, BackendState::Draining, BackendState::Down];

/// Writes all of it.
pub(super) fn write(page: &mut Page, snapshot: &Snapshot) {
    let views = holders(snapshot);
    states(page, &views);
    sessions(page, &views);
    checks(page, &views);
    let count = |state| snapshot.backends.iter().filter(|view| view.state == state).count();
    page.gauges("backends", "Backends in each state", STATES.map(|state| ([named_state(state)], count(state))));
}

fn states(page: &mut Page, views: &[&BackendView]) {
    let ready = |view: &BackendView| u8::from(view.state == BackendState::Ready);
    page.gauges("backend_up", "1 while the backend is ready", views.iter().map(|view| ([named(view)], ready(view))));
    let states = views.iter().map(|view| ([named(view), named_state(view.state)], 1));
    page.gauges("backend_state", "1 for the state that the backend is in", states);
    let weights = views.iter().map(|view| ([named(view)], f64::from(view.weight.thousandths()) / 1000.0));
    page.gauges("backend_weight", "Its share relative to the others", weights);
    let restarts = views.iter().map(|view| ([named(view)], view.restarts));
    page.counters("backend_restarts", "Times that the replica in its seat was lost and launched again", restarts);
}

fn sessions(page: &mut Page, views: &[&BackendView]) {
    for (name, help, pick) in COUNTERS {
        let sums = addressed(views).map(|(view, backend)| ([named(view)], backend.counters.sum(pick)));
        page.counters(name, help, sums);
    }
    let open = addressed(views).map(|(view, backend)| ([named(view)], backend.counters.open_sessions()));
    page.gauges("backend_sessions_open", "Sessions open now", open);
    let first_bytes = addressed(views).map(|(view, backend)| ([named(view)], counted_by_backend(backend)));
    let help = "From a session's connect to the first byte of this backend's first response; off by a turn at most";
    page.histograms("backend_first_byte_seconds", help, first_bytes);
    page.gauges("backend_places_open", "Places held now, connects under way included", placed(views, Places::open));
    page.gauges("backend_sessions_waiting", "Sessions that wait for a place", placed(views, Places::waiting));
    let limits =
        addressed(views).filter_map(|(view, backend)| Some(([named(view)], u64::from(backend.places()?.limit()?))));
    page.gauges("backend_places_max", "Most places of the backend (--max-connections)", limits);
}

fn checks(page: &mut Page, views: &[&BackendView]) {
    let checked = || views.iter().filter_map(|view| Some((*view, view.checks.as_ref()?)));
    let counts = checked().flat_map(|(view, checks)| {
        let counts = CHECK_RESULTS.into_iter().zip(checks.counts());
        counts.map(|(result, count)| ([named(view), ("result", result.to_owned())], count))
    });
    page.counters("checks", "Health checks of the backend by what they found", counts);
    let took = checked().filter_map(|(view, checks)| Some(([named(view)], checks.last()?.took.as_secs_f64())));
    page.gauges("check_last_seconds", "How long its last health check took", took);
}

/// Those whose series there are: members come first, so of two with one name it is the one that doesn't drain.
fn holders(snapshot: &Snapshot) -> Vec<&BackendView> {
    let mut seen = HashSet::new();
    snapshot.backends.iter().filter(|view| seen.insert(&*view.name)).collect()
}

fn placed(views: &[&BackendView], count: fn(&Places) -> u32) -> impl Iterator<Item = ([Label; 1], u32)> {
    addressed(views).filter_map(move |(view, backend)| Some(([named(view)], count(backend.places()?))))
}

fn addressed<'a>(views: &[&'a BackendView]) -> impl Iterator<Item = (&'a BackendView, &'a Backend)> {
    views.iter().filter_map(|view| Some((*view, view.backend.as_deref()?)))
}

fn named(view: &BackendView) -> Label {
    ("backend", (*view.name).to_owned())
}

fn named_state(state: BackendState) -> Label {
    ("state", state.to_string())
}
