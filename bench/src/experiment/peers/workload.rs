//! The workloads, each a measurement of one running peer. What they need of the proxy's process is read before and after;
//! the generator and the backends are processes of their own and don't count.

use std::time::Duration;

use anyhow::{Context, ensure};

use super::Options;
use super::metric::{Metric, Results};
use crate::load::{Arrivals, Connections, Gauge, IdOrder, Plan, Tally, run as run_load};
use crate::peer::accounting::{cpu_time, resident_bytes};
use crate::peer::syscalls::Counting;
use crate::peer::{Peer, RunningPeer, Servers};

/// Connections in W1 and W2.
pub(super) const CONCURRENCY: usize = 64;
/// Downloads at the same time in W3.
pub(super) const DOWNLOADS_AT_ONCE: usize = 2;
/// Connections that may wait for their answer at a fixed rate.
const IN_FLIGHT_MAX: usize = 1_000;
/// Requests before the first measurement, so that no peer is measured while it grows.
const WARM_UP: u64 = 500;
/// Before each answer in the kill workload, so that the victim has requests in flight.
pub(super) const KILL_DELAY_MS: u64 = 20;
/// Requests in flight on all three backends of the kill workload; its title says so.
const KILL_CONCURRENCY: usize = 150;
/// How long the kill workload runs; the kill comes in the middle.
const KILL_TIME: Duration = Duration::from_secs(2);

/// W1, W2, W3 and the fixed rate on one peer.
pub(super) async fn requests(
    options: &Options,
    peer: Peer,
    running: &RunningPeer,
    results: &mut Results,
) -> anyhow::Result<()> {
    run_load(&small(running, Connections::OnePerRequest, WARM_UP), &Gauge::default()).await;
    let w1 = small(running, Connections::OnePerRequest, options.requests);
    let w2 = small(running, Connections::KeepAlive, options.kept_requests);
    let mut failed = 0;
    for (plan, cpu, rate) in [(&w1, Metric::W1Cpu, Metric::W1Rate), (&w2, Metric::W2Cpu, Metric::W2Rate)] {
        let (tally, cpu_s) = measured(plan, running).await;
        ensure!(tally.answered > 0, "{}: nothing was answered: {tally}", peer.name());
        results.add(rate, peer, tally.rate());
        if let Some(cpu_s) = cpu_s {
            results.add(cpu, peer, cpu_s * 1e6 / tally.answered as f64);
        }
        failed += tally.failed();
    }
    if options.downloads > 0 {
        let (tally, cpu_s) = measured(&downloads(options, running), running).await;
        let gigabytes = (tally.answered * options.download_mb) as f64 / 1000.0;
        ensure!(gigabytes > 0.0, "{}: no download was complete: {tally}", peer.name());
        results.add(Metric::W3Rate, peer, gigabytes * 1000.0 / tally.elapsed.as_secs_f64());
        if let Some(cpu_s) = cpu_s {
            results.add(Metric::W3Cpu, peer, cpu_s * 1000.0 / gigabytes);
        }
        failed += tally.failed();
    }
    let plan = Plan {
        arrivals: Arrivals::PerSecond(f64::from(options.rate)),
        concurrency: IN_FLIGHT_MAX,
        ..small(running, Connections::OnePerRequest, u64::from(options.rate) * options.rate_seconds)
    };
    let tally = run_load(&plan, &Gauge::default()).await;
    for (metric, percent) in [(Metric::LatencyP50, 50.0), (Metric::LatencyP99, 99.0), (Metric::LatencyP999, 99.9)] {
        results.add(metric, peer, tally.latency_ms(percent) * 1000.0);
    }
    results.add(Metric::Failed, peer, (failed + tally.failed()) as f64);
    Ok(())
}

/// Small requests with random ids.
fn small(running: &RunningPeer, connections: Connections, requests: u64) -> Plan {
    Plan {
        order: IdOrder::SixDigits,
        concurrency: CONCURRENCY,
        connections,
        ..Plan::each_once(running.front, requests)
    }
}

