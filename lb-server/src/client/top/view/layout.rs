//! How many lines each part gets. Pure.

/// Lines of each part, from the top. One line is for the facts, one for the keys at the bottom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) facts: usize,
    pub(super) verdict: usize,
    pub(super) table: usize,
    pub(super) flow: usize,
    pub(super) pane: usize,
    pub(super) foot: usize,
}

/// What there is to show, in lines.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub(super) verdict: usize,
    /// With its heads.
    pub(super) table: usize,
    /// With its title.
    pub(super) pane: usize,
}

/// The table keeps as much: its heads and four backends.
const TABLE_MIN: usize = 5;
/// Events are never less than a title and four of them, where the table leaves so much.
const PANE_MIN: usize = 5;
/// A title, marks and rates.
const FLOW: (usize, usize) = (5, 10);

pub(super) fn layout(height: usize, wanted: Wanted) -> Layout {
    let mut left = height;
    let mut take = |lines: usize| {
        let taken = lines.min(left);
        left -= taken;
        taken
    };
    // In the order of what can't be spared.
    let verdict = take(wanted.verdict.max(1));
    let (facts, foot) = (take(1), take(1));
    let table_min = take(wanted.table.min(TABLE_MIN));
    let pane_min = take(wanted.pane.clamp(PANE_MIN, PANE_MIN.max(height / 2)));
    let table = table_min + take(wanted.table.saturating_sub(TABLE_MIN));
    let flow = if left >= FLOW.0 { left.min(FLOW.1) } else { 0 };
    Layout { facts, verdict, table, flow, pane: pane_min + left - flow, foot }
}

#[cfg(test)]
mod tests;
