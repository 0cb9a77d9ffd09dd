//! What is below the backends: the last events, all of one backend ([`super::detail`]), where a key goes, or help. Pure.

use ratatui::text::Line;

use super::super::model::{Focus, Model, Pane};
use super::super::words::{Mark, clock, sentence};
use super::style::{Paint, Tone};
use super::text::{ends, left, wrapped};
use super::{detail, flow, help};

/// 15:01:30.
const CLOCK: usize = 8;

/// A title, and all lines there are.
pub(super) struct Content {
    pub(super) title: Line<'static>,
    pub(super) lines: Vec<Line<'static>>,
}

/// Broken into lines of so many columns.
pub(super) fn content(model: &Model, paint: Paint, columns: usize) -> Content {
    let (title, hint, lines) = match &model.pane {
        Pane::Events => ("Last events".to_owned(), "newest first, UTC", events(model, paint, columns)),
        Pane::Detail => match model.picture.backends.get(model.chosen()) {
            Some(patient) => {
                (patient.backend.name.clone(), "esc closes", detail::lines(model, patient, paint, columns))
            }
            None => ("Nobody".to_owned(), "esc closes", Vec::new()),
        },
        Pane::Explained { key, said } => {
            (format!("Where {key} goes"), "esc closes", explained(said.as_ref(), paint, columns))
        }
        Pane::Help => ("Help".to_owned(), "esc closes", help::lines(paint, columns)),
    };
    let cursor = if model.focus == Focus::Pane { "▸ " } else { "" };
    let title = paint.span(format!("{cursor}{title}"), Tone::Strong);
    Content { title: ends(title.into(), paint.span(hint, Tone::Quiet), columns), lines }
}

fn events(model: &Model, paint: Paint, columns: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for event in model.picture.events.iter().rev() {
        let time = event.when().map(|at| clock(at, model.picture.now())).unwrap_or_default();
        let mark = Mark::of(event);
        let (sign, sign_tone) = mark.map_or((' ', Tone::Plain), |mark| (mark.sign(), flow::tone(mark)));
        let lead = [paint.span(left(&time, CLOCK), Tone::Quiet), paint.span(format!(" {sign} "), sign_tone)];
        let indent = CLOCK + 3;
        let tone = if mark == Some(Mark::Bad) { sign_tone } else { Tone::Plain };
        for (at, text) in wrapped(&sentence(event), columns.saturating_sub(indent)).into_iter().enumerate() {
            let mut line = if at == 0 { Line::from_iter(lead.clone()) } else { Line::raw(" ".repeat(indent)) };
            line.push_span(paint.span(text, tone));
            lines.push(line);
        }
    }
    lines
}

fn explained(said: Option<&Result<String, String>>, paint: Paint, columns: usize) -> Vec<Line<'static>> {
    let (text, tone) = match said {
        None => ("asking…", Tone::Quiet),
        Some(Ok(text)) => (&**text, Tone::Plain),
        Some(Err(why)) => (&**why, Tone::Bad),
    };
    wrapped(text, columns).into_iter().map(|line| paint.span(line, tone).into()).collect()
}
