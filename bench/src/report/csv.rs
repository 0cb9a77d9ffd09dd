//! The numbers behind a chart as CSV (RFC 4180), for whoever wants to draw them anew or to compare two runs.
//!
//! One row a group, x or bucket, one column a series, the first row names them. What was not measured is left empty.

use super::chart::{Chart, Kind, Mark, Series};

/// A table: the names of its columns, and its rows.
pub(super) struct Table {
    pub(super) header: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
}

impl Table {
    /// What `chart` shows; marks are a table of their own ([`Table::of_marks`]).
    pub(super) fn of(chart: &Chart) -> Self {
        match &chart.kind {
            Kind::Bars { groups, series, ideal } => {
                let mut table = Self::wide("group", groups.clone(), series);
                if let Some(ideal) = ideal {
                    let constant = |value: f64| vec![value; groups.len()];
                    table.column(&ideal.label, &constant(ideal.value));
                    table.column("noise", &constant(ideal.noise));
                }
                table
            }
            Kind::Lines { x, series, spread } => {
                let mut table = Self::wide(&chart.x_label, x.iter().map(|&x| number(x)).collect(), series);
                if let Some(spread) = spread {
                    table.column("lowest", &spread.iter().map(|&(low, _)| low).collect::<Vec<_>>());
                    table.column("highest", &spread.iter().map(|&(_, high)| high).collect::<Vec<_>>());
                }
                table
            }
            Kind::Stack { x, series, .. } => Self::wide(&chart.x_label, x.iter().map(|&x| number(x)).collect(), series),
            Kind::Histogram { bounds, counts } => {
                let mut table = Self::wide("up to", bounds.iter().map(|&bound| number(bound)).collect(), &[]);
                table.column("count", &counts.iter().map(|&count| count as f64).collect::<Vec<_>>());
                table
            }
        }
    }

    /// The marks of a chart, if it has any.
    pub(super) fn of_marks(chart: &Chart) -> Option<Self> {
        let Kind::Stack { marks, .. } = &chart.kind else { return None };
        let row = |mark: &Mark| vec![number(mark.x), mark.label.to_owned()];
        let header = vec![chart.x_label.clone(), "mark".to_owned()];
        (!marks.is_empty()).then(|| Self { header, rows: marks.iter().map(row).collect() })
    }

    fn wide(first: &str, keys: Vec<String>, series: &[Series]) -> Self {
        let rows = keys.into_iter().map(|key| vec![key]).collect();
        let mut table = Self { header: vec![first.to_owned()], rows };
        series.iter().for_each(|series| table.column(&series.name, &series.values));
        table
    }

    fn column(&mut self, name: &str, values: &[f64]) {
        self.header.push(name.to_owned());
        for (index, row) in self.rows.iter_mut().enumerate() {
            row.push(values.get(index).copied().map_or_else(String::new, number));
        }
    }

    /// The table as a file.
    pub(super) fn to_csv(&self) -> String {
        let line = |row: &Vec<String>| row.iter().map(|cell| quoted(cell)).collect::<Vec<_>>().join(",") + "\r\n";
        std::iter::once(&self.header).chain(&self.rows).map(line).collect()
    }
}

fn number(value: f64) -> String {
    if value.is_finite() { value.to_string() } else { String::new() }
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}

#[cfg(test)]
mod tests;
