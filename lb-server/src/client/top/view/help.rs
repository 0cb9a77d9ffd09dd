//! The keys, and what the columns and signs mean. Pure.

use ratatui::text::Line;

use super::style::{Paint, Tone};
use super::text::{left, wrapped};

/// The left column.
const KEY: usize = 18;

const ROWS: &[(&str, &str)] = &[
    ("↑ ↓  j k", "choose a backend, or scroll; PgUp PgDn by the page, Home End (g G) to the ends"),
    ("Enter  x", "all about the chosen backend, and what can be typed about it"),
    ("/  e", "explain a key: where it goes and why"),
    ("Tab", "what the arrow keys move: the backends or what is below them"),
    ("Esc", "close, back to the last events"),
    ("?  h  F1", "this"),
    ("Ctrl-L  Ctrl-Z", "draw anew; to the shell until fg"),
    ("q  F10  Ctrl-C", "quit"),
    ("", ""),
    ("✕ ○ ! ‖ ●", "down, starting, failing its checks or connects, drained or leaving, ready; in this order"),
    ("for", "how long it has been in its state"),
    ("has/due %", "its share of the slots, and what is due to its weight; the bar ━ is what it has, │ what is due"),
    ("open", "open sessions, +those that wait for a place"),
    ("req/s ▁▃█", "sessions begun a second; · is none, empty is unknown"),
    ("p50/p99", "to the first byte, since it came"),
    ("fails", "connects that failed, since it came"),
    ("restarts", "how often the replica in this seat was replaced"),
    ("", ""),
    ("changes", "lb top changes nothing: lb drain, lb weight, lb scale … do, and lb plan says what they would move"),
];

pub(super) fn lines(paint: Paint, columns: usize) -> Vec<Line<'static>> {
    ROWS.iter().flat_map(|(key, text)| row(key, text, paint, columns)).collect()
}

fn row(key: &str, text: &str, paint: Paint, columns: usize) -> Vec<Line<'static>> {
    if text.is_empty() {
        return vec![Line::default()];
    }
    let texts = wrapped(text, columns.saturating_sub(KEY));
    let key = |at: usize| left(if at == 0 { key } else { "" }, KEY);
    let line = |(at, text)| Line::from(vec![paint.span(key(at), Tone::Strong), paint.span(text, Tone::Plain)]);
    texts.into_iter().enumerate().map(line).collect()
}
