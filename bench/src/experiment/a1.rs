//! how do requests spread over the replicas?
//!
//! Two passes over the ids 1…N. Claimed: nothing fails; routing follows the table, that is, the answers are what a fair
//! draw with the table's slot shares could have given (chi-square), or, where ids aren't hashed, exactly what the table
//! says; the second pass finds every id at its replica; and a million requests are even. Against 1/N the same numbers
//! are shown, not judged: how even the slots are is the hash's business.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::hash::Hash;
use super::pass::{self, PassOptions};
use super::shares::{Counts, SlotShares};
use super::statistics::{self, ChiSquare};
use super::words::{p_value, percent, thousands};
use crate::balancer::{Balancer, Target};
use crate::engine::conntrack;
use crate::load::{Connections, Plan, Tally};
use crate::report::Report;
use crate::report::chart::{Chart, Ideal, Kind, Series};

/// Below this the answers are taken not to follow the table: once in a thousand fair runs.
const P_MIN: f64 = 0.001;
/// From here on noise is small enough to promise evenness: of three replicas, by rendezvous.
const EVEN_FROM: u64 = 1_000_000;
/// What is promised then.
const MAX_OVER_MEAN: f64 = 1.02;

/// `lb-bench a1`
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Replicas of the balancer that is started
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub(crate) replicas: u32,
    #[command(flatten)]
    pub(crate) pass: PassOptions,
    /// Clients keep their connections; the balancer decides each request by itself (--affinity request)
    #[arg(long)]
    pub(crate) keep_alive: bool,
    /// The balancer's hash; of a --target the one that it has, unknown where it isn't given [default: rendezvous]
    #[arg(long, value_name = "NAME")]
    pub(crate) hash: Option<Hash>,
}

/// What was measured.
struct Found {
    rows: Vec<Row>,
    first: Tally,
    second: Tally,
    /// Why the table isn't known, where it isn't.
    unknown: Option<&'static str>,
    hash: Option<Hash>,
    follows: Option<ChiSquare>,
    /// What containers' network says for itself.
    network: Option<String>,
}

/// One replica.
struct Row {
    name: String,
    answered: u64,
    slots: Option<u64>,
    exact: Option<u64>,
}

/// Runs both passes.
pub(crate) async fn run(options: &Options) -> anyhow::Result<Report> {
    let own = options.hash.unwrap_or(Hash::Rendezvous);
    let affinity = ["--affinity", if options.keep_alive { "request" } else { "connection" }];
    let balancer = Balancer::open(&options.target, options.replicas, &[own.flags(), &affinity].concat()).await?;
    let hash = if balancer.is_own() { Some(own) } else { options.hash };
    let backends = balancer.admin.backends().await?;
    let (shares, unknown) = match (hash, &backends) {
        (Some(hash), Some(backends)) => (Some(SlotShares::of(hash, backends)?), None),
        (None, _) => (None, Some("the target's hash isn't known (--hash NAME)")),
        (_, None) => (None, Some("the target has no /v1/backends (--admin ADDR)")),
    };
    let plan = Plan {
        concurrency: usize::from(options.pass.concurrency),
        connections: if options.keep_alive { Connections::KeepAlive } else { Connections::OnePerRequest },
        ..Plan::each_once(balancer.front, options.pass.requests)
    };
    let first = pass::run("A-1: first pass", &plan).await;
    let second = pass::run("A-1: second pass", &plan).await;
    let rows = rows(&balancer.admin.replicas().await?, &first, shares.as_ref(), options.pass.requests);
    let follows = statistics::chi_square(&answered(&rows), &slots(&rows));
    let follows = follows.filter(|_| hash.is_some_and(|hash| !hash.is_public()) && shares.is_some());
    let network = balancer.pool().map(|_| conntrack::in_words());
    Ok(report(options, &Found { rows, first, second, unknown, hash, follows, network }))
}

fn rows(replicas: &[String], first: &Tally, shares: Option<&SlotShares>, requests: u64) -> Vec<Row> {
    let counts = first.per_replica();
    let slots = shares.map(SlotShares::by_replica);
    let exact = shares.and_then(|shares| shares.counts(requests));
    let strangers: BTreeSet<&str> =
        counts.keys().copied().filter(|name| !replicas.iter().any(|replica| replica == name)).collect();
    let listed = replicas.iter().map(String::as_str);
    // Where nobody answers under the name that /rep has for him, the names in the answers are those that count.
    let listed = listed.filter(|_| strangers.len() < replicas.len());
    let of = |counts: &Option<Counts>, name: &str| counts.as_ref().map(|counts| counts.get(name).copied().unwrap_or(0));
    listed
        .chain(strangers.iter().copied())
        .map(|name| Row {
            name: name.to_owned(),
            answered: counts.get(name).copied().unwrap_or(0),
            slots: of(&slots, name),
            exact: of(&exact, name),
        })
        .collect()
}

fn answered(rows: &[Row]) -> Vec<u64> {
    rows.iter().map(|row| row.answered).collect()
}

fn slots(rows: &[Row]) -> Vec<f64> {
    rows.iter().map(|row| row.slots.unwrap_or(0) as f64).collect()
}

fn report(options: &Options, found: &Found) -> Report {
    let requests = options.pass.requests;
    let connections = if options.keep_alive { "kept alive" } else { "one a request" };
    Report {
        title: format!(
            "A-1: {} ids on {} replicas, {}hash {}, connections {connections}, concurrency {}",
            thousands(requests),
            found.rows.len(),
            options.target.in_words(),
            found.hash.map_or("unknown", Hash::name),
            options.pass.concurrency
        ),
        lines: lines(found),
        data: data(options, found),
        violations: violations(requests, found),
        charts: vec![chart(requests, found)],
    }
}

