//! How good is each rule of the ring, and what does it cost? No sockets: `lb_core::ring` is asked directly.
//!
//! Four tables: how even the shares of 10,000 random ids are, what moves when a backend comes or goes, how long a
//! look-up takes, and how long a table takes to build. [`measure`] finds the figures, here they are laid out.
//! Claimed: the rules of `lb` (not the assignment's) move nothing that needn't move, except Maglev, which says so.

use std::fmt::Display;

use anyhow::Context;
use lb_core::ring::{Probing, Rule, VNODES_DEFAULT};
use serde_json::json;

use crate::report::chart::{Chart, Ideal, Kind, Series};
use crate::report::{Report, progress::Progress};
use measure::{Disruption, IDS};

mod measure;

const RULES: [Rule; 5] = [
    Rule::Rendezvous,
    Rule::Ring { vnodes: VNODES_DEFAULT },
    Rule::Maglev,
    Rule::Assignment { probing: Probing::Linear },
    Rule::Assignment { probing: Probing::Quadratic },
];
/// Numbers of backends whose evenness is shown.
const COUNTS: [u32; 5] = [2, 3, 4, 5, 6];
/// Changes of that number.
const CHANGES: [(u32, u32); 2] = [(3, 4), (4, 3)];
/// Sizes whose build is measured.
const BUILD_SIZES: [u32; 3] = [10, 100, 1000];

/// All tables. The work is pure calculation, so it has a thread of its own and can be interrupted.
pub(crate) async fn run() -> anyhow::Result<Report> {
    let progress = Progress::steps("measuring five rules", 1);
    let report = tokio::task::spawn_blocking(measure_all).await.context("measuring the rules")?;
    progress.step();
    Ok(report)
}

fn measure_all() -> Report {
    let evenness = RULES.map(|rule| COUNTS.map(|n| measure::max_over_mean(rule, n)));
    let changes = CHANGES.map(|(before, after)| RULES.map(|rule| measure::disruption(rule, before, after)));
    let lookups = RULES.map(measure::lookup_times);
    let builds = RULES.map(|rule| BUILD_SIZES.map(|n| measure::build_times(rule, n)).concat());

    let mut lines = evenness_lines(&evenness);
    lines.extend(change_lines(&changes));
    lines.push(
        "one look-up, ns: slot, candidate, backend (+ hash: with the id's; 1 down: of 3, one isn't ready)".into(),
    );
    lines.push(row("", ["N = 3", "1 down", "N = 50", "N = 1000", "3 + hash"]));
    lines.extend(RULES.iter().zip(&lookups).map(|(&rule, times)| row(name(rule), times)));
    lines.extend([String::new(), "building, ms: from scratch, and one more backend in a ring of that size".into()]);
    lines.push(row("", BUILD_SIZES.iter().flat_map(|n| [format!("{n}"), format!("{n} + 1")])));
    lines.extend(RULES.iter().zip(&builds).map(|(&rule, times)| row(name(rule), times)));

    let steady = RULES.iter().enumerate().filter(|(_, rule)| matches!(rule, Rule::Rendezvous | Rule::Ring { .. }));
    let unnecessary = steady.filter(|(index, _)| changes.iter().any(|change| change[*index].unnecessary > 0.0));
    Report {
        title: format!("ring: the five rules with {IDS} random ids"),
        violations: unnecessary.map(|(_, &rule)| format!("{} moved slots that needn't move", name(rule))).collect(),
        data: to_json(&evenness, &changes, &lookups, &builds),
        charts: vec![evenness_chart(&evenness), change_chart(&changes)],
        lines,
    }
}

fn evenness_lines(evenness: &[[f64; 5]; 5]) -> Vec<String> {
    let mut lines = vec![format!("max/mean of {IDS} random ids over N backends (1 is even)")];
    lines.push(row("", COUNTS.map(|n| format!("N = {n}"))));
    lines.extend(RULES.iter().zip(evenness).map(|(&rule, ratios)| row(name(rule), ratios.map(|r| format!("{r:.3}")))));
    lines.push(String::new());
    lines
}

