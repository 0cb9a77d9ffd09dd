//! Areas stacked over x, with vertical marks. Made for a timeline of requests by replica: many replicas may come and go,
//! so colours begin again after the last and the legend says so instead of listing them all.

use super::frame::{DASHED, Entry, Frame, Rhythm, Room, Sign};
use super::palette::{self, DISTINCT, INK, PAPER};
use super::sheet::Sheet;
use super::x_range;
use crate::report::chart::{Chart, Mark, Series};

/// Kinds of marks differ by their dashes, all in ink: colours are for the areas.
const RHYTHMS: [Rhythm; 3] = [(12.0, 12.0), DASHED, (2.0, 5.0)];
/// With more marks than this they would hide the areas: they are short, and stand above them.
const LONG_MARKS_MAX: usize = 60;
const SHORT_MARK: f64 = 18.0;

pub(super) fn draw(sheet: &mut Sheet, chart: &Chart, x: &[f64], series: &[Series], marks: &[Mark]) {
    let value = |series: &Series, at: usize| series.values.get(at).copied().filter(|value| value.is_finite());
    let total = |at: usize| series.iter().filter_map(|series| value(series, at)).sum::<f64>();
    let y_max = (0..x.len()).map(total).fold(0.0, f64::max);
    let room = Room { x: x_range(x), y_max: y_max * 1.1, tick_lines: 1, right: 14.0 };
    let frame = Frame::open(sheet, chart, &legend(series, marks), &room);
    frame.round_x_ticks(sheet);

    let mut below = vec![0.0; x.len()];
    for (index, one) in series.iter().enumerate() {
        let above: Vec<f64> =
            below.iter().enumerate().map(|(at, &below)| below + value(one, at).unwrap_or(0.0)).collect();
        let edge = |heights: &[f64]| x.iter().zip(heights).map(|(&x, &y)| frame.at(x, y)).collect::<Vec<_>>();
        let (upper, lower) = (edge(&above), edge(&below));
        // Only where there is something: a replica that lived for a second has no hairline over all the time.
        for (from, to) in runs(one) {
            let (from, to) = (from.saturating_sub(1), to.min(x.len() - 1));
            let outline = upper[from..=to].iter().chain(lower[from..=to].iter().rev()).copied().collect();
            sheet.area(outline, palette::series(index), 1.0);
            sheet.line(upper[from..=to].to_vec(), PAPER, 0.5);
        }
        below = above;
    }
    let kinds = kinds(marks);
    let foot = if marks.len() > LONG_MARKS_MAX { frame.top + SHORT_MARK } else { frame.bottom };
    for mark in marks {
        let index = kinds.iter().position(|&kind| kind == mark.label).expect("kinds has every mark's label");
        let x = frame.x_at(mark.x);
        sheet.dashes((x, frame.top), (x, foot), RHYTHMS[index % RHYTHMS.len()], INK, 1.0);
    }
}

/// Index ranges (first, one past the last) in which a series is above zero.
fn runs(series: &Series) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (at, _) in series.values.iter().enumerate().filter(|(_, value)| **value > 0.0) {
        match runs.last_mut() {
            Some((_, end)) if *end == at => *end = at + 1,
            _ => runs.push((at, at + 1)),
        }
    }
    runs
}

fn kinds(marks: &[Mark]) -> Vec<&'static str> {
    let mut kinds = Vec::new();
    for mark in marks {
        if !kinds.contains(&mark.label) {
            kinds.push(mark.label);
        }
    }
    kinds
}

fn legend(series: &[Series], marks: &[Mark]) -> Vec<Entry> {
    let mut legend: Vec<Entry> = series
        .iter()
        .take(DISTINCT)
        .enumerate()
        .map(|(index, series)| Entry { name: series.name.clone(), colour: palette::series(index), sign: Sign::Square })
        .collect();
    if series.len() > DISTINCT {
        let name = format!("and {} more in the same colours again", series.len() - DISTINCT);
        legend.push(Entry { name, colour: INK, sign: Sign::None });
    }
    legend.extend(kinds(marks).iter().enumerate().map(|(index, kind)| Entry {
        name: (*kind).to_owned(),
        colour: INK,
        sign: Sign::Line(RHYTHMS[index % RHYTHMS.len()]),
    }));
    legend
}