fn lines(found: &Found) -> Vec<String> {
    let Found { rows, first, second, .. } = found;
    let mut lines = vec![format!("first pass: {first}"), format!("second pass: {second}")];
    let all_slots: u64 = rows.iter().filter_map(|row| row.slots).sum();
    for Row { name, answered, slots, exact } in rows {
        let slots = slots.map(|slots| format!(", of the slots {:.2} %", percent(slots, all_slots)));
        let exact = exact.map(|exact| format!(", exactly expected {exact}"));
        let (slots, exact) = (slots.unwrap_or_default(), exact.unwrap_or_default());
        lines.push(format!("{name}: {answered} = {:.2} %{slots}{exact}", percent(*answered, first.answered)));
    }
    let counts = answered(rows);
    let noise = 100.0 * statistics::noise(1.0 / rows.len().max(1) as f64, first.answered);
    lines.push(format!(
        "1/N is {:.2} % ± {noise:.2} of noise; max/mean {:.4}, standard deviation {:.1}",
        100.0 / rows.len().max(1) as f64,
        statistics::max_over_mean(&counts),
        statistics::standard_deviation(&counts)
    ));
    match (&found.follows, found.unknown) {
        (Some(test), _) => lines.push(format!(
            "against the slot shares: chi-square {:.3}, {} degrees of freedom, {}",
            test.statistic,
            test.degrees,
            p_value(test.p)
        )),
        (None, Some(reason)) => lines.push(format!("against the slot shares: not compared, {reason}")),
        (None, None) => lines.push("against the table: every replica's count is known exactly".to_owned()),
    }
    lines.push(format!("ids at another replica in the second pass: {}", second.elsewhere_than(first)));
    lines.extend(found.network.clone());
    lines
}

fn violations(requests: u64, found: &Found) -> Vec<String> {
    let mut violations = Vec::new();
    for (which, tally) in [("first", &found.first), ("second", &found.second)] {
        if tally.answered != requests {
            violations.push(format!("{which} pass: {} of {requests} answered", tally.answered));
        }
    }
    let elsewhere = found.second.elsewhere_than(&found.first);
    if elsewhere > 0 {
        violations.push(format!("{elsewhere} ids were answered by another replica in the second pass"));
    }
    if let Some(test) = found.follows.filter(|test| test.p <= P_MIN) {
        violations.push(format!("the answers don't follow the table: {}, {P_MIN} is allowed", p_value(test.p)));
    }
    if found.rows.iter().any(|row| row.exact.is_some_and(|exact| exact != row.answered)) {
        violations.push("the counts are not those of the table".to_owned());
    }
    let ratio = statistics::max_over_mean(&answered(&found.rows));
    let promised = requests >= EVEN_FROM && found.rows.len() == 3 && found.hash == Some(Hash::Rendezvous);
    if promised && ratio > MAX_OVER_MEAN {
        violations.push(format!("max/mean is {ratio:.4}, {MAX_OVER_MEAN} is allowed"));
    }
    violations
}

fn data(options: &Options, found: &Found) -> Value {
    let counts = answered(&found.rows);
    let share = 1.0 / found.rows.len().max(1) as f64;
    let row = |row: &Row| json!({ "name": row.name, "answered": row.answered, "slots": row.slots, "exact": row.exact });
    json!({
        "hash": found.hash.map(Hash::name), "keep_alive": options.keep_alive, "requests": options.pass.requests,
        "first": found.first.to_json(), "second": found.second.to_json(),
        "elsewhere": found.second.elsewhere_than(&found.first),
        "replicas": found.rows.iter().map(row).collect::<Vec<_>>(),
        "ideal_share": share, "noise": statistics::noise(share, found.first.answered),
        "max_over_mean": statistics::max_over_mean(&counts),
        "standard_deviation": statistics::standard_deviation(&counts),
        "chi_square": found.follows.map(|test| {
            json!({ "statistic": test.statistic, "degrees_of_freedom": test.degrees, "p": test.p })
        }),
    })
}

fn chart(requests: u64, found: &Found) -> Chart {
    let rows = &found.rows;
    let answered_shares = rows.iter().map(|row| percent(row.answered, found.first.answered)).collect();
    let mut series = vec![Series { name: "answered".to_owned(), values: answered_shares }];
    if found.unknown.is_none() {
        let all: u64 = rows.iter().filter_map(|row| row.slots).sum();
        let values = rows.iter().map(|row| percent(row.slots.unwrap_or(0), all)).collect();
        series.push(Series { name: "of the table's slots".to_owned(), values });
    }
    let share = 1.0 / rows.len().max(1) as f64;
    let follows = found.follows.map_or_else(String::new, |test| match test.p > P_MIN {
        true => format!("; routing follows the table ({})", p_value(test.p)),
        false => format!("; routing does NOT follow the table ({})", p_value(test.p)),
    });
    let ratio = statistics::max_over_mean(&answered(rows));
    Chart {
        stem: match requests {
            _ if found.network.is_some() => "a1_docker",
            10_000 => "a1_10k",
            100_000 => "a1_100k",
            1_000_000 => "a1_1m",
            _ => "a1",
        },
        title: format!(
            "A-1: of {} requests the fullest replica has {ratio:.3} × the mean{follows}",
            thousands(requests)
        ),
        x_label: "replica".to_owned(),
        y_label: "share (%)".to_owned(),
        kind: Kind::Bars {
            groups: rows.iter().map(|row| row.name.clone()).collect(),
            series,
            ideal: Some(Ideal {
                label: format!("1/N ± {:.0} σ of noise", statistics::NOISE_SIGMAS),
                value: 100.0 * share,
                noise: 100.0 * statistics::noise(share, found.first.answered),
            }),
        },
    }
}
