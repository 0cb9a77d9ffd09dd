//! Bars side by side, one group a label, with the value above each bar where there is room for all of them.

use super::frame::{BAND_OPACITY, Entry, Frame, Room, SMALL, SMALL_LINE, Sign};
use super::palette::{self, INK, MUTED, PAPER};
use super::sheet::{self, Align, Sheet};
use super::{finite_max, ticks};
use crate::report::chart::{Chart, Ideal, Series};

/// Of a group's width, how much its bars take.
const FILLED: f64 = 0.78;
/// Lines that the label of a group may take.
const LABEL_LINES: usize = 3;
/// A bar of its own is no wider.
const BAR_WIDTH_MAX: f64 = 120.0;
/// The plot's width, roughly, to find out how labels of groups wrap before the plot is laid out.
const PLOT_WIDTH: f64 = 800.0;
/// Space above the highest bar for its value.
const HEADROOM: f64 = 1.06;

pub(super) fn draw(sheet: &mut Sheet, chart: &Chart, groups: &[String], series: &[Series], ideal: Option<&Ideal>) {
    let slot = PLOT_WIDTH / groups.len().max(1) as f64;
    let labels: Vec<_> = groups.iter().map(|group| sheet::wrap(group, SMALL, slot - 6.0, LABEL_LINES)).collect();
    let tick_lines = labels.iter().map(Vec::len).max().unwrap_or(1);
    let highest = ideal.map_or(0.0, |ideal| ideal.value + ideal.noise).max(finite_max(series));
    let room = Room { x: (-0.5, groups.len() as f64 - 0.5), y_max: highest * HEADROOM, tick_lines, right: 0.0 };
    let frame = Frame::open(sheet, chart, &legend(series, ideal), &room);
    draw_labels(sheet, &frame, &labels);

    let group_width = frame.x_at(1.0) - frame.x_at(0.0);
    let width = (group_width * FILLED / series.len().max(1) as f64).min(BAR_WIDTH_MAX);
    let left_of = |group: usize, index: usize| {
        frame.x_at(group as f64) + (index as f64 - series.len() as f64 / 2.0) * width
    };
    for (index, Series { values, .. }) in series.iter().enumerate() {
        for (group, &value) in values.iter().enumerate().filter(|(_, value)| value.is_finite()) {
            let left = left_of(group, index);
            let gap = (width * 0.04).min(2.0);
            let (from, to) = ((left + gap, frame.y_at(value)), (left + width - gap, frame.bottom));
            sheet.rectangle(from, to, palette::series(index), 1.0);
        }
    }
    draw_ideal(sheet, &frame, ideal);
    draw_values(sheet, &frame, series, width, left_of);
}

fn legend(series: &[Series], ideal: Option<&Ideal>) -> Vec<Entry> {
    let mut legend = Vec::new();
    if series.len() > 1 || ideal.is_some() {
        legend.extend(series.iter().enumerate().map(|(index, series)| Entry {
            name: series.name.clone(),
            colour: palette::series(index),
            sign: Sign::Square,
        }));
    }
    if let Some(ideal) = ideal {
        legend.push(Entry { name: ideal.label.clone(), colour: INK, sign: Sign::Dashes });
        if ideal.noise > 0.0 {
            let name = format!("noise, ± {}", ticks::value(ideal.noise));
            legend.push(Entry { name, colour: INK, sign: Sign::Band });
        }
    }
    legend
}

/// Under the groups; where there are too many for a label each, under every second, third, …
fn draw_labels(sheet: &mut Sheet, frame: &Frame, labels: &[Vec<String>]) {
    let slot = frame.x_at(1.0) - frame.x_at(0.0);
    let widest = labels.iter().flatten().map(|line| sheet::width(line, SMALL)).fold(0.0, f64::max);
    let every = ((widest + 6.0) / slot).ceil().max(1.0) as usize;
    for (group, lines) in labels.iter().enumerate().step_by(every) {
        for (line, text) in lines.iter().enumerate() {
            let y = frame.bottom + 6.0 + SMALL_LINE * (line as f64 + 0.5);
            sheet.text((frame.x_at(group as f64), y), text, SMALL, MUTED, Align::Centre);
        }
    }
}

fn draw_ideal(sheet: &mut Sheet, frame: &Frame, ideal: Option<&Ideal>) {
    let Some(ideal) = ideal else { return };
    if ideal.noise > 0.0 {
        let (high, low) = (frame.y_at(ideal.value + ideal.noise), frame.y_at((ideal.value - ideal.noise).max(0.0)));
        sheet.rectangle((frame.left, high), (frame.right, low), INK, BAND_OPACITY);
    }
    let y = frame.y_at(ideal.value);
    sheet.dashes((frame.left, y), (frame.right, y), INK, 1.5);
}

/// Above the bars, on paper so that the line of the ideal doesn't cross them; none at all where one would not fit.
fn draw_values(
    sheet: &mut Sheet,
    frame: &Frame,
    series: &[Series],
    bar_width: f64,
    left_of: impl Fn(usize, usize) -> f64,
) {
    let values = || series.iter().flat_map(|series| &series.values).filter(|value| value.is_finite());
    // A bar of its own may have a label that is wider than it: its neighbours are a gap away.
    let room = if series.len() == 1 { frame.x_at(1.0) - frame.x_at(0.0) } else { bar_width };
    if values().any(|&value| sheet::width(&ticks::value(value), SMALL) + 4.0 > room) {
        return;
    }
    for (index, Series { values, .. }) in series.iter().enumerate() {
        for (group, &value) in values.iter().enumerate().filter(|(_, value)| value.is_finite()) {
            let text = ticks::value(value);
            let half = sheet::width(&text, SMALL) / 2.0 + 2.0;
            let (x, y) = (left_of(group, index) + bar_width / 2.0, frame.y_at(value) - SMALL_LINE / 2.0 - 3.0);
            sheet.rectangle((x - half, y - 8.0), (x + half, y + 8.0), PAPER, 0.85);
            sheet.text((x, y), text, SMALL, INK, Align::Centre);
        }
    }
}
