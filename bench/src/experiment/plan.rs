//! Is what a change does what its plan said?
//!
//! Random changes of every kind through `/v1`: each planned first (`?dry_run=true`), then made on the epoch that the plan
//! was of (`If-Match`). Claimed: plan and change are accepted or refused alike, and their effects are equal; and both are
//! equal to what `lb_core::ring` computes here from the two memberships; and where `/v1/explain` puts some ids is where
//! that computation has them. Names that are made up only when it happens are compared by their seats.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::balancer::{Balancer, Program, Runtime};
use crate::peer::isolation;
use crate::report::Report;
use crate::report::progress::Progress;
use api::{Answer, Api};
use changes::Changes;
use expected::Mapping;

mod api;
mod changes;
mod expected;

/// Differences that are shown; the rest is counted.
const SHOWN_MAX: usize = 10;
/// Ids that are looked up after each change.
const EXPLAINED: u64 = 3;

/// `lb-bench plan`
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    program: Program,
    /// Changes, one after the other
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    changes: u32,
    /// Replicas at the beginning
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(2..=12))]
    replicas: u32,
    /// Equal seeds give equal changes [default: a new one]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

impl Options {
    /// Before anything is opened. Containers are reached from the machine's network alone.
    pub(crate) fn enter_isolation(&self) {
        if self.program.runtime == Runtime::Process {
            isolation::enter();
        }
    }
}

/// What came of them.
#[derive(Debug, Default)]
struct Tally {
    made: BTreeMap<&'static str, u32>,
    refused: BTreeMap<String, u32>,
    moved_slots: u64,
    explained: u64,
    differences: Vec<String>,
}

/// Plans and makes them all.
pub(crate) async fn run(options: &Options) -> anyhow::Result<Report> {
    let seed = options.seed.unwrap_or_else(|| fastrand::u64(..1_000_000));
    let flags = ["--admin-rate", "0", "--drain-timeout", "1s"];
    let balancer = Balancer::start(&options.program, options.replicas, &flags).await?;
    let api = Api::new(balancer.admin.addr());
    let progress = Progress::steps("plan: changes, each planned first", options.changes.into());
    let mut changes = Changes::new(seed);
    let mut tally = Tally::default();
    for number in 0..options.changes {
        let before = api.mapping().await?;
        let change = changes.next(&before);
        let planned = api.ask(change.method, &change.path, true, before.epoch, &change.body).await?;
        let made = api.ask(change.method, &change.path, false, before.epoch, &change.body).await?;
        let after = api.mapping().await?;
        let what = format!("change {number}, {} {} {}", change.method, change.path, change.body);
        let differ = |difference: String| format!("{what}: {difference}");
        tally.differences.extend(compare(&before, &after, &planned, &made).into_iter().map(differ));
        if made.is_success() {
            *tally.made.entry(change.kind).or_default() += 1;
            tally.moved_slots += u64::from(before.diff(&after).moved);
            for key in (0..EXPLAINED).map(|_| changes.key()) {
                tally.explained += 1;
                tally.differences.extend(api.explained(key, &after).await?.map(|why| format!("after {what}: {why}")));
            }
        } else {
            *tally.refused.entry(format!("{} {}", made.status, change.kind)).or_default() += 1;
        }
        progress.step();
    }
    Ok(report(options, seed, &tally))
}

/// What isn't as it should be about a plan, the change, and what they led to.
fn compare(before: &Mapping, after: &Mapping, planned: &Answer, made: &Answer) -> Vec<String> {
    let mut differences = Vec::new();
    if planned.is_success() != made.is_success() || (!made.is_success() && planned.status != made.status) {
        return vec![format!("planned {planned}, made {made}")];
    }
    if !made.is_success() {
        if before.epoch != after.epoch {
            differences.push(format!("it was refused, and yet the epoch is {} after {}", after.epoch, before.epoch));
        }
        return differences;
    }
    if made.epoch() != Some(after.epoch) || planned.epoch() != made.epoch() {
        let epochs = [planned.epoch(), made.epoch(), Some(after.epoch)];
        differences.push(format!("epochs as planned, as answered and as listed: {epochs:?}"));
    }
    let expected = before.effect_on(after);
    for (who, answer) in [("the plan", planned), ("the change", made)] {
        let effect = expected::by_seat(&answer.body["effect"], before, after);
        if effect != expected {
            differences.push(format!("{who} says {effect}, computed from the memberships it is {expected}"));
        }
    }
    differences
}

fn report(options: &Options, seed: u64, tally: &Tally) -> Report {
    let made: u32 = tally.made.values().sum();
    let mut violations: Vec<String> = tally.differences.iter().take(SHOWN_MAX).cloned().collect();
    if tally.differences.len() > SHOWN_MAX {
        violations.push(format!("and {} more", tally.differences.len() - SHOWN_MAX));
    }
    let mut lines = vec![
        format!(
            "{made} changes were made as planned, {} refused as planned: {} differences",
            options.changes - made,
            tally.differences.len()
        ),
        format!("{} slots moved in all; {} ids explained", tally.moved_slots, tally.explained),
    ];
    lines.extend(tally.made.iter().map(|(kind, count)| format!("{count:>5} × {kind}")));
    lines.extend(tally.refused.iter().map(|(what, count)| format!("{count:>5} × refused with {what}")));
    Report {
        title: format!("plan: {} random changes against their plans, seed {seed}", options.changes),
        lines,
        data: json!({
            "seed": seed, "changes": options.changes, "made": tally.made, "refused": tally.refused,
            "differences": tally.differences.len(), "moved_slots": tally.moved_slots, "explained": tally.explained,
        }),
        violations,
        charts: Vec::new(),
    }
}

/// A number of a document.
fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}
