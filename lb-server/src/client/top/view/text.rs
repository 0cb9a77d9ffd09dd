//! Text in columns of a terminal: cut or filled to a width, broken into lines. Pure.
//!
//! What comes from the balancer may hold anything (an event quotes a replica's output), so control characters are shown
//! as a dot before anything else is done with them.

use ratatui::text::{Line, Span};

/// What a text that was cut ends with.
const CUT: char = '…';

/// How many columns a text takes.
pub(super) fn width(text: &str) -> usize {
    Span::raw(text).width()
}

/// Without what would move the cursor.
pub(super) fn visible(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '·' } else { c }).collect()
}

/// At most so wide.
pub(super) fn cut(text: &str, columns: usize) -> String {
    let text = visible(text);
    if width(&text) <= columns {
        return text;
    }
    let mut kept = String::new();
    for c in text.chars() {
        kept.push(c);
        if width(&kept) >= columns {
            while width(&kept) >= columns && kept.pop().is_some() {}
            break;
        }
    }
    if columns > 0 {
        kept.push(CUT);
    }
    kept
}

/// Exactly so wide, to the left.
pub(super) fn left(text: &str, columns: usize) -> String {
    let text = cut(text, columns);
    let gap = columns.saturating_sub(width(&text));
    format!("{text}{:gap$}", "")
}

/// Exactly so wide, to the right.
pub(super) fn right(text: &str, columns: usize) -> String {
    let text = cut(text, columns);
    let gap = columns.saturating_sub(width(&text));
    format!("{:gap$}{text}", "")
}

/// Lines of at most so many columns, broken at a space where there is one; the other spaces stay, so that what stands in
/// columns of its own (`lb explain`'s table) does so still.
pub(super) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    text.lines().flat_map(|line| wrapped_line(&visible(line), columns.max(1))).collect()
}

fn wrapped_line(line: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut rest = line;
    while width(rest) > columns {
        let fits = prefix(rest, columns);
        // A space right behind what fits breaks there; one at the beginning breaks nothing.
        let space = rest[..fits].rfind(' ').filter(|at| !rest[..*at].trim().is_empty());
        let end = if rest[fits..].starts_with(' ') { fits } else { space.unwrap_or(fits) };
        lines.push(rest[..end].trim_end().to_owned());
        rest = rest[end..].trim_start();
    }
    lines.push(rest.to_owned());
    lines
}

/// The end of the longest beginning that fits; at least one character, however wide.
fn prefix(text: &str, columns: usize) -> usize {
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
    let fitting = ends.take_while(|end| width(&text[..*end]) <= columns).last();
    fitting.or_else(|| text.chars().next().map(char::len_utf8)).unwrap_or(0)
}

/// Two texts at the two ends of a line; where there is no room for both, the left one is cut.
pub(super) fn ends(left_end: Line<'static>, right_end: Span<'static>, columns: usize) -> Line<'static> {
    let room = columns.saturating_sub(right_end.width() + 1);
    let mut line = Line::default();
    let mut used = 0;
    for span in left_end.spans {
        let text = cut(&span.content, room - used);
        used += width(&text);
        line.push_span(Span::styled(text, span.style));
    }
    let gap = columns.saturating_sub(used + right_end.width());
    line.push_span(Span::raw(" ".repeat(gap)));
    line.push_span(right_end);
    line
}

#[cfg(test)]
mod tests;
