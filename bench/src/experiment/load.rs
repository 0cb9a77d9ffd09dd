//! `lb-bench load`: one run of the load generator against any front, with everything that it can do.
//!
//! No balancer is started and nothing is claimed, but for this: every request is answered completely with a 200.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::ensure;
use serde_json::json;

use crate::load::{Arrivals, Connections, Gauge, IdOrder, Plan, ZIPF_IDS_MAX, run as run_load};
use crate::report::{Report, progress::Progress};

/// `lb-bench load`
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Where requests go
    #[arg(long, value_name = "ADDR")]
    target: SocketAddr,
    /// Requests at the most
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..))]
    requests: u64,
    /// No request is begun after this many seconds
    #[arg(long, value_name = "S", default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// Requests in flight at the same time, at the most
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..))]
    concurrency: u16,
    /// Open loop: requests a second, answered or not; latencies count from when each was due. Without it each client
    /// sends its next request when the last one is answered
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    rate: Option<u32>,
    /// Clients keep their connections; without it each request has its own
    #[arg(long)]
    keep_alive: bool,
    /// In which order ids are asked for
    #[arg(long, value_name = "ORDER", value_enum, default_value_t = Ids::Sequential)]
    ids: Ids,
    /// Ids are 1 to N (not `random`) [default: as many as requests]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    ids_max: Option<u64>,
    /// How steep `zipf` is: the n-th id in proportion to 1 / n^X
    #[arg(long, value_name = "X", default_value_t = 1.0)]
    zipf_exponent: f64,
    /// Equal seeds give equal ids
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// What is asked for; request_id=ID is added
    #[arg(long, value_name = "PATH", default_value = "/request", value_parser = path)]
    path: String,
    /// POST this
    #[arg(long, value_name = "TEXT")]
    body: Option<String>,
    /// POST this many bytes
    #[arg(long, value_name = "N", conflicts_with = "body", value_parser = clap::value_parser!(u32).range(..=64 << 20))]
    body_bytes: Option<u32>,
    /// For one request, from the connect to the last byte, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 30_000, value_parser = clap::value_parser!(u64).range(1..))]
    timeout: u64,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Ids {
    /// 1, 2, 3, … and from the start again
    Sequential,
    /// Six digits, each number as likely
    Random,
    /// Few are hot, most are rare
    Zipf,
}

fn path(text: &str) -> Result<String, &'static str> {
    let fits = text.starts_with('/') && text.bytes().all(|byte| byte.is_ascii_graphic());
    if fits { Ok(text.to_owned()) } else { Err("a path begins with / and has no spaces") }
}

/// Runs it once.
pub(crate) async fn run(options: &Options) -> anyhow::Result<Report> {
    let plan = plan(options)?;
    let gauge = Gauge::default();
    let progress = Progress::follow("sending requests", &gauge, plan.requests_max);
    let tally = run_load(&plan, &gauge).await;
    drop(progress);
    let mut lines = vec![tally.to_string()];
    lines.extend(tally.per_replica().iter().map(|(name, count)| {
        let name = if name.is_empty() { "(no name in the answer)" } else { name };
        format!("{name}: {count} ({:.2} %)", 100.0 * *count as f64 / tally.answered.max(1) as f64)
    }));
    let violations = match tally.failed() {
        0 => Vec::new(),
        failed => vec![format!("{failed} requests failed")],
    };
    let arrivals = options.rate.map_or_else(|| "closed loop".to_owned(), |rate| format!("{rate} requests/s"));
    let connections = if options.keep_alive { "kept alive" } else { "one a request" };
    Ok(Report {
        title: format!(
            "load: {}, {arrivals}, connections {connections}, concurrency {}, {:?} ids, seed {}",
            options.target, options.concurrency, options.ids, options.seed
        ),
        lines,
        data: json!({ "target": options.target, "rate": options.rate, "seed": options.seed, "run": tally.to_json() }),
        violations,
        ..Report::default()
    })
}

fn plan(options: &Options) -> anyhow::Result<Plan> {
    let ids_max = options.ids_max.unwrap_or(options.requests);
    let order = match options.ids {
        Ids::Sequential => IdOrder::Sequential,
        Ids::Random => IdOrder::SixDigits,
        Ids::Zipf => {
            let exponent = options.zipf_exponent;
            ensure!(
                exponent.is_finite() && exponent >= 0.0,
                "--zipf-exponent {exponent}: a number from 0 on is wanted"
            );
            ensure!(ids_max <= ZIPF_IDS_MAX, "zipf knows at most {ZIPF_IDS_MAX} ids: give fewer with --ids-max");
            IdOrder::Zipf { exponent }
        }
    };
    let bytes = options.body_bytes.map(|length| vec![b'x'; length as usize]);
    let body = options.body.as_ref().map(|text| text.clone().into_bytes()).or(bytes);
    Ok(Plan {
        front: options.target,
        ids: 1..=ids_max,
        order,
        seed: options.seed,
        requests_max: options.requests,
        arrivals: options.rate.map_or(Arrivals::AfterAnswer, |rate| Arrivals::PerSecond(f64::from(rate))),
        concurrency: options.concurrency.into(),
        connections: if options.keep_alive { Connections::KeepAlive } else { Connections::OnePerRequest },
        path: options.path.clone().into(),
        body: body.map(Into::into),
        request_timeout: Duration::from_millis(options.timeout),
        time_max: Duration::from_secs(options.seconds),
    })
}
