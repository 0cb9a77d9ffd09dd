//! The colours: Okabe and Ito's, which people with any kind of colour vision can tell apart (jfly.uni-koeln.de/color),
//! and a few greys.
//!
//! Their order begins with those that stand out on white and ends with the yellow. The greys and the white are the
//! page's to exchange where it is shown dark: `super::super::page` finds them by their value, so each has one meaning.

use plotters::style::RGBColor;

/// A colour.
pub(super) type Colour = RGBColor;

/// Behind everything.
pub(in crate::report) const PAPER: Colour = RGBColor(0xFF, 0xFF, 0xFF);
/// Titles, values, names.
pub(in crate::report) const INK: Colour = RGBColor(0x1F, 0x23, 0x28);
/// Labels of axes and ticks.
pub(in crate::report) const MUTED: Colour = RGBColor(0x57, 0x60, 0x6A);
/// Lines behind the data.
pub(in crate::report) const GRID: Colour = RGBColor(0xDC, 0xDF, 0xE4);

const SERIES: [Colour; 7] = [
    RGBColor(0x00, 0x72, 0xB2),
    RGBColor(0xD5, 0x5E, 0x00),
    RGBColor(0x00, 0x9E, 0x73),
    RGBColor(0xE6, 0x9F, 0x00),
    RGBColor(0xCC, 0x79, 0xA7),
    RGBColor(0x56, 0xB4, 0xE9),
    RGBColor(0xF0, 0xE4, 0x42),
];

/// How many series have a colour of their own; further ones begin again.
pub(super) const DISTINCT: usize = SERIES.len();

/// The colour of the series with this index.
pub(super) fn series(index: usize) -> Colour {
    SERIES[index % SERIES.len()]
}
