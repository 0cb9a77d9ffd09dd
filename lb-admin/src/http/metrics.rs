//! `/metrics`: every counter and histogram of the workers and of the backends, and the state of the membership, for Prometheus.
//!
//! Nothing is counted here: each scrape reads the workers' own counters and one snapshot, so a backend's series end
//! when it leaves the membership. Series of backends carry its `id` beside its name, because a name may be used again
//! while its last holder drains. The text is OpenMetrics 1.0, which Prometheus asks for and a person can read.

use std::fmt;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use lb_core::backend::places::Places;
use lb_core::backend::{Backend, BackendCell, BackendState, Counter};
use lb_core::control::Control;
use lb_core::worker::stats::{ANSWER_STATUSES, WorkerStats};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeCounterValue, EncodeGaugeValue, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use self::histograms::{HISTOGRAMS, Timed};
use super::Api;
use crate::autoscale::Readings;
use crate::membership::command::Membership;
use crate::membership::snapshot::{BackendView, Scaled, Snapshot};

mod histograms;

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The page.
pub(super) async fn metrics(State(api): State<Api>) -> Response {
    let mut registry = Registry::with_prefix("lb");
    registry.register_collector(Box::new(Scrape {
        control: api.control,
        membership: api.membership.clone(),
        snapshot: api.membership.snapshot(),
        autoscale: api.autoscale,
    }));
    let mut page = String::new();
    prometheus_client::encoding::text::encode(&mut page, &registry).expect("a String takes any text");
    ([(CONTENT_TYPE, OPENMETRICS)], page).into_response()
}

struct Scrape {
    control: Control,
    membership: Membership,
    snapshot: Arc<Snapshot>,
    autoscale: Option<Arc<Readings>>,
}

impl fmt::Debug for Scrape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scrape").field("snapshot", &self.snapshot).finish_non_exhaustive()
    }
}

impl Collector for Scrape {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut page = Page(encoder);
        self.workers(&mut page)?;
        self.backends(&mut page)?;
        self.membership(&mut page)?;
        self.autoscaler(&mut page)
    }
}

