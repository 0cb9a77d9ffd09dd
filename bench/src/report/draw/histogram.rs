//! How often which value came: one bar a bucket, all equally wide (buckets may grow), their bounds under their edges.

use super::frame::{Frame, Room, SMALL, SMALL_LINE};
use super::palette::{self, INK};
use super::sheet::{self, Align, Sheet};
use super::ticks;
use crate::report::chart::Chart;

/// Counts are whole, so the axis goes so far that its steps are.
const WHOLE_UP_TO: f64 = 6.0;

pub(super) fn draw(sheet: &mut Sheet, chart: &Chart, bounds: &[f64], counts: &[u64]) {
    let highest = counts.iter().copied().max().unwrap_or(0) as f64;
    let room = Room {
        x: (0.0, bounds.len().max(1) as f64),
        y_max: (highest * 1.06).max(WHOLE_UP_TO),
        tick_lines: 1,
        right: 14.0,
    };
    let frame = Frame::open(sheet, chart, &[], &room);
    let edges = bounds.iter().enumerate().map(|(index, &bound)| (index as f64 + 1.0, ticks::value(bound)));
    frame.x_ticks(sheet, &edges.collect::<Vec<_>>());

    let width = frame.x_at(1.0) - frame.x_at(0.0);
    let labels: Vec<String> = counts.iter().map(|&count| ticks::value(count as f64)).collect();
    let labelled = labels.iter().all(|label| sheet::width(label, SMALL) + 4.0 <= width);
    for (index, (&count, label)) in counts.iter().zip(labels).enumerate().filter(|(_, (count, _))| **count > 0) {
        let (left, right) = (frame.x_at(index as f64) + 0.5, frame.x_at(index as f64 + 1.0) - 0.5);
        let top = frame.y_at(count as f64);
        sheet.rectangle((left, top), (right, frame.bottom), palette::series(0), 1.0);
        if labelled {
            let at = ((left + right) / 2.0, top - SMALL_LINE / 2.0 - 2.0);
            sheet.text(at, label, SMALL, INK, Align::Centre);
        }
    }
}
