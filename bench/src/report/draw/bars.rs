//! Bars side by side, one group a label, with the value above each bar where there is room for all of them.

use super::frame::{BAND_OPACITY, DASHED, Entry, Frame, Room, SMALL, SMALL_LINE, Sign};
use super::palette::{self, INK, MUTED, PAPER};
use super::sheet::{self, Align, Sheet, WIDTH};
use super::{finite_max, ticks};
use crate::report::chart::{Chart, Ideal, Series};

/// Of a group's width, how much its bars take.
const FILLED: f64 = 0.78;
/// Lines that the label of a group may take.
const LABEL_LINES: usize = 3;
/// A label in one line is cut beyond this.
const LABEL_WIDTH_MAX: f64 = 150.0;
/// A bar of its own is no wider.
const BAR_WIDTH_MAX: f64 = 120.0;
/// The plot's width, roughly, to find out how labels of groups wrap before the plot is laid out.
const PLOT_WIDTH: f64 = 800.0;
/// Space above the highest bar for its value.
const HEADROOM: f64 = 1.06;

pub(super) fn draw(sheet: &mut Sheet, chart: &Chart, groups: &[String], series: &[Series], ideal: Option<&Ideal>) {
    let slot = PLOT_WIDTH / groups.len().max(1) as f64;
    // A word with a hyphen may be broken after it.
    let groups: Vec<String> = groups.iter().map(|group| broken(group, slot)).collect();
    let words_fit =
        groups.iter().flat_map(|group| group.split_whitespace()).all(|word| sheet::width(word, SMALL) < slot);
    // Where not even words fit, some groups go without a label, so that the others have room.
    let (label_width, lines) = if words_fit { (slot - 6.0, LABEL_LINES) } else { (LABEL_WIDTH_MAX, 1) };
    let labels: Vec<_> = groups.iter().map(|group| sheet::wrap(group, SMALL, label_width, lines)).collect();
    let tick_lines = labels.iter().map(Vec::len).max().unwrap_or(1);
    let highest = ideal.map_or(0.0, |ideal| ideal.value + ideal.noise).max(finite_max(series));
    let room = Room { x: (-0.5, groups.len() as f64 - 0.5), y_max: highest * HEADROOM, tick_lines, right: 0.0 };
    let frame = Frame::open(sheet, chart, &legend(series, ideal), &room);
    draw_labels(sheet, &frame, &labels);

    let group_width = frame.x_at(1.0) - frame.x_at(0.0);
    let width = (group_width * FILLED / series.len().max(1) as f64).min(BAR_WIDTH_MAX);
    let left_of =
        |group: usize, index: usize| frame.x_at(group as f64) + (index as f64 - series.len() as f64 / 2.0) * width;
    for (index, Series { values, .. }) in series.iter().enumerate() {
        for (group, &value) in values.iter().enumerate().filter(|(_, value)| value.is_finite()) {
            let left = left_of(group, index);
            let gap = (width * 0.04).min(2.0);
            let (from, to) = ((left + gap, frame.y_at(value)), (left + width - gap, frame.bottom));
            sheet.rectangle(from, to, palette::series(index), 1.0);
        }
    }
    draw_ideal(sheet, &frame, ideal);
    draw_values(sheet, &frame, series, ideal, width, left_of);
}

/// `name` with a space after each hyphen, if its longest word is wider than `slot`.
fn broken(name: &str, slot: f64) -> String {
    let fits = name.split_whitespace().all(|word| sheet::width(word, SMALL) < slot);
    if fits { name.to_owned() } else { name.replace('-', "- ") }
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
        legend.push(Entry { name: ideal.label.clone(), colour: INK, sign: Sign::Line(DASHED) });
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
        // The last one, where it is wider than its group.
        if frame.x_at(group as f64) + widest / 2.0 > WIDTH {
            continue;
        }
        for (line, text) in lines.iter().enumerate() {
            let y = frame.bottom + 6.0 + SMALL_LINE * (line as f64 + 0.5);
            sheet.text((frame.x_at(group as f64), y), text, SMALL, MUTED, Align::Centre);
        }
    }
}

/// Top and bottom of the ideal with its noise.
fn band(frame: &Frame, ideal: &Ideal) -> (f64, f64) {
    (frame.y_at(ideal.value + ideal.noise) - 1.0, frame.y_at((ideal.value - ideal.noise).max(0.0)) + 1.0)
}

/// Where a value may stand: on its bar, or on the band where it would lie in it.
fn above(bar_top: f64, band: Option<(f64, f64)>) -> f64 {
    match band {
        Some((top, bottom)) if bar_top > top && bar_top - SMALL_LINE < bottom => top,
        _ => bar_top,
    }
}

fn draw_ideal(sheet: &mut Sheet, frame: &Frame, ideal: Option<&Ideal>) {
    let Some(ideal) = ideal else { return };
    if ideal.noise > 0.0 {
        let (high, low) = band(frame, ideal);
        sheet.rectangle((frame.left, high), (frame.right, low), INK, BAND_OPACITY);
    }
    let y = frame.y_at(ideal.value);
    sheet.dashes((frame.left, y), (frame.right, y), DASHED, INK, 1.5);
}

/// Above the bars, and above the ideal and its noise where these would cross them; none at all where one would not fit.
fn draw_values(
    sheet: &mut Sheet,
    frame: &Frame,
    series: &[Series],
    ideal: Option<&Ideal>,
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
            let top = above(frame.y_at(value), ideal.map(|ideal| band(frame, ideal)));
            let at = (left_of(group, index) + bar_width / 2.0, top - SMALL_LINE / 2.0 - 2.0);
            // On paper, so that no line of the grid crosses it.
            let half = sheet::width(&text, SMALL) / 2.0;
            sheet.rectangle((at.0 - half, at.1 - 7.0), (at.0 + half, at.1 + 7.0), PAPER, 1.0);
            sheet.text(at, text, SMALL, INK, Align::Centre);
        }
    }
}
