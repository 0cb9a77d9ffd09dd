//! How much can the load generator ask for, so that it isn't what is measured?
//!
//! A trivial server in a process of its own answers; beside it wrk asks the same server in the same way, where it is on
//! PATH. Both use one thread. A balancer that comes near these rates can't be told from the generator by its rate.

use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::{Value, json};

use crate::load::{Connections, Gauge, IdOrder, Plan, run as run_load};
use crate::peer::Servers;
use crate::peer::accounting::{cpu_time, resolution};
use crate::peer::process::{Process, TempDir, on_path};
use crate::report::Report;

/// `lb-bench ceiling`
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Seconds a run
    #[arg(long, value_name = "S", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Connections at the same time
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=9000))]
    concurrency: u16,
}

struct Ceiling {
    rate: f64,
    /// User and system time of whoever asks, a request.
    cpu_us: f64,
    failed: u64,
}

/// Runs both kinds of connection with both generators, one after the other.
pub(crate) async fn run(options: &Options) -> anyhow::Result<Report> {
    let server = Servers::start(&["B1"], 0)?;
    let front = server.addrs[0];
    let wrk = on_path("wrk");
    let mut report = Report {
        title: format!(
            "ceiling: the generator against a trivial server, one thread, {} connections, {} s a run; CPU: {}",
            options.concurrency,
            options.seconds,
            resolution()
        ),
        ..Report::default()
    };
    let mut runs = Vec::new();
    for (what, connections) in
        [("kept connections", Connections::KeepAlive), ("one connection a request", Connections::OnePerRequest)]
    {
        let own = own_ceiling(options, front, connections).await;
        if own.failed > 0 {
            report.violations.push(format!("lb-bench, {what}: {} requests failed", own.failed));
        }
        report.lines.push(own.in_words("lb-bench", what));
        let mut run = json!({ "connections": what, "lb-bench": own.to_json() });
        if let Some(wrk) = &wrk {
            let theirs = wrk_ceiling(wrk, options, front, connections).await?;
            report.lines.push(theirs.in_words("wrk", what));
            report.lines.push(format!("  lb-bench reaches {:.2} times wrk's rate", own.rate / theirs.rate));
            run["wrk"] = theirs.to_json();
        }
        runs.push(run);
    }
    if wrk.is_none() {
        report.lines.push("wrk is not on PATH: nothing to compare with".to_owned());
    }
    report.data = json!({ "seconds": options.seconds, "concurrency": options.concurrency, "runs": runs });
    Ok(report)
}

impl Ceiling {
    fn in_words(&self, who: &str, what: &str) -> String {
        format!(
            "{who:9} {what:25} {:8.0} requests/s, {:5.1} µs of its CPU each, {} failed",
            self.rate, self.cpu_us, self.failed
        )
    }

    fn to_json(&self) -> Value {
        json!({ "requests_per_s": self.rate, "cpu_us_per_request": self.cpu_us, "failed": self.failed })
    }
}

async fn own_ceiling(options: &Options, front: SocketAddr, connections: Connections) -> Ceiling {
    let plan = Plan {
        order: IdOrder::SixDigits,
        requests_max: u64::MAX,
        concurrency: options.concurrency.into(),
        connections,
        time_max: Duration::from_secs(options.seconds),
        ..Plan::each_once(front, 1)
    };
    // Not cpu_time: the server is a child of this process.
    let own = || crate::peer::accounting::cpu_time_alone(rustix::process::getpid());
    let before = own();
    let tally = run_load(&plan, &Gauge::default()).await;
    let cpu_us = (own() - before).as_secs_f64() * 1e6 / tally.answered.max(1) as f64;
    Ceiling { rate: tally.rate(), cpu_us, failed: tally.failed() }
}

async fn wrk_ceiling(
    wrk: &std::path::Path,
    options: &Options,
    front: SocketAddr,
    connections: Connections,
) -> anyhow::Result<Ceiling> {
    let mut command = Command::new(wrk);
    command.args(["-t1", "-c", &options.concurrency.to_string(), "-d", &format!("{}s", options.seconds)]);
    if connections == Connections::OnePerRequest {
        command.args(["-H", "Connection: close"]);
    }
    command.arg(format!("http://{front}/request?request_id=123456"));
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut process = Process::start(&mut command, TempDir::new()?)?;
    // Its CPU time is gone with it, so it is read while wrk runs, as late as is known to be safe.
    let deadline = Instant::now() + Duration::from_secs(options.seconds + 10);
    let mut cpu = Duration::ZERO;
    while !process.has_ended() && Instant::now() < deadline {
        cpu = cpu.max(cpu_time(process.pid()));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut text = String::new();
    let mut stdout = process.child().stdout.take().expect("stdout is piped");
    std::io::Read::read_to_string(&mut stdout, &mut text).context("wrk's output")?;
    let (requests, rate, failed) = wrk_result(&text).with_context(|| format!("wrk said: {text}"))?;
    Ok(Ceiling { rate, cpu_us: cpu.as_secs_f64() * 1e6 / requests.max(1) as f64, failed })
}

/// Requests, requests a second, failures.
fn wrk_result(text: &str) -> Option<(u64, f64, u64)> {
    let requests = text.lines().find(|line| line.contains(" requests in "))?.split_whitespace().next()?.parse().ok()?;
    let rate = text.lines().find_map(|line| line.strip_prefix("Requests/sec:"))?.trim().parse().ok()?;
    let errors = text.lines().find_map(|line| line.trim().strip_prefix("Socket errors:")).unwrap_or("");
    let numbers = errors.split([' ', ',']).filter_map(|word| word.parse::<u64>().ok());
    let refused = text.lines().find_map(|line| line.trim().strip_prefix("Non-2xx or 3xx responses:"));
    let refused: u64 = refused.map_or(Some(0), |count| count.trim().parse().ok())?;
    Some((requests, rate, numbers.sum::<u64>() + refused))
}

#[cfg(test)]
mod tests;
