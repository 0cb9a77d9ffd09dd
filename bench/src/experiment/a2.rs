//! what does each replica carry while N grows from 2 to 6 by `/add` on the running system?
//!
//! The same ids at every N. Claimed: nothing fails, `/add` gives what was asked for, and with `rendezvous` and `ring` no
//! id moves that didn't have to. Whether a change *under load* costs a request is [`super::scale`]'s question.

use anyhow::bail;
use serde_json::json;

use super::hash::Hash;
use super::pass::PassOptions;
use super::statistics;
use super::walk::{self, Step};
use super::words::thousands;
use crate::balancer::{Balancer, Target};
use crate::engine::conntrack;
use crate::report::Report;
use crate::report::chart::{Chart, Kind, Series};

/// The charts' files where the replicas are containers: both may be in one directory of results.
const CONTAINER_STEMS: [&str; 3] = ["a2_docker_load", "a2_docker_moved", "a2_docker_rate"];

/// `lb-bench a2`
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) target: Target,
    /// The first N; a --target is brought there by /add or /rm, and back at the end
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub(crate) from: u32,
    /// The last N
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub(crate) to: u32,
    #[command(flatten)]
    pub(crate) pass: PassOptions,
    /// The balancer's hash; of a --target the one that it has, unknown where it isn't given [default: rendezvous]
    #[arg(long, value_name = "NAME")]
    pub(crate) hash: Option<Hash>,
}

/// Walks from the first N to the last.
pub(crate) async fn run(options: &Options) -> anyhow::Result<Report> {
    if options.from >= options.to {
        bail!("--from {} is not below --to {}: N must grow", options.from, options.to);
    }
    let own = options.hash.unwrap_or(Hash::Rendezvous);
    let balancer = Balancer::open(&options.target, options.from, own.flags()).await?;
    let hash = if balancer.is_own() { Some(own) } else { options.hash };
    let found = u32::try_from(balancer.admin.replicas().await?.len())?;
    let steps = walk::run("A-2", &balancer, options.pass, options.from..=options.to).await?;
    if !balancer.is_own() {
        balancer.scale_to(found).await?;
    }
    let mut report = report(options, hash, &steps);
    if balancer.pool().is_some() {
        report.lines.push(conntrack::in_words());
        report.charts.iter_mut().zip(CONTAINER_STEMS).for_each(|(chart, stem)| chart.stem = stem);
    }
    Ok(report)
}

fn report(options: &Options, hash: Option<Hash>, steps: &[Step]) -> Report {
    let requests = options.pass.requests;
    let mut lines = Vec::new();
    for step in steps {
        let (n, counts) = (step.replicas.len(), step.counts());
        lines.push(format!("N = {n}: {}", step.tally));
        lines.push(format!(
            "       mean {:.0}, from {} to {}, max/mean {:.3}, standard deviation {:.1}",
            statistics::mean(&counts),
            counts.iter().min().unwrap_or(&0),
            counts.iter().max().unwrap_or(&0),
            statistics::max_over_mean(&counts),
            statistics::standard_deviation(&counts)
        ));
        if let Some(moved) = &step.moved {
            lines.push(format!("       /add took {:.1} ms; {}", step.change.as_secs_f64() * 1000.0, moved.in_words()));
        }
    }
    let promised = hash.is_some_and(Hash::moves_only_what_it_must);
    if !promised {
        lines.push("moves without need are shown, not judged: only rendezvous and ring promise none".to_owned());
    }
    let (from, to) = (options.from, options.to);
    let name = hash.map_or("unknown", Hash::name);
    Report {
        title: format!(
            "A-2: {} ids at each N from {from} to {to}, {}hash {name}",
            thousands(requests),
            options.target.in_words()
        ),
        lines,
        data: json!({
            "hash": hash.map(Hash::name), "requests": requests,
            "steps": steps.iter().map(Step::to_json).collect::<Vec<_>>(),
        }),
        violations: walk::violations("A-2", steps, requests, promised),
        charts: vec![load_chart(steps), moved_chart(steps), rate_chart(steps)],
    }
}

fn sizes(steps: &[Step]) -> Vec<f64> {
    steps.iter().map(|step| step.replicas.len() as f64).collect()
}

fn load_chart(steps: &[Step]) -> Chart {
    let counts: Vec<Vec<u64>> = steps.iter().map(Step::counts).collect();
    let worst = counts.iter().map(|counts| statistics::max_over_mean(counts)).fold(0.0, f64::max);
    let bounds = |counts: &Vec<u64>| {
        let (least, most) = (counts.iter().min().unwrap_or(&0), counts.iter().max().unwrap_or(&0));
        (*least as f64, *most as f64)
    };
    let mean = counts.iter().map(|counts| statistics::mean(counts)).collect();
    Chart {
        stem: "a2_load",
        title: format!("A-2: the load of a replica falls as 1/N; the fullest has at most {worst:.3} × the mean"),
        x_label: "replicas (N)".to_owned(),
        y_label: "requests a replica".to_owned(),
        kind: Kind::Lines {
            x: sizes(steps),
            series: vec![Series { name: "mean of all replicas".to_owned(), values: mean }],
            spread: Some(counts.iter().map(bounds).collect()),
        },
    }
}

fn moved_chart(steps: &[Step]) -> Chart {
    let moves: Vec<_> = steps.windows(2).filter_map(|pair| Some((pair, pair[1].moved?))).collect();
    let unnecessary: u64 = moves.iter().map(|(_, moved)| moved.unnecessary).sum();
    let series = |name: &str, value: fn(&walk::Moved) -> f64| Series {
        name: name.to_owned(),
        values: moves.iter().map(|(_, moved)| value(moved)).collect(),
    };
    Chart {
        stem: "a2_moved",
        title: match unnecessary {
            0 => "A-2: only the ids that the new replica takes over move, 0 others".to_owned(),
            _ => format!("A-2: {} ids moved without need in {} steps", thousands(unnecessary), moves.len()),
        },
        x_label: "step (N before → after)".to_owned(),
        y_label: "ids that changed replica".to_owned(),
        kind: Kind::Bars {
            groups: moves
                .iter()
                .map(|(pair, _)| format!("{} → {}", pair[0].replicas.len(), pair[1].replicas.len()))
                .collect(),
            series: vec![
                series("moved", |moved| moved.ids as f64),
                series("ideal: the new replica's fair share", |moved| moved.ideal),
                series("moved without need", |moved| moved.unnecessary as f64),
            ],
            ideal: None,
        },
    }
}

fn rate_chart(steps: &[Step]) -> Chart {
    let rates: Vec<f64> = steps.iter().map(|step| step.tally.rate()).collect();
    let (least, most) = (rates.iter().copied().fold(f64::MAX, f64::min), rates.iter().copied().fold(0.0, f64::max));
    let in_words = |rate: f64| thousands(rate.round() as u64);
    Chart {
        stem: "a2_rate",
        title: format!("A-2: {} to {} requests/s while N grows on one machine", in_words(least), in_words(most)),
        x_label: "replicas (N)".to_owned(),
        y_label: "answered (requests/s)".to_owned(),
        kind: Kind::Lines {
            x: sizes(steps),
            series: vec![Series { name: "throughput".to_owned(), values: rates }],
            spread: None,
        },
    }
}
