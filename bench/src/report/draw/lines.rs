//! Lines over x, each with its name at its right end; around the first, where it is known, the spread behind it.

use super::frame::{BAND_OPACITY, Entry, Frame, Room, SMALL, SMALL_LINE, Sign};
use super::palette::{self, DISTINCT, INK};
use super::sheet::{self, Align, Point, Sheet};
use super::{finite_max, ticks, x_range};
use crate::report::chart::{Chart, Series};

/// Names are cut beyond this.
const NAME_WIDTH_MAX: f64 = 210.0;
/// Up to so many points each is marked, and has its own tick.
const POINTS_MARKED_MAX: usize = 16;
/// Free space beside marked points, as a part of the range of x.
const ASIDE: f64 = 0.04;
/// Of a point. Further series have larger ones, drawn below: equal values show as rings.
const RADIUS: f64 = 4.0;
const RADIUS_MORE: f64 = 1.5;
/// More names than this don't fit beside the plot; they go into a legend.
const NAMES_MAX: usize = 14;

pub(super) fn draw(sheet: &mut Sheet, chart: &Chart, x: &[f64], series: &[Series], spread: Option<&[(f64, f64)]>) {
    let beside = series.len() > 1 && series.len() <= NAMES_MAX;
    let names: Vec<String> = series.iter().map(|series| sheet::cut(&series.name, SMALL, NAME_WIDTH_MAX)).collect();
    let name_width = names.iter().map(|name| sheet::width(name, SMALL)).fold(0.0, f64::max);
    let spread_max = spread.unwrap_or_default().iter().map(|&(_, high)| high).fold(0.0, f64::max);
    // The last tick's label may stick out a little.
    let right = if beside { name_width + 30.0 } else { 14.0 };
    let marked = x.len() <= POINTS_MARKED_MAX;
    let (first, last) = x_range(x);
    // Points that are marked keep off the edges, so that their values have room beside the line.
    let aside = if marked { (last - first) * ASIDE } else { 0.0 };
    let room = Room {
        x: (first - aside, last + aside),
        y_max: finite_max(series).max(spread_max) * 1.08,
        tick_lines: 1,
        right,
    };
    let frame = Frame::open(sheet, chart, &legend(series, spread.is_some(), beside), &room);
    if marked {
        let labels = x.iter().map(|&x| (x, ticks::value(x)));
        frame.x_ticks(sheet, &labels.collect::<Vec<_>>());
    } else {
        frame.round_x_ticks(sheet);
    }

    if let Some(spread) = spread {
        let upper = x.iter().zip(spread).map(|(&x, &(_, high))| frame.at(x, high));
        let lower = x.iter().zip(spread).rev().map(|(&x, &(low, _))| frame.at(x, low));
        sheet.area(upper.chain(lower).collect(), palette::series(0), BAND_OPACITY);
    }
    // The first lies on top.
    for (index, Series { values, .. }) in series.iter().enumerate().rev() {
        let points: Vec<Point> =
            x.iter().zip(values).filter(|(_, value)| value.is_finite()).map(|(&x, &y)| frame.at(x, y)).collect();
        draw_line(sheet, points, index);
    }
    if beside {
        draw_names(sheet, &frame, series, &names);
    } else if let [Series { values, .. }] = series
        && marked
    {
        draw_values(sheet, &frame, x, values, spread);
    }
}

fn legend(series: &[Series], spread: bool, beside: bool) -> Vec<Entry> {
    let mut legend = Vec::new();
    if !beside && (series.len() > 1 || spread) {
        legend.extend(series.iter().enumerate().map(|(index, series)| Entry {
            name: series.name.clone(),
            colour: palette::series(index),
            sign: Sign::Square,
        }));
    }
    if spread {
        let name = "from the lowest to the highest".to_owned();
        legend.push(Entry { name, colour: palette::series(0), sign: Sign::Band });
    }
    legend
}

fn draw_line(sheet: &mut Sheet, points: Vec<Point>, index: usize) {
    if points.len() <= POINTS_MARKED_MAX {
        let radius = RADIUS + RADIUS_MORE * index.min(DISTINCT) as f64;
        for &(x, y) in &points {
            let circle = (0..16).map(|step| f64::from(step) * std::f64::consts::TAU / 16.0);
            let circle = circle.map(|angle| (x + radius * angle.cos(), y + radius * angle.sin()));
            sheet.area(circle.collect(), palette::series(index), 1.0);
        }
    }
    sheet.line(points, palette::series(index), 2.0);
}

/// At the right, at the height where each line ends, pushed apart where lines end close together.
fn draw_names(sheet: &mut Sheet, frame: &Frame, series: &[Series], names: &[String]) {
    let end = |series: &Series| series.values.iter().rev().find(|value| value.is_finite()).copied();
    let mut ends: Vec<(usize, f64)> =
        series.iter().enumerate().filter_map(|(index, series)| Some((index, frame.y_at(end(series)?)))).collect();
    ends.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut free_from = frame.top - SMALL_LINE;
    let mut heights = Vec::new();
    for &(_, end) in &ends {
        free_from = end.max(free_from + SMALL_LINE);
        heights.push(free_from);
    }
    // What was pushed below the plot pushes the ones above it back up.
    let mut free_to = frame.bottom + SMALL_LINE;
    for height in heights.iter_mut().rev() {
        *height = height.min(free_to - SMALL_LINE);
        free_to = *height;
    }
    for (&(index, end), &height) in ends.iter().zip(&heights) {
        let x = frame.right + 20.0;
        sheet.line(vec![(frame.right + 6.0, end), (x - 3.0, height)], palette::series(index), 1.0);
        sheet.rectangle((x - 3.0, height - 5.0), (x + 3.0, height + 5.0), palette::series(index), 1.0);
        sheet.text((x + 8.0, height), &names[index], SMALL, INK, Align::Left);
    }
}

/// Above the points of a single line, or above the spread around them.
fn draw_values(sheet: &mut Sheet, frame: &Frame, x: &[f64], values: &[f64], spread: Option<&[(f64, f64)]>) {
    let mut free_from = f64::NEG_INFINITY;
    for (at, (&x, &value)) in x.iter().zip(values).enumerate().filter(|(_, (_, value))| value.is_finite()) {
        let highest = spread.and_then(|spread| spread.get(at)).map_or(value, |&(_, high)| high.max(value));
        let text = ticks::value(value);
        let half = sheet::width(&text, SMALL) / 2.0 + 2.0;
        let centre = frame.x_at(x).max(frame.left + half);
        let y = frame.y_at(highest) - SMALL_LINE / 2.0 - 8.0;
        if centre - half < free_from {
            continue;
        }
        free_from = centre + half + 4.0;
        sheet.text((centre, y), text, SMALL, INK, Align::Centre);
    }
}
