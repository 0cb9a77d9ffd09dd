//! What the workers have counted, added up over all of them.

use lb_core::backend::Counter;
use lb_core::control::Control;
use lb_core::worker::stats::{ANSWER_STATUSES, WorkerStats};

use super::histograms::{HISTOGRAMS, counted};
use super::page::{Label, Page};
use crate::access_log::Counts;

type WorkerCounter = (&'static str, &'static str, fn(&WorkerStats) -> &Counter);
const COUNTERS: &[WorkerCounter] = &[
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

type Labelled = (&'static str, fn(&WorkerStats) -> &Counter);
const MOVED: &[Labelled] = &[
    ("kept", |stats| &stats.moved_kept),
    ("closed", |stats| &stats.moved_closed),
    ("drained", |stats| &stats.moved_drained),
];
const UNKEYED: &[Labelled] = &[
    ("random", |stats| &stats.unkeyed_random),
    ("raw", |stats| &stats.unkeyed_raw),
    ("source", |stats| &stats.unkeyed_source),
];
const CONNECT_ERRORS: &[Labelled] =
    &[("refused", |stats| &stats.connects_refused), ("timed_out", |stats| &stats.connects_timed_out)];
const REPLAYS: &[Labelled] = &[
    ("reset", |stats| &stats.replays_reset),
    ("closed", |stats| &stats.replays_closed),
    ("deadline", |stats| &stats.replays_overdue),
];
const REFUSED: &[Labelled] = &[
    ("no_proxy_header", |stats| &stats.refused_unannounced),
    ("source_limit", |stats| &stats.refused_by_source),
    ("no_descriptor", |stats| &stats.refused_without_descriptor),
];
const DIRECTIONS: &[Labelled] =
    &[("client_to_backend", |stats| &stats.bytes_to_backend), ("backend_to_client", |stats| &stats.bytes_to_client)];

/// Lines and dropped ones together are the connections closed, but for those under way. 0 where there is no such log.
pub(super) fn write_access_log(page: &mut Page, control: &Control, counts: Option<&Counts>) {
    let not_taken: u64 = control.stats().map(|stats| stats.access_log_dropped.read()).sum();
    let (written, lost) = counts.map_or((0, 0), |counts| (counts.written(), counts.lost()));
    page.counter("access_log_lines", "Lines of the access log that were written", written);
    page.counter("access_log_dropped", "Lines lost: not taken in time, or not writable", not_taken + lost);
}

/// Writes all of it.
pub(super) fn write(page: &mut Page, control: &Control) {
    let total = |pick: fn(&WorkerStats) -> &Counter| control.stats().map(|stats| pick(stats).read()).sum::<u64>();
    // The closed first: a connection that ends between the two reads then only counts as still open.
    let closed = total(|stats| &stats.closed);
    let open = total(|stats| &stats.accepted).saturating_sub(closed);
    page.gauge("connections_open", "Client connections open now", open);
    for (name, help, pick) in COUNTERS {
        page.counter(name, help, total(*pick));
    }
    let by = |label: &'static str, counters: &[Labelled]| -> Vec<([Label; 1], u64)> {
        counters.iter().map(|(value, pick)| ([(label, (*value).to_owned())], total(*pick))).collect()
    };
    let moved = "Sessions whose key a new mapping has given to another backend, by what became of them (--on-move)";
    page.counters("sessions_moved", moved, by("result", MOVED));
    page.counters("sessions_unkeyed", "Sessions routed without a key from the request", by("reason", UNKEYED));
    page.counters("connect_errors", "Connects to a backend that did not come off", by("reason", CONNECT_ERRORS));
    let replays = "Requests sent to another backend because theirs was lost before the first response byte";
    page.counters("replays", replays, by("reason", REPLAYS));
    page.counters("connections_refused", "Client connections reset at the door", by("reason", REFUSED));
    page.counters("relayed_bytes", "Bytes relayed between clients and backends", by("direction", DIRECTIONS));
    let answers = ANSWER_STATUSES.iter().enumerate().map(|(index, status)| {
        let sum = control.stats().map(|stats| stats.answers[index].read()).sum::<u64>();
        ([("reason", status.to_string())], sum)
    });
    page.counters("answers", "The front's own answers, by status", answers);
    for shown in HISTOGRAMS {
        page.histograms(shown.name, shown.help, [([], counted(shown, control))]);
    }
    let longest_us = control.stats().map(|stats| stats.longest_turn_us.read()).max().unwrap_or(0);
    page.gauge("worker_turn_max_seconds", "Longest turn of a worker's loop so far", longest_us as f64 / 1e6);
    let returned = total(|stats| &stats.pipes_returned);
    let lent = total(|stats| &stats.pipes_taken).saturating_sub(returned);
    page.gauge("pipes_lent", "Pipes that sessions have now", lent);
    page.gauge("workers", "Data-plane threads started", control.workers());
    page.gauge("workers_ended", "Data-plane threads that have ended", control.ended_workers());
}
