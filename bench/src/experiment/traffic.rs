//! Does anybody ever see a byte that isn't his? Connections of tagged random traffic, full duplex, in random pieces, with
//! half-closes in any order and a quarter reset in the middle, through a real balancer to scripted backends.
//!
//! [`plan`] draws a connection from a seed, [`tagged`] its bytes, [`side`] runs one end of it, [`backend`] is the other
//! end. Half of them go through an lb in http mode (a head, or bytes that aren't HTTP), half through one in tcp mode.
//! Claimed: 0 wrong, foreign, missing or surplus bytes, and that no reset becomes a clean end. A failure names its seed;
//! `--seed` repeats the plans (not the kernel's timing).

use std::cell::Cell;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use serde_json::json;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::front::{Against, Front};
use super::words::thousands;
use crate::balancer::{Turns, sibling_lb};
use crate::report::chart::{Kind, Series};
use crate::report::progress::Progress;
use crate::report::{Chart, Report};
use backend::Backends;
use plan::{End, Plan};
use side::Buffers;
use tally::{Sums, Tally};

mod backend;
mod plan;
mod side;
mod tagged;
mod tally;

/// `lb-bench traffic`
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Our binary
    #[arg(long, value_name = "PATH", default_value_os_t = sibling_lb())]
    lb: PathBuf,
    /// Who is in between
    #[arg(long, value_name = "NAME", value_enum, default_value_t = Against::Lb)]
    against: Against,
    /// Connections, over all seeds
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..))]
    connections: u64,
    /// The first seed [default: a random one]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// How many seeds, each the one before plus 1
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=1000))]
    seeds: u64,
    /// Connections at the same time
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=1000))]
    concurrency: u16,
}

/// Sends it all.
pub(crate) async fn run(options: &Options) -> anyhow::Result<Report> {
    let first_seed = options.seed.unwrap_or_else(|| u64::from(fastrand::u32(..)));
    let (seed, tally) = (Arc::new(AtomicU64::new(first_seed)), Arc::new(Tally::default()));
    let backends = Backends::start(Arc::clone(&seed), Arc::clone(&tally))?;
    let fronts = fronts(options, &backends.addrs).await?;
    let progress = Rc::new(Progress::steps("random traffic", options.connections));
    let began = Instant::now();
    let mut rates = Vec::new();
    for round in 0..options.seeds {
        seed.store(first_seed + round, Ordering::Relaxed);
        let ids = options.connections * round / options.seeds..options.connections * (round + 1) / options.seeds;
        let (round_began, before) = (Instant::now(), tally.sums().bytes);
        let count = ids.end - ids.start;
        one_seed(first_seed + round, ids, options.concurrency, &fronts, &tally, &progress).await;
        let seconds = round_began.elapsed().as_secs_f64().max(1e-9);
        rates.push((count as f64 / seconds, (tally.sums().bytes - before) as f64 / 1e6 / seconds));
    }
    let seconds = began.elapsed().as_secs_f64();
    let mut turns = Turns::default();
    for front in &fronts {
        turns.add(front.turns().await?);
    }
    drop(progress);
    Ok(report(options, first_seed, &tally.sums(), seconds, &rates, turns))
}

/// One that reads the head and one that doesn't; HAProxy's tcp mode never does.
async fn fronts(options: &Options, backends: &[SocketAddr]) -> anyhow::Result<Vec<Front>> {
    let modes: &[&[&str]] = match options.against {
        Against::Lb => &[&["--mode", "http"], &["--mode", "tcp"]],
        Against::Haproxy => &[&[]],
    };
    let mut fronts = Vec::new();
    for flags in modes {
        fronts.push(Front::of(options.against, &options.lb, backends, flags).await?);
    }
    Ok(fronts)
}

