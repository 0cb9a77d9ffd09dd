//! What every chart has around its data: title, legend, label and grid of the y axis, ticks and label of the x axis.
//!
//! [`Frame::open`] lays these out from the top, each below the one before, so that nothing overlaps however long the
//! words are; what is left is the plot. The y axis begins at zero always: a cut axis makes small differences look big.
//! Its label stands above the axis, upright, so that nobody has to tilt the head.

use super::palette::{Colour, GRID, INK, MUTED};
use super::sheet::{self, Align, HEIGHT, Point, Sheet, WIDTH};
use super::ticks;
use crate::report::chart::Chart;

/// Sizes of the font.
const TITLE: f64 = 19.0;
pub(super) const SMALL: f64 = 14.0;
/// Free space at the edges.
const MARGIN: f64 = 16.0;
/// Heights of lines of text.
const TITLE_LINE: f64 = 25.0;
const LEGEND_LINE: f64 = 21.0;
pub(super) const SMALL_LINE: f64 = 17.0;
/// The square or line in a legend, and the free space after an entry.
const SWATCH: f64 = 12.0;
const LINE_SWATCH: f64 = 26.0;
const LEGEND_GAP: f64 = 20.0;
/// Steps that a y axis should have.
const Y_STEPS: usize = 6;
/// Between two labels of ticks.
const TICK_GAP: f64 = 10.0;

/// Length of a dash, and from one to the next.
pub(super) type Rhythm = (f64, f64);
/// Of the line that shows an ideal.
pub(super) const DASHED: Rhythm = (7.0, 12.0);

/// One entry of a legend.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) colour: Colour,
    pub(super) sign: Sign,
}

/// What stands before an entry's name.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Sign {
    Square,
    /// A line of such dashes: [`Rhythm`].
    Line(Rhythm),
    /// A faint square: a band.
    Band,
    /// Nothing: a remark.
    None,
}

/// How much room a kind of chart needs around the plot, and how far its values go.
pub(super) struct Room {
    /// Lowest and highest x.
    pub(super) x: (f64, f64),
    /// Highest y.
    pub(super) y_max: f64,
    /// Lines of tick labels below the plot.
    pub(super) tick_lines: usize,
    /// At the right of the plot.
    pub(super) right: f64,
}

/// The plot: where a value is on the sheet.
pub(super) struct Frame {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
    x: (f64, f64),
    y_max: f64,
}

impl Frame {
    /// Puts everything around the plot on the sheet, except for the ticks of the x axis.
    pub(super) fn open(sheet: &mut Sheet, chart: &Chart, legend: &[Entry], room: &Room) -> Self {
        let mut y = MARGIN;
        for line in sheet::wrap(&chart.title, TITLE, WIDTH - 2.0 * MARGIN, 2) {
            sheet.text((MARGIN, y + TITLE_LINE / 2.0), line, TITLE, INK, Align::Left);
            y += TITLE_LINE;
        }
        y = draw_legend(sheet, legend, y + 4.0);
        sheet.text((MARGIN, y + LEGEND_LINE / 2.0), &chart.y_label, SMALL, MUTED, Align::Left);
        let top = y + LEGEND_LINE + 10.0;

        let bottom = HEIGHT - MARGIN - SMALL_LINE * (1 + room.tick_lines) as f64 - 8.0;
        let ticks = ticks::from_zero(room.y_max, Y_STEPS);
        let labels = ticks::labels(&ticks);
        let label_width = labels.iter().map(|label| sheet::width(label, SMALL)).fold(0.0, f64::max);
        let left = MARGIN + label_width + 8.0;
        let y_max = ticks[ticks.len() - 1];
        let frame = Self { left, right: WIDTH - MARGIN - room.right, top, bottom, x: room.x, y_max };
        for (tick, label) in ticks.into_iter().zip(labels) {
            let y = frame.y_at(tick);
            sheet.line(vec![(left, y), (frame.right, y)], if tick == 0.0 { MUTED } else { GRID }, 0.75);
            sheet.text((left - 8.0, y), label, SMALL, MUTED, Align::Right);
        }
        let middle = ((left + frame.right) / 2.0, HEIGHT - MARGIN - SMALL_LINE / 2.0 + 4.0);
        sheet.text(middle, &chart.x_label, SMALL, MUTED, Align::Centre);
        frame
    }

