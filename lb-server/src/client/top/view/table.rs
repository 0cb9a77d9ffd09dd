//! The backends, a line each, whoever is in trouble first. Pure.

use ratatui::text::{Line, Span};

use super::super::model::{Focus, Model};
use super::super::samples::Seat;
use super::super::trouble::{Condition, Patient};
use super::super::words::{NOTHING, age, brief, percent, rate, shorts};
use super::chart::{bar, sparkline};
use super::columns::{CURSOR, Column, GAP, columns};
use super::style::{Paint, Tone};
use super::text::{left, right, width};

/// The heads and as many backends as there are lines for, the chosen one among them.
pub(super) fn lines(model: &Model, paint: Paint, room: usize, height: usize) -> Vec<Line<'static>> {
    let backends = &model.picture.backends;
    let longest = backends.iter().map(|patient| width(&patient.backend.name)).max().unwrap_or(0);
    let columns = columns(room, longest);
    let mut lines = vec![heads(&columns, paint)];
    if backends.is_empty() {
        lines.push(paint.span("  no backend; `lb add -n 3` starts some", Tone::Plain).into());
    }
    let most = backends.iter().flat_map(|patient| [patient.backend.share, patient.backend.share_ideal]).flatten();
    let most = most.fold(0.0, f64::max);
    let in_sight = height.saturating_sub(1);
    let first = first_in_sight(model.chosen(), in_sight, backends.len());
    for (at, patient) in backends.iter().enumerate().skip(first).take(in_sight) {
        let is_chosen = at == model.chosen();
        let row = Row { model, patient, paint, most };
        lines.push(row.line(&columns, is_chosen));
    }
    lines
}

/// The chosen one stands in the middle where there are more on both sides.
fn first_in_sight(chosen: usize, in_sight: usize, all: usize) -> usize {
    chosen.saturating_sub(in_sight / 2).min(all.saturating_sub(in_sight))
}

fn heads(columns: &[(Column, usize)], paint: Paint) -> Line<'static> {
    let mut text = " ".repeat(CURSOR - GAP);
    for &(column, width) in columns {
        let head = if column.is_number() { right(column.head(), width) } else { left(column.head(), width) };
        text += &" ".repeat(GAP);
        text += &head;
    }
    paint.span(text, Tone::Quiet).into()
}

struct Row<'a> {
    model: &'a Model,
    patient: &'a Patient,
    paint: Paint,
    /// The largest share of all.
    most: f64,
}

impl Row<'_> {
    fn line(&self, columns: &[(Column, usize)], is_chosen: bool) -> Line<'static> {
        let is_lit = is_chosen && self.model.focus == Focus::Backends;
        // Reversed, colours would be patches.
        let paint = if is_lit { Paint { colour: false, ..self.paint } } else { self.paint };
        let mut line = Line::from(Span::raw(if is_chosen { "▸" } else { " " }));
        for &(column, width) in columns {
            let (text, tone) = self.cell(column, width);
            let text = if column.is_number() { right(&text, width) } else { left(&text, width) };
            line.push_span(Span::raw(" ".repeat(GAP)));
            line.push_span(paint.span(text, tone));
        }
        if is_lit { line.patch_style(Paint::chosen()) } else { line }
    }

    fn cell(&self, column: Column, width: usize) -> (String, Tone) {
        let backend = &self.patient.backend;
        let (picture, seat) = (&self.model.picture, Seat::of(backend));
        let plain = |text: String| (text, Tone::Plain);
        match column {
            Column::Name => (backend.name.clone(), Tone::Strong),
            Column::State => (format!("{} {}", self.patient.condition.sign(), self.patient.word()), tone(self.patient)),
            Column::Age => plain(age(backend.age(picture.now()))),
            Column::Share => plain(format!("{}/{}", percent(backend.share), percent(backend.share_ideal))),
            Column::Bar => {
                let (has, due) = (backend.share.unwrap_or(0.0), backend.share_ideal.unwrap_or(0.0));
                (bar(has, due, self.most, width), Tone::Change)
            }
            Column::Open => {
                let waiting = if backend.waiting > 0 { format!("+{}", brief(backend.waiting)) } else { String::new() };
                plain(format!("{}{waiting}", brief(backend.sessions)))
            }
            Column::Rate => plain(picture.samples.rate(&seat).map_or_else(|| NOTHING.to_owned(), rate)),
            Column::Spark => {
                let rates = picture.samples.rates(&seat, picture.now(), self.model.interval, width);
                (sparkline(&rates), Tone::Good)
            }
            Column::Latency => plain(shorts(backend.first_byte_seconds.p50, backend.first_byte_seconds.p99)),
            Column::Errors => {
                let some = backend.connect_failures_total > 0;
                (brief(backend.connect_failures_total), if some { Tone::Warn } else { Tone::Plain })
            }
            Column::Check => self.check(),
            Column::Restarts => plain(brief(backend.restarts)),
        }
    }

    fn check(&self) -> (String, Tone) {
        let Some(check) = &self.patient.backend.last_check else { return (NOTHING.to_owned(), Tone::Plain) };
        let ago = self.model.picture.now().duration_since(check.at).unwrap_or_default();
        let (word, tone) = if check.ok { ("ok", Tone::Plain) } else { ("failed", Tone::Bad) };
        (format!("{word} {} ago", age(ago)), tone)
    }
}

pub(super) fn tone(patient: &Patient) -> Tone {
    match patient.condition {
        Condition::Down => Tone::Bad,
        Condition::Starting | Condition::Failing => Tone::Warn,
        Condition::Leaving => Tone::Change,
        Condition::Ready => Tone::Good,
    }
}
