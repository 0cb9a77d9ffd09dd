//! Rows of text as columns: aligned by spaces, numbers to the right, nothing drawn. Pure.

use std::fmt::Write;

/// Between two columns.
const GAP: &str = "  ";

/// Rows of cells, the first row being the heads; a line each. A column of nothing but numbers stands to the right.
pub(super) fn table<const N: usize>(heads: [&str; N], rows: &[[String; N]]) -> String {
    let mut widths = heads.map(width);
    for row in rows {
        for (widest, cell) in widths.iter_mut().zip(row) {
            *widest = (*widest).max(width(cell));
        }
    }
    let to_the_right: [bool; N] =
        std::array::from_fn(|column| !rows.is_empty() && rows.iter().all(|row| is_number(&row[column])));
    let mut text = line(&heads.map(str::to_owned), &widths, &to_the_right);
    rows.iter().for_each(|row| text.push_str(&line(row, &widths, &to_the_right)));
    text
}

fn line<const N: usize>(cells: &[String; N], widths: &[usize; N], to_the_right: &[bool; N]) -> String {
    let mut text = String::new();
    for column in 0..N {
        let padding = widths[column] - width(&cells[column]);
        let (before, after) = if to_the_right[column] { (padding, 0) } else { (0, padding) };
        let gap = if column == 0 { "" } else { GAP };
        write!(text, "{gap}{:before$}{}{:after$}", "", cells[column], "").expect("a String takes any text");
    }
    format!("{}\n", text.trim_end())
}

/// A share of one as percent with one decimal.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

fn is_number(cell: &str) -> bool {
    cell == "-" || cell.trim_end_matches(" %").parse::<f64>().is_ok()
}

fn width(cell: &str) -> usize {
    cell.chars().count()
}

#[cfg(test)]
mod tests;