    pub(super) fn x_at(&self, x: f64) -> f64 {
        let (from, to) = self.x;
        let part = if to > from { (x - from) / (to - from) } else { 0.5 };
        self.left + part * (self.right - self.left)
    }

    pub(super) fn y_at(&self, y: f64) -> f64 {
        self.bottom - (y / self.y_max).clamp(0.0, 1.0) * (self.bottom - self.top)
    }

    pub(super) fn at(&self, x: f64, y: f64) -> Point {
        (self.x_at(x), self.y_at(y))
    }

    /// Labels of the x axis where there is room for them: the first always, then every one that doesn't touch the last.
    pub(super) fn x_ticks(&self, sheet: &mut Sheet, ticks: &[(f64, String)]) {
        let mut free_from = f64::NEG_INFINITY;
        let half = |label: &String| sheet::width(label, SMALL) / 2.0;
        for (x, label) in ticks {
            let centre = self.x_at(*x).min(WIDTH - half(label) - 2.0).max(half(label) + 2.0);
            if centre - half(label) < free_from {
                continue;
            }
            free_from = centre + half(label) + TICK_GAP;
            sheet.line(vec![(self.x_at(*x), self.bottom), (self.x_at(*x), self.bottom + 4.0)], MUTED, 0.75);
            sheet.text((centre, self.bottom + 6.0 + SMALL_LINE / 2.0), label, SMALL, MUTED, Align::Centre);
        }
    }

    /// Round ticks along x.
    pub(super) fn round_x_ticks(&self, sheet: &mut Sheet) {
        let ticks = ticks::inside(self.x.0, self.x.1, 8);
        let labels = ticks::labels(&ticks);
        self.x_ticks(sheet, &ticks.into_iter().zip(labels).collect::<Vec<_>>());
    }
}

/// The legend in as many lines as it needs; where the next thing may begin.
fn draw_legend(sheet: &mut Sheet, legend: &[Entry], top: f64) -> f64 {
    let (mut x, mut y) = (MARGIN, top);
    for Entry { name, colour, sign } in legend {
        let swatch = match sign {
            Sign::None => -6.0,
            Sign::Line(_) => LINE_SWATCH,
            Sign::Square | Sign::Band => SWATCH,
        };
        let indent = swatch + 6.0;
        let name = sheet::cut(name, SMALL, WIDTH - 2.0 * MARGIN - indent);
        let width = indent + sheet::width(&name, SMALL);
        if x > MARGIN && x + width > WIDTH - MARGIN {
            (x, y) = (MARGIN, y + LEGEND_LINE);
        }
        let middle = y + LEGEND_LINE / 2.0;
        let (from, to) = ((x, middle - SWATCH / 2.0), (x + swatch, middle + SWATCH / 2.0));
        match sign {
            Sign::Square => sheet.rectangle(from, to, *colour, 1.0),
            Sign::Band => sheet.rectangle(from, to, *colour, BAND_OPACITY),
            Sign::Line(rhythm) => sheet.dashes((from.0, middle), (to.0, middle), *rhythm, *colour, 1.5),
            Sign::None => {}
        }
        sheet.text((x + indent, middle), name, SMALL, INK, Align::Left);
        x += width + LEGEND_GAP;
    }
    if legend.is_empty() { top } else { y + LEGEND_LINE }
}

/// How faint bands are: what is behind them must be seen.
pub(super) const BAND_OPACITY: f64 = 0.25;