/// The connections `ids` of one seed, `concurrency` at a time; all have ended when this returns.
async fn one_seed(
    seed: u64,
    ids: std::ops::Range<u64>,
    concurrency: u16,
    fronts: &[Front],
    tally: &Arc<Tally>,
    progress: &Rc<Progress>,
) {
    let addrs: Rc<[SocketAddr]> = fronts.iter().map(|front| front.addr).collect();
    let next = Rc::new(Cell::new(ids.start));
    let mut clients = JoinSet::new();
    for _ in 0..concurrency {
        let (addrs, next, tally) = (Rc::clone(&addrs), Rc::clone(&next), Arc::clone(tally));
        let progress = Rc::clone(progress);
        clients.spawn_local(async move {
            let mut buffers = Buffers::new();
            while next.get() < ids.end {
                let id = next.replace(next.get() + 1);
                let outcome = one_connection(seed, id, &addrs, &mut buffers, &tally).await;
                if let Err(complaint) = outcome {
                    tally.complain(format!("seed {seed}, connection {id}, client: {complaint}"));
                }
                progress.step();
            }
        });
    }
    while let Some(ended) = clients.join_next().await {
        ended.expect("a client neither panics nor is cancelled");
    }
}

async fn one_connection(
    seed: u64,
    id: u64,
    fronts: &[SocketAddr],
    buffers: &mut Buffers,
    tally: &Tally,
) -> Result<(), String> {
    let plan = Plan::new(seed, id);
    let front = fronts[(id % fronts.len() as u64) as usize];
    let stream = TcpStream::connect(front).await.map_err(|error| format!("it can't connect: {error}"))?;
    let _best_effort = stream.set_nodelay(true);
    side::run(&plan, End::Client, stream, (&plan.preface(), &[]), buffers, tally).await
}

fn report(options: &Options, first_seed: u64, sums: &Sums, seconds: f64, rates: &[(f64, f64)], turns: Turns) -> Report {
    let Sums { bytes, aborts, resets, answered_by_front, clean_ends, wrong, complaints } = sums;
    let last_seed = first_seed + options.seeds - 1;
    let mut lines = vec![
        format!("seeds: {first_seed} to {last_seed} (repeat: --seed {first_seed})"),
        format!(
            "{} connections in {seconds:.1} s, {} bytes received and checked by both ends ({:.0} MB/s)",
            thousands(options.connections),
            thousands(*bytes),
            *bytes as f64 / 1e6 / seconds
        ),
        format!(
            "{} reset by an end; {} ends saw a reset, {} clients were answered by the front",
            thousands(*aborts),
            thousands(*resets),
            thousands(*answered_by_front)
        ),
        format!(
            "wrong: {} ends of connections (wrong or foreign bytes, too few, too many, not done); {} resets became a clean end",
            thousands(*wrong),
            thousands(*clean_ends)
        ),
    ];
    lines.extend(complaints.iter().map(|complaint| format!("  {complaint}")));
    if options.against == Against::Lb {
        lines.push(turns.in_words());
    }
    let bound = |count: &u64, what: &str| (*count > 0).then(|| format!("{} {what}", thousands(*count)));
    let wrong_ends = bound(wrong, "ends of connections saw wrong bytes, too few, too many, or no end");
    let violations = wrong_ends.into_iter().chain(bound(clean_ends, "resets became a clean end")).collect();
    Report {
        title: format!(
            "traffic: {} connections through {}, {} seeds, {} at a time",
            thousands(options.connections),
            options.against.name(),
            options.seeds,
            options.concurrency
        ),
        lines,
        data: json!({
            "against": options.against.name(), "seed": first_seed, "seeds": options.seeds,
            "connections": options.connections, "seconds": seconds, "bytes": bytes, "aborts": aborts,
            "resets_seen": resets, "answered_by_front": answered_by_front, "clean_ends_of_resets": clean_ends,
            "wrong": wrong, "complaints": complaints, "turns": turns.to_json(),
        }),
        violations,
        charts: vec![chart(options, first_seed, sums, rates)],
    }
}

fn chart(options: &Options, first_seed: u64, sums: &Sums, rates: &[(f64, f64)]) -> Chart {
    let series = |name: &str, pick: fn(&(f64, f64)) -> f64| Series {
        name: name.to_owned(),
        values: rates.iter().map(pick).collect(),
    };
    Chart {
        stem: "traffic",
        title: format!(
            "traffic: {} of {} connections through {} saw a wrong byte or end",
            thousands(sums.wrong),
            thousands(options.connections),
            options.against.name()
        ),
        x_label: "seed".to_owned(),
        y_label: "connections/s and MB/s".to_owned(),
        kind: Kind::Bars {
            groups: (0..options.seeds).map(|round| (first_seed + round).to_string()).collect(),
            series: vec![series("connections/s", |rate| rate.0), series("MB/s, both directions", |rate| rate.1)],
            ideal: None,
        },
    }
}
