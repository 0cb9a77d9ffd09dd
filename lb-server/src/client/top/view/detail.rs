//! All that is known of one backend, and what can be typed about it. Pure.

use std::time::SystemTime;

use ratatui::text::Line;

use super::super::super::backend::Backend;
use super::super::model::Model;
use super::super::trouble::Patient;
use super::super::words::{NOTHING, age, count, percent, shorts, span};
use super::style::{Paint, Tone};
use super::table::tone;
use super::text::{left, wrapped};

/// The labels' column.
const LABEL: usize = 10;

pub(super) fn lines(model: &Model, patient: &Patient, paint: Paint, columns: usize) -> Vec<Line<'static>> {
    let now = model.picture.now();
    let backend = &patient.backend;
    let state = format!(
        "{} {} for {}, seat {}, weight {}",
        patient.condition.sign(),
        patient.word(),
        span(backend.age(now)),
        backend.seat,
        backend.weight
    );
    let failed = backend.last_check.as_ref().is_some_and(|check| !check.ok);
    let facts = [
        ("state", state, tone(patient)),
        ("where", place(backend), Tone::Plain),
        ("share", share(backend), Tone::Plain),
        ("sessions", sessions(backend), Tone::Plain),
        ("latency", latency(backend), Tone::Plain),
        ("check", check(backend, now), if failed { Tone::Bad } else { Tone::Plain }),
        ("lost", lost(backend), Tone::Plain),
        ("type", commands(backend).map(|command| model.typed_as(&command)).join("  ·  "), Tone::Strong),
    ];
    let lines = facts.into_iter().flat_map(|(label, text, tone)| fact(label, &text, tone, paint, columns));
    lines.collect()
}

fn fact(label: &str, text: &str, tone: Tone, paint: Paint, columns: usize) -> Vec<Line<'static>> {
    let texts = wrapped(text, columns.saturating_sub(LABEL));
    let label = |at: usize| left(if at == 0 { label } else { "" }, LABEL);
    let line = |(at, text)| Line::from(vec![paint.span(label(at), Tone::Quiet), paint.span(text, tone)]);
    texts.into_iter().enumerate().map(line).collect()
}

fn place(backend: &Backend) -> String {
    let address = backend.address.clone().unwrap_or_else(|| "no address yet".to_owned());
    let process = backend.pid.map(|pid| format!(", pid {pid}")).unwrap_or_default();
    let container = backend.container.as_ref().map(|id| format!(", container {id:.12}")).unwrap_or_default();
    let whose = if backend.supervised { "kept alive by lb" } else { "run by somebody else" };
    format!("{address}{process}{container}; {whose} ({})", backend.origin)
}

fn share(backend: &Backend) -> String {
    let Backend { share, share_ideal, slots, .. } = backend;
    format!("has {} % ({} slots), due {} %", percent(*share), count(u64::from(*slots)), percent(*share_ideal))
}

fn sessions(backend: &Backend) -> String {
    let limit =
        backend.max_connections.map_or_else(|| "no limit".to_owned(), |most| format!("at most {}", count(most)));
    let Backend { sessions, waiting, sessions_total, .. } = backend;
    format!("{} open ({limit}), {} wait, {} so far", count(*sessions), count(*waiting), count(*sessions_total))
}

fn latency(backend: &Backend) -> String {
    let first_byte = backend.first_byte_seconds;
    format!("p50/p99 {} to the first byte", shorts(first_byte.p50, first_byte.p99))
}

fn check(backend: &Backend, now: SystemTime) -> String {
    let Some(check) = &backend.last_check else { return NOTHING.to_owned() };
    let ago = age(now.duration_since(check.at).unwrap_or_default());
    format!("{} {ago} ago: {}", if check.ok { "ok" } else { "failed" }, check.detail)
}

fn lost(backend: &Backend) -> String {
    let (restarts, failures) = (count(backend.restarts), count(backend.connect_failures_total));
    format!("replaced or started again {restarts} times; {failures} connects to it failed")
}

/// The picture changes nothing: what does is typed.
fn commands(backend: &Backend) -> [String; 3] {
    let name = &backend.name;
    let drain = if backend.drained { format!("lb undrain {name}") } else { format!("lb drain {name}") };
    let look = if backend.supervised { format!("lb logs {name}") } else { format!("lb ring {name}") };
    [look, drain, format!("lb weight {name} W")]
}
