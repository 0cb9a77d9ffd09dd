//! The columns of the table: which of them there is room for, and how wide each is. Pure.

/// One of them, in the order in which they stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Column {
    Name,
    State,
    Age,
    Share,
    Bar,
    Open,
    Rate,
    Spark,
    Latency,
    Errors,
    Check,
    Restarts,
}

/// Between two columns.
pub(super) const GAP: usize = 1;
/// Before the first: the cursor.
pub(super) const CURSOR: usize = 2;
/// A name is at least so wide, and never wider than that.
const NAME: (usize, usize) = (8, 24);
/// How far a sparkline and a bar grow where there is room.
const SPARK_MAX: usize = 60;
const BAR_MAX: usize = 24;

/// In the order in which they are given up, the last first, with the least that each needs.
const BY_WORTH: [(Column, usize); 11] = [
    (Column::State, 10),
    (Column::Share, 9),
    (Column::Open, 5),
    (Column::Rate, 5),
    (Column::Age, 3),
    (Column::Latency, 10),
    (Column::Spark, 7),
    (Column::Bar, 7),
    (Column::Errors, 5),
    (Column::Check, 15),
    (Column::Restarts, 8),
];

impl Column {
    pub(super) fn head(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::State => "state",
            Self::Age => "for",
            Self::Share => "has/due %",
            Self::Bar => "",
            Self::Open => "open",
            Self::Rate => "req/s",
            Self::Spark => "",
            Self::Latency => "p50/p99",
            Self::Errors => "fails",
            Self::Check => "last check",
            Self::Restarts => "restarts",
        }
    }

    /// Numbers stand to the right.
    pub(super) fn is_number(self) -> bool {
        !matches!(self, Self::Name | Self::State | Self::Bar | Self::Spark | Self::Check)
    }
}

/// Those that fit into so many columns of the terminal, with the width of each; the name always is there.
pub(super) fn columns(room: usize, longest_name: usize) -> Vec<(Column, usize)> {
    let mut left = room.saturating_sub(CURSOR);
    let name = longest_name.clamp(NAME.0, NAME.1).min(left);
    left -= name;
    let mut chosen = vec![(Column::Name, name)];
    for (column, width) in BY_WORTH {
        let Some(rest) = left.checked_sub(GAP + width) else { break };
        left = rest;
        chosen.push((column, width));
    }
    chosen.sort_unstable();
    for (column, most) in [(Column::Spark, SPARK_MAX), (Column::Bar, BAR_MAX)] {
        if let Some((_, width)) = chosen.iter_mut().find(|(other, _)| *other == column) {
            let more = left.min(most.saturating_sub(*width));
            *width += more;
            left -= more;
        }
    }
    chosen
}

#[cfg(test)]
mod tests;