fn downloads(options: &Options, running: &RunningPeer) -> Plan {
    Plan {
        path: format!("/bytes/{}", options.download_mb * 1_000_000).into(),
        concurrency: DOWNLOADS_AT_ONCE,
        request_timeout: Duration::from_secs(120),
        ..small(running, Connections::OnePerRequest, options.downloads)
    }
}

/// The run and the proxy's CPU time in it, in seconds; none where there is no proxy.
async fn measured(plan: &Plan, running: &RunningPeer) -> (Tally, Option<f64>) {
    let cpu = || running.process.as_ref().map(|process| cpu_time(process.pid()));
    let before = cpu();
    let tally = run_load(plan, &Gauge::default()).await;
    let spent = cpu().zip(before).map(|(after, before)| after.saturating_sub(before).as_secs_f64());
    (tally, spent)
}

/// System calls a request, in a pass of its own: strace slows the peer down.
pub(super) async fn syscalls(
    options: &Options,
    peer: Peer,
    running: &RunningPeer,
    results: &mut Results,
) -> anyhow::Result<()> {
    let Some(process) = &running.process else { return Ok(()) };
    for (connections, metric) in
        [(Connections::OnePerRequest, Metric::W1Syscalls), (Connections::KeepAlive, Metric::W2Syscalls)]
    {
        let plan = small(running, connections, options.traced_requests);
        let Some(counting) = Counting::attach(process.pid()).await? else { return Ok(()) };
        let tally = run_load(&plan, &Gauge::default()).await;
        let calls = counting.finish()?;
        results.add(metric, peer, calls as f64 / tally.answered.max(1) as f64);
    }
    Ok(())
}

/// Memory of a fresh peer for each connection that is held open, after one request on each.
pub(super) async fn idle_memory(
    options: &Options,
    peer: Peer,
    running: &RunningPeer,
    results: &mut Results,
) -> anyhow::Result<()> {
    let Some(process) = &running.process else { return Ok(()) };
    run_load(&small(running, Connections::KeepAlive, WARM_UP), &Gauge::default()).await;
    let before = resident_bytes(process.pid());
    let plan = small(running, Connections::KeepAlive, 1);
    let mut held = Vec::new();
    for id in 0..options.held_connections() {
        let mut client = crate::load::Client::of(&plan);
        let answer = client.ask(id).await.map(drop);
        answer.map_err(|kind| anyhow::anyhow!("{}: connection {id} of the idle ones: {kind}", peer.name()))?;
        held.push(client);
    }
    let grown = resident_bytes(process.pid()).saturating_sub(before);
    results.add(Metric::Memory, peer, grown as f64 / held.len().max(1) as f64);
    Ok(())
}

/// One of three backend processes is killed under load; the client never retries.
pub(super) async fn kill_a_backend(options: &Options, peer: Peer, results: &mut Results) -> anyhow::Result<()> {
    let start = |name: &&str| Servers::start(&[name], KILL_DELAY_MS);
    let servers = ["B1", "B2", "B3"].iter().map(start).collect::<anyhow::Result<Vec<_>>>()?;
    let addrs: Vec<_> = servers.iter().map(|server| server.addrs[0]).collect();
    let running = RunningPeer::start(peer, &options.lb, &addrs).await?;
    let plan = Plan {
        concurrency: KILL_CONCURRENCY,
        time_max: KILL_TIME,
        requests_max: u64::MAX,
        ..small(&running, Connections::OnePerRequest, 1)
    };
    let gauge = Gauge::default();
    let kill = async {
        tokio::time::sleep(KILL_TIME / 2).await;
        servers.last().context("three backends").map(|victim| victim.process().kill())
    };
    let (tally, killed) = tokio::join!(run_load(&plan, &gauge), kill);
    killed?;
    results.add(Metric::KillFailed, peer, tally.failed() as f64);
    Ok(())
}