fn change_lines(changes: &[[Disruption; 5]; 2]) -> Vec<String> {
    let mut lines = vec![format!("moved by a change, in % of the slots (ids: of {IDS} random ids)")];
    for ((before, after), change) in CHANGES.iter().zip(changes) {
        lines.push(row("", [&format!("{before} -> {after}"), "ideal", "unnecessary", "ids"]));
        for (&rule, Disruption { moved, ideal, unnecessary, ids }) in RULES.iter().zip(change) {
            lines.push(row(name(rule), [moved, ideal, unnecessary, ids].map(|percent| format!("{percent:.2}"))));
        }
        lines.push(String::new());
    }
    lines
}

fn evenness_chart(evenness: &[[f64; 5]; 5]) -> Chart {
    let worst = |rules: &[[f64; 5]]| rules.iter().flatten().copied().fold(1.0, f64::max);
    let series = RULES
        .iter()
        .zip(evenness)
        .map(|(&rule, ratios)| Series { name: name(rule).to_owned(), values: ratios.to_vec() });
    Chart {
        stem: "ring-evenness",
        title: format!(
            "The busiest backend has at most {:.2} times the mean by lb's rules, up to {:.2} times by the assignment's",
            worst(&evenness[..3]),
            worst(&evenness[3..])
        ),
        x_label: "backends".to_owned(),
        y_label: format!("busiest backend / mean, of {IDS} random ids (1 is even)"),
        kind: Kind::Lines { x: COUNTS.map(f64::from).to_vec(), series: series.collect(), spread: None },
    }
}

fn change_chart(changes: &[[Disruption; 5]; 2]) -> Chart {
    let series = CHANGES.iter().zip(changes).map(|((before, after), change)| Series {
        name: format!("from {before} to {after} backends"),
        values: change.iter().map(|disruption| disruption.moved).collect(),
    });
    let Disruption { moved, ideal, .. } = changes[0][0];
    Chart {
        stem: "ring-moved",
        title: format!("A fourth backend moves {moved:.1} % of the slots by the default rule; {ideal:.1} % must move"),
        x_label: "rule".to_owned(),
        y_label: "slots with another owner, %".to_owned(),
        kind: Kind::Bars {
            groups: RULES.map(|rule| name(rule).to_owned()).to_vec(),
            series: series.collect(),
            ideal: Some(Ideal { label: "ideal: what the new backend takes over".to_owned(), value: ideal, noise: 0.0 }),
        },
    }
}

fn to_json(
    evenness: &[[f64; 5]; 5],
    changes: &[[Disruption; 5]; 2],
    lookups: &[Vec<String>; 5],
    builds: &[Vec<String>; 5],
) -> serde_json::Value {
    let rules = RULES.iter().enumerate().map(|(index, &rule)| {
        let changes = CHANGES.iter().zip(changes).map(|((before, after), change)| {
            let Disruption { moved, ideal, unnecessary, ids } = change[index];
            json!({ "before": before, "after": after, "moved_percent": moved, "ideal_percent": ideal,
                "unnecessary_percent": unnecessary, "ids_percent": ids })
        });
        json!({ "rule": name(rule), "max_over_mean": evenness[index], "changes": changes.collect::<Vec<_>>(),
            "lookup_ns": lookups[index], "build_ms": builds[index] })
    });
    json!({ "ids": IDS, "backends": COUNTS, "build_sizes": BUILD_SIZES, "rules": rules.collect::<Vec<_>>() })
}

fn name(rule: Rule) -> &'static str {
    match rule {
        Rule::Assignment { probing: Probing::Quadratic } => "assignment (quadratic)",
        _ => rule.name(),
    }
}

fn row(name: &str, columns: impl IntoIterator<Item = impl Display>) -> String {
    let columns = columns.into_iter().map(|column| format!(" {:>11}", column.to_string()));
    format!("{name:<22}{}", columns.collect::<String>())
}
