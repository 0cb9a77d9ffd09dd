//! Values as blocks: a sparkline of one line, columns of several, a bar with a mark. Pure.
//!
//! What isn't known stays empty, nothing is a dot, and whatever is more than nothing is at least the lowest block.

const EIGHTHS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const NOTHING: char = '·';
const UNKNOWN: char = ' ';

/// One line.
pub(super) fn sparkline(values: &[Option<f64>]) -> String {
    bars(values, 1).pop().unwrap_or_default()
}

/// So many lines, from the top; the highest value fills a column.
pub(super) fn bars(values: &[Option<f64>], rows: usize) -> Vec<String> {
    let top = values.iter().flatten().copied().fold(0.0, f64::max);
    let eighths = |value: f64| ((value / top * (rows * 8) as f64).round() as usize).max(1);
    let block = |value: &Option<f64>, row: usize| match value {
        None => UNKNOWN,
        Some(value) if *value <= 0.0 => {
            if row == 0 {
                NOTHING
            } else {
                UNKNOWN
            }
        }
        Some(value) => match eighths(*value).saturating_sub(row * 8) {
            0 => UNKNOWN,
            filled => EIGHTHS[filled.min(8) - 1],
        },
    };
    (0..rows).rev().map(|row| values.iter().map(|value| block(value, row)).collect()).collect()
}

/// What somebody has, and a mark where what is due ends; `most` fills the bar.
pub(super) fn bar(has: f64, due: f64, most: f64, columns: usize) -> String {
    let ends_at = |share: f64| if most > 0.0 { (share / most * columns as f64).round() as usize } else { 0 };
    let (filled, mark) = (ends_at(has), ends_at(due).min(columns));
    let block = |at: usize| match at {
        at if at + 1 == mark => '│',
        at if at < filled => '━',
        _ => ' ',
    };
    (0..columns).map(block).collect()
}

#[cfg(test)]
mod tests;
