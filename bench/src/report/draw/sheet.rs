//! What a chart consists of, before it is SVG or PNG: areas, lines and texts on a sheet of 900 × 500 units.
//!
//! The kinds of charts only put shapes on a sheet, so they know nothing of backends, and tests can ask a sheet whether
//! two of its texts overlap. [`Sheet::render`] plays the shapes to a plotters backend, the same for both formats.
//! Texts are measured with the font in the repository (DejaVu Sans), so that a chart is the same on every machine.

use std::sync::OnceLock;

use plotters::coord::Shift;
use plotters::prelude::{DrawingArea, DrawingAreaErrorKind, DrawingBackend, FontDesc, FontFamily, FontStyle};
use plotters::prelude::{IntoTextStyle, PathElement, Polygon, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, ShapeStyle, register_font};

use super::palette::Colour;

/// Width of a sheet, in its units.
pub(super) const WIDTH: f64 = 900.0;
/// Height of a sheet.
pub(super) const HEIGHT: f64 = 500.0;
/// Pixels a unit: fine enough for screens with small pixels.
pub(super) const SCALE: f64 = 2.0;
/// How the font is called in an SVG; Verdana has the same widths, for a reader without DejaVu.
const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";
const FONT: &[u8] = include_bytes!("../../../fonts/DejaVuSans.ttf");
/// From where plotters puts the middle of a text down to the middle of its digits, in font sizes: an SVG's text is
/// centred by the height of an x, a bitmap's by its line.
const SVG_DROP: f64 = 0.06;
const BITMAP_DROP: f64 = 0.14;

/// In units, from the upper left corner.
pub(super) type Point = (f64, f64);

/// One thing on a sheet.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    Area { points: Vec<Point>, colour: Colour, opacity: f64 },
    Line { points: Vec<Point>, colour: Colour, opacity: f64, width: f64 },
    Text { at: Point, text: String, size: f64, colour: Colour, align: Align },
}

/// Which end of a text is where it is put; vertically that is always its middle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Centre,
    Right,
}

/// What a sheet is made into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Svg,
    Bitmap,
}

/// Shapes, in the order in which they are drawn.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    pub(super) shapes: Vec<Shape>,
}

impl Sheet {
    pub(super) fn area(&mut self, points: Vec<Point>, colour: Colour, opacity: f64) {
        self.shapes.push(Shape::Area { points, colour, opacity });
    }

    pub(super) fn rectangle(&mut self, from: Point, to: Point, colour: Colour, opacity: f64) {
        self.area(vec![from, (to.0, from.1), to, (from.0, to.1)], colour, opacity);
    }

    pub(super) fn line(&mut self, points: Vec<Point>, colour: Colour, width: f64) {
        self.shapes.push(Shape::Line { points, colour, opacity: 1.0, width });
    }

    /// A straight line of dashes; `rhythm` is the length of one, and from one to the next.
    pub(super) fn dashes(&mut self, from: Point, to: Point, rhythm: (f64, f64), colour: Colour, width: f64) {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = dx.hypot(dy);
        let at = |way: f64| (from.0 + dx * way / length, from.1 + dy * way / length);
        let count = (length / rhythm.1).ceil() as u32;
        for begin in (0..count).map(|n| f64::from(n) * rhythm.1) {
            self.line(vec![at(begin), at((begin + rhythm.0).min(length))], colour, width);
        }
    }

    pub(super) fn text(&mut self, at: Point, text: impl Into<String>, size: f64, colour: Colour, align: Align) {
        self.shapes.push(Shape::Text { at, text: text.into(), size, colour, align });
    }

    /// Draws everything, `SCALE` pixels a unit. `format` is what the backend behind `area` makes.
    pub(super) fn render<DB: DrawingBackend>(
        &self,
        area: &DrawingArea<DB, Shift>,
        format: Format,
    ) -> Result<(), DrawingAreaErrorKind<DB::ErrorType>> {
        let drop = if format == Format::Svg { SVG_DROP } else { BITMAP_DROP };
        let pixel = |&(x, y): &Point| ((x * SCALE).round() as i32, (y * SCALE).round() as i32);
        for shape in &self.shapes {
            match shape {
                Shape::Area { points, colour, opacity } => {
                    let points: Vec<_> = points.iter().map(pixel).collect();
                    area.draw(&Polygon::new(points, colour.mix(*opacity)))?;
                }
                Shape::Line { points, colour, opacity, width } => {
                    let points: Vec<_> = points.iter().map(pixel).collect();
                    let stroke_width = (width * SCALE).round().max(1.0) as u32;
                    let style = ShapeStyle { color: colour.mix(*opacity), filled: false, stroke_width };
                    area.draw(&PathElement::new(points, style))?;
                }
                Shape::Text { at, text, size, colour, align } => {
                    let horizontal = match align {
                        Align::Left => HPos::Left,
                        Align::Centre => HPos::Center,
                        Align::Right => HPos::Right,
                    };
                    let style = font(*size * SCALE).into_text_style(area).color(colour);
                    let style = style.pos(Pos::new(horizontal, VPos::Center));
                    area.draw(&Text::new(text.as_str(), pixel(&(at.0, at.1 + size * drop)), style))?;
                }
            }
        }
        area.present()
    }
}

/// The width of a text, in units.
pub(super) fn width(text: &str, size: f64) -> f64 {
    let (width, _) = font(size * SCALE).box_size(text).expect("the font is registered and any text can be measured");
    f64::from(width) / SCALE
}

/// `text` in lines no wider than `width`, at most `lines` of them; what doesn't fit ends in `…`.
pub(super) fn wrap(text: &str, size: f64, width_max: f64, lines: usize) -> Vec<String> {
    let mut wrapped: Vec<String> = vec![String::new()];
    for word in text.split_whitespace() {
        let last = wrapped.len() - 1;
        let joined = if wrapped[last].is_empty() { word.to_owned() } else { format!("{} {word}", wrapped[last]) };
        if wrapped[last].is_empty() || wrapped.len() == lines || width(&joined, size) <= width_max {
            wrapped[last] = joined;
        } else {
            wrapped.push(word.to_owned());
        }
    }
    wrapped.into_iter().map(|line| cut(&line, size, width_max)).collect()
}

/// `text`, or its beginning and `…` where it is wider than `width_max`.
pub(super) fn cut(text: &str, size: f64, width_max: f64) -> String {
    if width(text, size) <= width_max {
        return text.to_owned();
    }
    let mut short: Vec<char> = text.chars().collect();
    loop {
        short.pop();
        let candidate: String = short.iter().chain(['…'].iter()).collect();
        if short.is_empty() || width(&candidate, size) <= width_max {
            return candidate;
        }
    }
}

fn font(size: f64) -> FontDesc<'static> {
    static REGISTERED: OnceLock<()> = OnceLock::new();
    REGISTERED.get_or_init(|| {
        // Its error can't be shown: it implements nothing.
        let registered = register_font(FAMILY, FontStyle::Normal, FONT);
        assert!(registered.is_ok(), "the font in the repository is a font");
    });
    FontDesc::new(FontFamily::Name(FAMILY), size, FontStyle::Normal)
}
