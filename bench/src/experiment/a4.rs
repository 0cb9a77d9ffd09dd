//! what does the hash function do to distribution and to moved ids?
//!
//! Each of lb's hashes on a balancer of its own, N from 2 to 6: the pass at N = 3 is A-1, the walk A-2. Beside them, by
//! the table only, the assignment's functions with replica numbers chosen well ([`chosen`]); and in words, from computed
//! facts, why those functions are so uneven with the numbers 1, 2, 3 ([`why`]). Claimed: nothing fails, and nothing moves
//! without need with `rendezvous` and `ring`.

use serde_json::{Value, json};

use super::hash::Hash;
use super::pass::PassOptions;
use super::statistics;
use super::walk::{self, Moved, Step};
use super::words::thousands;
use crate::balancer::{Balancer, Program};
use crate::report::Report;
use crate::report::chart::{Chart, Ideal, Kind, Series};

mod chosen;
mod why;

use chosen::Numbers;

/// The sizes of the walk.
const FIRST: u32 = 2;
const LAST: u32 = 6;
/// The size that A-1 is about, and its place in the walk.
const A1_SIZE: u32 = 3;
const A1_STEP: usize = (A1_SIZE - FIRST) as usize;

/// `lb-bench a4`
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) program: Program,
    #[command(flatten)]
    pub(crate) pass: PassOptions,
}

/// One line of the comparison.
#[derive(Clone, Debug)]
struct Row {
    name: String,
    /// Whether requests were sent, or the table was asked.
    measured: bool,
    /// At each N.
    max_over_mean: Vec<f64>,
    /// From each N to the next, added up.
    moved: Moved,
}

/// Walks with each hash.
pub(crate) async fn run(options: &Options) -> anyhow::Result<Report> {
    let mut rows = Vec::new();
    let mut violations = Vec::new();
    let mut walks = serde_json::Map::new();
    for hash in Hash::ALL {
        let balancer = Balancer::start(&options.program, FIRST, hash.flags()).await?;
        let steps = walk::run(&format!("A-4: {}", hash.name()), &balancer, options.pass, FIRST..=LAST).await?;
        let promised = hash.moves_only_what_it_must();
        violations.extend(walk::violations(hash.name(), &steps, options.pass.requests, promised));
        walks.insert(hash.name().to_owned(), steps.iter().map(Step::to_json).collect());
        rows.push(Row::measured(hash, &steps));
    }
    for (place, hash) in [Hash::Assignment, Hash::AssignmentQuadratic].into_iter().enumerate() {
        let numbers = chosen::search(hash)?;
        rows.insert(2 * place + 1, Row::on_paper(hash, &numbers, options.pass.requests)?);
    }
    Ok(report(options.pass.requests, &rows, walks.into(), violations, &why::explain(A1_SIZE)?))
}

impl Row {
    fn measured(hash: Hash, steps: &[Step]) -> Self {
        Self {
            name: hash.name().to_owned(),
            measured: true,
            max_over_mean: steps.iter().map(|step| statistics::max_over_mean(&step.counts())).collect(),
            moved: total(steps.iter().filter_map(|step| step.moved)),
        }
    }

    fn on_paper(hash: Hash, numbers: &Numbers, requests: u64) -> anyhow::Result<Self> {
        let walk = chosen::walk(hash, numbers, requests)?;
        let listed: Vec<String> = numbers.iter().map(u32::to_string).collect();
        Ok(Self {
            name: format!("{}, replicas {}", hash.name(), listed.join(" ")),
            measured: false,
            max_over_mean: walk.iter().map(|step| statistics::max_over_mean(&step.counts)).collect(),
            moved: total(walk.iter().filter_map(|step| step.moved)),
        })
    }

    fn to_json(&self) -> Value {
        json!({
            "name": self.name, "measured": self.measured, "max_over_mean": self.max_over_mean,
            "first_n": FIRST, "moved": self.moved.to_json(),
        })
    }

    /// `1.234` for each N, then what moved.
    fn columns(&self) -> String {
        let ratios: String = self.max_over_mean.iter().map(|ratio| format!("{ratio:>8.3}")).collect();
        let Moved { ids, ideal, unnecessary } = self.moved;
        let how = if self.measured { "" } else { "  (table only)" };
        format!("{ratios}{ids:>9}{:>9.0}{unnecessary:>13}{how}", ideal)
    }
}

