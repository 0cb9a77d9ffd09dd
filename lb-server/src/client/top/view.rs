//! The picture: lines out of a [`Model`], put into a terminal's cells. Pure; nothing here asks or remembers anything.
//!
//! From the top: facts, verdict, backends, requests a second, and a pane (events, one backend, a key, help); at the bottom
//! the keys. [`layout`] says how much of each there is room for; whatever the size, nothing panics.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use self::layout::{Layout, Wanted};
use self::style::{Paint, Tone};
use super::model::{Model, Room};

mod chart;
mod columns;
mod detail;
mod flow;
mod head;
mod help;
mod layout;
mod pane;
pub(super) mod style;
mod table;
mod text;

/// For `--once`: so many events.
const EVENTS_ONCE: usize = 10;
const KEYS: &str = "↑↓ choose  enter detail  / explain  tab scroll  ? help  q quit";

/// Draws all of it, and says what there was room for.
pub(super) fn draw(model: &Model, colour: bool, buffer: &mut Buffer) -> Room {
    let area = *buffer.area();
    let (columns, height) = (usize::from(area.width), usize::from(area.height));
    let paint = Paint { colour, old: model.silence().is_some() };
    let verdict = head::verdict(model, paint, columns);
    let pane = pane::content(model, paint, columns);
    let wanted =
        Wanted { verdict: verdict.len(), table: 1 + model.picture.backends.len().max(1), pane: 1 + pane.lines.len() };
    let layout = layout::layout(height, wanted);

    let mut lines = Vec::new();
    let mut put = |part: Vec<Line<'static>>, height: usize| {
        let filled = part.into_iter().chain(std::iter::repeat_with(Line::default));
        lines.extend(filled.take(height));
    };
    put(vec![head::facts(model, paint, columns)], layout.facts);
    put(verdict, layout.verdict);
    put(table::lines(model, paint, columns, layout.table), layout.table);
    put(flow::lines(model, paint, columns, layout.flow), layout.flow);
    let room = room(layout, pane.lines.len());
    let scrolled = pane.lines.into_iter().skip(model.scroll.min(room.scroll_max));
    put(std::iter::once(pane.title).chain(scrolled).collect(), layout.pane);
    put(vec![foot(model, paint, columns)], layout.foot);
    fill(buffer, area, &lines);
    room
}

/// The same as plain text, as high as it needs to be: for a pipe.
pub(super) fn picture(model: &Model, columns: u16) -> String {
    let paint = Paint { colour: false, old: false };
    let width = usize::from(columns);
    let mut lines = vec![head::facts(model, paint, width)];
    lines.extend(head::verdict(model, paint, width));
    lines.push(Line::default());
    lines.extend(table::lines(model, paint, width, usize::MAX));
    lines.push(Line::default());
    let events = pane::content(model, paint, width);
    lines.push(events.title);
    lines.extend(events.lines.into_iter().take(EVENTS_ONCE));
    lines.iter().map(|line| format!("{}\n", line.to_string().trim_end())).collect()
}

fn room(layout: Layout, lines: usize) -> Room {
    let pane = layout.pane.saturating_sub(1);
    Room { backends: layout.table.saturating_sub(1), pane, scroll_max: lines.saturating_sub(pane) }
}

fn foot(model: &Model, paint: Paint, columns: usize) -> Line<'static> {
    match &model.typed {
        Some(typed) => Line::from(vec![
            paint.span("key to explain: ", Tone::Strong),
            paint.span(format!("{}_", text::visible(typed)), Tone::Plain),
            paint.span("  (enter asks, esc doesn't)", Tone::Quiet),
        ]),
        None => {
            // Not all of them need be in sight.
            let place = format!("{} of {}", model.chosen() + 1, model.picture.backends.len().max(1));
            text::ends(paint.span(KEYS, Tone::Quiet).into(), paint.span(place, Tone::Quiet), columns)
        }
    }
}

fn fill(buffer: &mut Buffer, area: Rect, lines: &[Line<'static>]) {
    for (row, line) in (area.top()..area.bottom()).zip(lines) {
        buffer.set_line(area.left(), row, line, area.width);
    }
}

#[cfg(test)]
mod tests;