/// Names get `lb_` in front and, where they count, `_total` behind.
type WorkerCounter = (&'static str, &'static str, fn(&WorkerStats) -> &Counter);
const WORKER_COUNTERS: &[WorkerCounter] = &[
    ("connections_accepted", "Client connections accepted", |stats| &stats.accepted),
    ("connections_closed", "Client connections that have ended, however", |stats| &stats.closed),
    ("sessions_routed", "Sessions that were given a backend", |stats| &stats.routed),
    ("requests_pinned", "Requests that followed the first one on their connection to its backend", |stats| {
        &stats.requests_pinned
    }),
    ("connect_retries", "Connects that went on to the next backend", |stats| &stats.retries),
    ("replays_refused", "Requests not sent once more because the retry budget was used up", |stats| {
        &stats.replays_refused
    }),
    ("heads_held", "Requests of which a copy was held until their first response byte", |stats| &stats.heads_held),
    ("sessions_queued", "Sessions that had to wait for a place at their backend", |stats| &stats.queued),
    ("queue_timeouts", "Sessions for which no place came free in time", |stats| &stats.queue_timeouts),
    ("queue_full", "Sessions refused because as many waited as may", |stats| &stats.queue_full),
    ("sessions_spilled", "Sessions given to a later backend of their slot by the balance factor", |stats| {
        &stats.spilled
    }),
    ("sessions_evicted", "Sessions closed at the drain deadline of their removed backend", |stats| &stats.evicted),
    ("sessions_reset", "Sessions ended by a reset from either side", |stats| &stats.resets),
    ("sessions_timed_out", "Sessions closed by a deadline", |stats| &stats.timeouts),
    ("accepts_deferred", "Accepts put off because no file descriptor was left", |stats| &stats.accepts_deferred),
    ("turns_cut_short", "Times that a session had more to move than one turn allows", |stats| &stats.turns_cut_short),
    ("spliced_bytes", "Relayed bytes that went through a pipe and were never copied", |stats| &stats.spliced_bytes),
    (
        "splice_fallbacks",
        "Times that bulk was copied for want of a pipe, or because the kernel would not splice it",
        |stats| &stats.splice_fallbacks,
    ),
    ("stale_events", "Events for a session that was gone", |stats| &stats.stale_events),
    ("reports_dropped", "Reports of the workers that did not fit their channel", |stats| &stats.reports_dropped),
];
type ReasonCounter = (&'static str, fn(&WorkerStats) -> &Counter);
const UNKEYED: &[ReasonCounter] = &[
    ("random", |stats| &stats.unkeyed_random),
    ("raw", |stats| &stats.unkeyed_raw),
    ("source", |stats| &stats.unkeyed_source),
];
const REPLAYS: &[ReasonCounter] = &[
    ("reset", |stats| &stats.replays_reset),
    ("closed", |stats| &stats.replays_closed),
    ("deadline", |stats| &stats.replays_overdue),
];
const REFUSED: &[ReasonCounter] = &[
    ("no_proxy_header", |stats| &stats.refused_unannounced),
    ("source_limit", |stats| &stats.refused_by_source),
    ("no_descriptor", |stats| &stats.refused_without_descriptor),
];
const DIRECTIONS: &[ReasonCounter] =
    &[("client_to_backend", |stats| &stats.bytes_to_backend), ("backend_to_client", |stats| &stats.bytes_to_client)];
type BackendCounter = (&'static str, &'static str, fn(&BackendCell) -> &Counter);
const BACKEND_COUNTERS: &[BackendCounter] = &[
    ("backend_sessions", "Sessions whose connect succeeded", |cell| &cell.sessions),
    ("backend_connect_failures", "Connects refused, reset or timed out", |cell| &cell.connect_failures),
    ("backend_received_bytes", "Bytes from clients to the backend", |cell| &cell.bytes_to_backend),
    ("backend_sent_bytes", "Bytes from the backend to clients", |cell| &cell.bytes_to_client),
];
const STATES: [BackendState; 4] =
    [BackendState::Starting, BackendState::Ready, BackendState::Draining, BackendState::Down];

impl Scrape {
    fn workers(&self, page: &mut Page<'_>) -> fmt::Result {
        for (name, help, pick) in WORKER_COUNTERS {
            page.counter(name, help, self.total(*pick))?;
        }
        let by = |label, counters: &[ReasonCounter]| -> Vec<_> {
            counters.iter().map(|(value, pick)| ([(label, (*value).to_owned())], self.total(*pick))).collect()
        };
        page.counters("sessions_unkeyed", "Sessions routed without a key from the request", by("reason", UNKEYED))?;
        let replays = "Requests sent to another backend because theirs was lost before the first response byte";
        page.counters("replays", replays, by("cause", REPLAYS))?;
        page.counters("connections_refused", "Client connections reset at the door", by("reason", REFUSED))?;
        page.counters("relayed_bytes", "Bytes relayed between clients and backends", by("direction", DIRECTIONS))?;
        let answers = ANSWER_STATUSES.iter().enumerate().map(|(index, status)| {
            let sum = self.control.stats().map(|stats| stats.answers[index].read()).sum::<u64>();
            ([("status", status.to_string())], sum)
        });
        page.counters("answers", "The front's own answers", answers)?;
        let longest_us = self.control.stats().map(|stats| stats.longest_turn_us.read()).max().unwrap_or(0);
        for histogram in HISTOGRAMS {
            page.one(histogram.name, histogram.help, &Timed::read(histogram, &self.control))?;
        }
        page.gauge("worker_turn_max_seconds", "Longest turn of a worker's loop so far", longest_us as f64 / 1e6)?;
        let returned = self.total(|stats| &stats.pipes_returned);
        let lent = self.total(|stats| &stats.pipes_taken).saturating_sub(returned);
        page.gauge("pipes_lent", "Pipes that sessions have now", lent)?;
        page.gauge("workers", "Data-plane threads started", self.control.workers() as u64)?;
        page.gauge("workers_ended", "Data-plane threads that have ended", self.control.ended_workers() as u64)
    }

    fn backends(&self, page: &mut Page<'_>) -> fmt::Result {
        for (name, help, pick) in BACKEND_COUNTERS {
            let sums = self.addressed().map(|(view, backend)| (labels(view, backend), backend.counters.sum(pick)));
            page.counters(name, help, sums)?;
        }
        let open = self.addressed().map(|(view, backend)| (labels(view, backend), backend.counters.open_sessions()));
        page.gauges("backend_sessions_open", "Sessions open now", open)?;
        page.gauges("backend_places_open", "Places held now, connects under way included", self.placed(Places::open))?;
        page.gauges("backend_sessions_waiting", "Sessions that wait for a place", self.placed(Places::waiting))?;
        let limits = self
            .addressed()
            .filter_map(|(view, backend)| Some((labels(view, backend), u64::from(backend.places()?.limit()?))));
        page.gauges("backend_places_max", "Most places of the backend (--max-connections)", limits)?;
        let states = self.addressed().map(|(view, backend)| {
            let [name, id] = labels(view, backend);
            ([name, id, ("state", view.state.to_string())], 1_u64)
        });
        page.gauges("backend_state", "1 for the state that the backend is in", states)
    }

    fn membership(&self, page: &mut Page<'_>) -> fmt::Result {
        let snapshot = &self.snapshot;
        let count = |state| snapshot.backends.iter().filter(|view| view.state == state).count() as u64;
        let counts = STATES.map(|state| ([("state", state.to_string())], count(state)));
        page.gauges("backends", "Backends in each state", counts)?;
        page.gauge("replicas_target", "Replicas that the supervisor keeps alive", snapshot.target)?;
        page.counter("replicas_replaced", "Replicas replaced since start", snapshot.replaced)?;
        let ejection = "From the first sign that a backend is lost (a refused connect, a lost request, its end) to the \
                        moment from which no worker routes to it";
        page.one("ejection_seconds", ejection, &Timed::of_ejections(self.membership.healing().ejection()))?;
        let fails_open = "1 while so many members hang that their checks are suspected and they are routed to";
        page.gauge("failing_open", fails_open, u32::from(snapshot.fails_open))?;
        page.counter("fail_open", "Times that the checks came to be suspected (--max-ejected)", snapshot.fail_opens)?;
        page.gauge("table_version", "Version of the published ring table", snapshot.version)?;
        let saving = self.membership.saving();
        let failing = "1 while the membership can't be written to the state directory: /add and /rm are refused";
        page.gauge("state_write_failing", failing, u32::from(saving.is_failing()))?;
        page.counter("state_write_failures", "Failed writes of the membership", saving.failures())?;
        page.gauge("draining", "1 while the process is stopping", u32::from(snapshot.draining))
    }

    /// Only where there is one.
    fn autoscaler(&self, page: &mut Page<'_>) -> fmt::Result {
        let Some(readings) = &self.autoscale else { return Ok(()) };
        page.gauge("autoscale_desired", "Replicas that the load asks for now, within the bounds", readings.desired())?;
        let Scaled { up, down } = self.snapshot.scaled;
        let steps = [("up", up), ("down", down)].map(|(way, steps)| ([("direction", way.to_owned())], steps));
        page.counters("autoscale_steps", "Steps of the autoscaler", steps)
    }

    fn total(&self, pick: fn(&WorkerStats) -> &Counter) -> u64 {
        self.control.stats().map(|stats| pick(stats).read()).sum()
    }

    fn placed(&self, count: fn(&Places) -> u32) -> impl Iterator<Item = ([Label; 2], u64)> {
        let places = move |backend: &Backend| backend.places().map(|places| u64::from(count(places)));
        self.addressed().filter_map(move |(view, backend)| Some((labels(view, backend), places(backend)?)))
    }

    fn addressed(&self) -> impl Iterator<Item = (&BackendView, &Backend)> {
        self.snapshot.backends.iter().filter_map(|view| Some((view, view.backend.as_deref()?)))
    }
}

type Label = (&'static str, String);

fn labels(view: &BackendView, backend: &Backend) -> [Label; 2] {
    [("backend", (*view.name).to_owned()), ("id", backend.id.0.to_string())]
}

/// Writes one metric at a time: its HELP and TYPE, then a line a sample.
struct Page<'a>(DescriptorEncoder<'a>);

impl Page<'_> {
    fn counter(&mut self, name: &str, help: &str, value: impl EncodeCounterValue) -> fmt::Result {
        self.one(name, help, &ConstCounter::new(value))
    }

    fn gauge(&mut self, name: &str, help: &str, value: impl EncodeGaugeValue) -> fmt::Result {
        self.one(name, help, &ConstGauge::new(value))
    }

    fn counters<const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = ([Label; N], u64)>,
    ) -> fmt::Result {
        let samples = samples.into_iter().map(|(labels, value)| (labels, ConstCounter::new(value)));
        self.many(name, help, &ConstCounter::new(0_u64), samples)
    }

    fn gauges<const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = ([Label; N], u64)>,
    ) -> fmt::Result {
        let samples = samples.into_iter().map(|(labels, value)| (labels, ConstGauge::new(value)));
        self.many(name, help, &ConstGauge::new(0_u64), samples)
    }

    fn one(&mut self, name: &str, help: &str, metric: &impl EncodeMetric) -> fmt::Result {
        metric.encode(self.0.encode_descriptor(name, help, None, metric.metric_type())?)
    }

    /// `typed` only says what type the samples are of: there may be none.
    fn many<M: EncodeMetric, const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        typed: &M,
        samples: impl IntoIterator<Item = ([Label; N], M)>,
    ) -> fmt::Result {
        let mut descriptor = self.0.encode_descriptor(name, help, None, typed.metric_type())?;
        for (labels, metric) in samples {
            metric.encode(descriptor.encode_family(&labels)?)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
