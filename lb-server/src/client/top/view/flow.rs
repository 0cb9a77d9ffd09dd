//! All requests a second over the time that fits, with a mark for each event that moved something. Pure.

use ratatui::text::{Line, Span};

use super::super::model::Model;
use super::super::samples::steps_back;
use super::super::words::{Mark, NOTHING, rate, span};
use super::chart::bars;
use super::style::{Paint, Tone};
use super::text::ends;

const LEGEND: &str = "✕ died, down  ● ready  ◆ changed";

/// A title, the marks, and the rest of the lines for the rates.
pub(super) fn lines(model: &Model, paint: Paint, columns: usize, height: usize) -> Vec<Line<'static>> {
    let picture = &model.picture;
    let values = picture.samples.totals(picture.now(), model.interval, columns);
    let now = picture.samples.total().map_or_else(|| NOTHING.to_owned(), rate);
    let most = rate(values.iter().flatten().copied().fold(0.0, f64::max));
    let title = Line::from(vec![
        paint.span("Requests  ", Tone::Strong),
        paint.span(format!("{now} req/s, at most {most} in {}", span(model.interval * columns as u32)), Tone::Plain),
    ]);
    let mut lines = vec![ends(title, paint.span(LEGEND, Tone::Quiet), columns)];
    lines.push(marks(model, paint, columns));
    let rates = bars(&values, height.saturating_sub(lines.len()));
    lines.extend(rates.into_iter().map(|row| Line::from(paint.span(row, Tone::Good))));
    lines
}

fn marks(model: &Model, paint: Paint, columns: usize) -> Line<'static> {
    let mut places: Vec<Option<Mark>> = vec![None; columns];
    for event in &model.picture.events {
        let back = event.when().and_then(|at| steps_back(at, model.picture.now(), model.interval));
        let Some(at) = back.and_then(|back| columns.checked_sub(1 + back)) else { continue };
        // Trouble stands over what came at the same moment.
        if places[at] != Some(Mark::Bad) {
            places[at] = Mark::of(event).or(places[at]);
        }
    }
    let mark = |place: Option<Mark>| match place {
        None => Span::raw(" "),
        Some(mark) => paint.span(mark.sign(), tone(mark)),
    };
    places.into_iter().map(mark).collect()
}

pub(super) fn tone(mark: Mark) -> Tone {
    match mark {
        Mark::Bad => Tone::Bad,
        Mark::Good => Tone::Good,
        Mark::Change => Tone::Change,
    }
}