fn total(steps: impl Iterator<Item = Moved>) -> Moved {
    steps.fold(Moved::default(), |sum, step| Moved {
        ids: sum.ids + step.ids,
        ideal: sum.ideal + step.ideal,
        unnecessary: sum.unnecessary + step.unnecessary,
    })
}

fn report(requests: u64, rows: &[Row], walks: Value, violations: Vec<String>, why: &why::Why) -> Report {
    let width = rows.iter().map(|row| row.name.len()).max().unwrap_or(0);
    let sizes: String = (FIRST..=LAST).map(|n| format!("{:>8}", format!("N = {n}"))).collect();
    let mut lines = vec![
        format!("{:width$}{:^40}{:^31}", "", "max/mean (1 is even)", "ids, all steps together"),
        format!("{:width$}{sizes}{:>9}{:>9}{:>13}", "", "moved", "ideal", "unnecessary"),
    ];
    lines.extend(rows.iter().map(|row| format!("{:width$}{}", row.name, row.columns())));
    lines.extend(why.in_words());
    Report {
        title: format!(
            "A-4: hash functions side by side, {} ids at each N from {FIRST} to {LAST}",
            thousands(requests)
        ),
        lines,
        data: json!({
            "requests": requests, "rows": rows.iter().map(Row::to_json).collect::<Vec<_>>(), "walks": walks,
            "why": why.to_json(),
        }),
        violations,
        charts: vec![even_chart(requests, rows), moved_chart(rows)],
    }
}

/// Short enough to stand below a bar; what the star means is said on the axis.
fn group(row: &Row) -> String {
    let hash = row.name.split(',').next().unwrap_or_default().replace("assignment-quadratic", "quadratic");
    if row.measured { hash } else { hash + "*" }
}

const X_LABEL: &str = "hash (*: replica numbers chosen well, by the table only)";

fn even_chart(requests: u64, rows: &[Row]) -> Chart {
    let at_three = |row: &Row| row.max_over_mean[A1_STEP];
    let best = rows.iter().filter(|row| row.measured).map(at_three).fold(f64::MAX, f64::min);
    let worst = rows.iter().map(at_three).fold(0.0, f64::max);
    let series = |name: String, value: &dyn Fn(&Row) -> f64| Series { name, values: rows.iter().map(value).collect() };
    Chart {
        stem: "a4_even",
        title: format!(
            "A-4: the hash decides how even it gets: the fullest of {A1_SIZE} replicas has {best:.2} to {worst:.2} × the mean"
        ),
        x_label: X_LABEL.to_owned(),
        y_label: "fullest replica ÷ mean".to_owned(),
        kind: Kind::Bars {
            groups: rows.iter().map(group).collect(),
            series: vec![
                series(format!("N = {A1_SIZE} (A-1, {} ids)", thousands(requests)), &at_three),
                series(format!("worst of N = {FIRST} to {LAST}"), &|row| {
                    row.max_over_mean.iter().copied().fold(0.0, f64::max)
                }),
            ],
            ideal: Some(Ideal { label: "even".to_owned(), value: 1.0, noise: 0.0 }),
        },
    }
}

fn moved_chart(rows: &[Row]) -> Chart {
    let series = |name: &str, value: fn(&Moved) -> f64| Series {
        name: name.to_owned(),
        values: rows.iter().map(|row| value(&row.moved)).collect(),
    };
    let needless: Vec<String> = rows
        .iter()
        .filter(|row| row.moved.unnecessary > 0)
        .map(|row| format!("{} moves {}", row.name, row.moved.unnecessary))
        .collect();
    let needless = if needless.is_empty() { "no hash moves any".to_owned() } else { needless.join(", ") };
    Chart {
        stem: "a4_moved",
        title: format!("A-4: from N = {FIRST} to {LAST}, {needless} of the ids between replicas that stay"),
        x_label: X_LABEL.to_owned(),
        y_label: "ids that changed replica, all steps".to_owned(),
        kind: Kind::Bars {
            groups: rows.iter().map(group).collect(),
            series: vec![
                series("moved", |moved| moved.ids as f64),
                series("ideal", |moved| moved.ideal),
                series("moved without need", |moved| moved.unnecessary as f64),
            ],
            ideal: None,
        },
    }
}
