//! A [`Chart`] as a picture: SVG for the page, PNG for everything else, both from the same shapes.
//!
//! Here it is only decided which kind draws. [`sheet`] is what is drawn on, [`frame`] what is around the data,
//! [`bars`], [`lines`], [`stack`] and [`histogram`] are the kinds, [`ticks`] round numbers and numbers as text,
//! [`palette`] the colours. Nothing here knows an experiment.

use std::path::Path;

use plotters::prelude::{BitMapBackend, IntoDrawingArea, SVGBackend};

use super::chart::{Chart, Kind, Series};
use sheet::{Format, HEIGHT, SCALE, Sheet, WIDTH};

mod bars;
mod frame;
mod histogram;
mod lines;
pub(super) mod palette;
mod sheet;
mod stack;
mod ticks;

/// The picture as SVG: 900 × 500 pixels, text as text.
pub(super) fn svg(chart: &Chart) -> String {
    let mut text = String::new();
    let drawn = {
        let area = SVGBackend::with_string(&mut text, pixels()).into_drawing_area();
        area.fill(&palette::PAPER).and_then(|()| lay_out(chart).render(&area, Format::Svg))
    };
    drawn.expect("writing into a string doesn't fail");
    // The backend knows no units but pixels; the picture is shown at half their number.
    let (width, height) = pixels();
    text.replacen(
        &format!("width=\"{width}\" height=\"{height}\""),
        &format!("width=\"{WIDTH}\" height=\"{HEIGHT}\""),
        1,
    )
}

/// Writes the picture as PNG, 1800 × 1000 pixels.
pub(super) fn png(chart: &Chart, path: &Path) -> anyhow::Result<()> {
    let area = BitMapBackend::new(path, pixels()).into_drawing_area();
    area.fill(&palette::PAPER)?;
    lay_out(chart).render(&area, Format::Bitmap)?;
    Ok(())
}

fn pixels() -> (u32, u32) {
    ((WIDTH * SCALE) as u32, (HEIGHT * SCALE) as u32)
}

fn lay_out(chart: &Chart) -> Sheet {
    let mut sheet = Sheet::default();
    match &chart.kind {
        Kind::Bars { groups, series, ideal } => bars::draw(&mut sheet, chart, groups, series, ideal.as_ref()),
        Kind::Lines { x, series, spread } => lines::draw(&mut sheet, chart, x, series, spread.as_deref()),
        Kind::Stack { x, series, marks } => stack::draw(&mut sheet, chart, x, series, marks),
        Kind::Histogram { bounds, counts } => histogram::draw(&mut sheet, chart, bounds, counts),
    }
    sheet
}

/// The highest of all values; what is no number (not measured) doesn't count.
fn finite_max(series: &[Series]) -> f64 {
    series.iter().flat_map(|series| &series.values).copied().filter(|value| value.is_finite()).fold(0.0, f64::max)
}

/// The lowest and the highest x.
fn x_range(x: &[f64]) -> (f64, f64) {
    (x.iter().copied().fold(f64::INFINITY, f64::min), x.iter().copied().fold(f64::NEG_INFINITY, f64::max))
}

#[cfg(test)]
mod tests;
