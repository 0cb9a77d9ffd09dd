//! Says what came out: a table a metric, with ratios to HAProxy's default path, and in words where a peer is ahead of ours.
//! The configurations are shown with the result, so that a reader can judge whether the race was fair.

use serde_json::{Map, Value, json};

use super::Options;
use super::goal;
use super::metric::{Metric, Results};
use super::workload::{CONCURRENCY, DOWNLOADS_AT_ONCE};
use crate::balancer::Turns;
use crate::peer::accounting::resolution;
use crate::peer::{Peer, pinned, syscalls};
use crate::report::chart::{Ideal, Kind, Series};
use crate::report::{Chart, Report};

/// What was compared, and under which conditions.
pub(super) struct Setting<'a> {
    pub(super) options: &'a Options,
    pub(super) peers: &'a [Peer],
    pub(super) missing: Vec<String>,
    pub(super) isolated: bool,
    /// Of lb's workers, over all rounds.
    pub(super) turns: Turns,
}

/// The whole result.
pub(super) fn report(setting: &Setting<'_>, results: &Results) -> Report {
    let options = setting.options;
    let mut lines = conditions(setting);
    lines.push(String::new());
    lines.extend(goal::lines(results));
    lines.push(format!("  {}", setting.turns.in_words()));
    for metric in Metric::ALL {
        lines.extend(table(metric, setting.peers, results));
    }
    lines.push(String::new());
    lines.extend(setting.peers.iter().flat_map(|&peer| configuration(peer)));
    let ours_failed = results.rounds(Metric::Failed, Peer::Lb).iter().sum::<f64>();
    let mut violations = goal::violations(results, options.rounds.into());
    if ours_failed > 0.0 {
        violations.push(format!("lb failed {ours_failed} requests in W1 to W3 and at the fixed rate"));
    }
    Report {
        title: format!(
            "peers: one worker each, {} rounds; W1 {} requests, W2 {}, W3 {} × {} MB, {} new connections/s for {} s, \
             {} idle connections",
            options.rounds,
            options.requests,
            options.kept_requests,
            options.downloads,
            options.download_mb,
            options.rate,
            options.rate_seconds,
            options.held_connections()
        ),
        lines,
        data: data(setting, results),
        violations,
        charts: chart(setting.peers, results).into_iter().collect(),
    }
}

fn conditions(setting: &Setting<'_>) -> Vec<String> {
    let network = if setting.isolated {
        "network: a namespace of its own, loopback"
    } else {
        "network: the machine's own loopback, NOT isolated: other traffic and firewall rules take part"
    };
    let load = format!(
        "load: {CONCURRENCY} connections at the same time in W1 and W2, {DOWNLOADS_AT_ONCE} in W3; random six-digit ids"
    );
    let mut lines =
        vec![network.to_owned(), load, format!("CPU of a proxy: {}; {}", resolution(), pinned::described())];
    lines.push(if syscalls::are_counted() {
        "system calls: counted by strace in a pass of their own".to_owned()
    } else {
        "system calls: not counted, strace is not on PATH".to_owned()
    });
    lines.extend(setting.peers.iter().map(|&peer| format!("{}: {}", peer.name(), version(setting, peer))));
    lines.extend(setting.missing.iter().cloned());
    if !setting.peers.contains(&Peer::HaproxyTcp) {
        lines.push("no ratios: haproxy-tcp, the yardstick, takes no part".to_owned());
    }
    lines
}

fn version(setting: &Setting<'_>, peer: Peer) -> String {
    let program = peer.program(&setting.options.lb);
    program.map_or_else(|| "no balancer: the first backend itself".to_owned(), |program| peer.version(&program))
}

fn table(metric: Metric, peers: &[Peer], results: &Results) -> Vec<String> {
    let row = |&peer: &Peer| {
        let spread = results.spread(metric, peer)?;
        let ratio = results.ratio(metric, peer).map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.2}"));
        let range = format!("{} … {}", figure(spread.min), figure(spread.max));
        Some(format!("  {:15} {:>10} {:>21} {:>7}", peer.name(), figure(spread.median), range, ratio))
    };
    let rows: Vec<String> = peers.iter().filter_map(row).collect();
    if rows.is_empty() {
        return Vec::new();
    }
    let better = if metric.more_is_better() { "more is better" } else { "less is better" };
    let mut lines = vec![String::new(), format!("{} ({better})", metric.title())];
    lines.push(format!("  {:15} {:>10} {:>21} {:>7}", "", "median", "spread", "ratio"));
    lines.extend(rows);
    lines.extend(ahead_in_words(metric, results));
    lines
}

fn ahead_in_words(metric: Metric, results: &Results) -> Option<String> {
    let ours = results.spread(metric, Peer::Lb)?.median;
    let ahead = results.ahead_of_lb(metric);
    let words: Vec<String> = ahead
        .iter()
        .map(|&(peer, median)| {
            let factor = if metric.more_is_better() { median / ours } else { ours / median };
            let factor = if factor.is_finite() { format!(", {factor:.2} times better") } else { String::new() };
            let noise = if results.overlap(metric, peer, Peer::Lb) { ", but the spreads overlap" } else { "" };
            format!("{} ({} against {}{factor}{noise})", peer.name(), figure(median), figure(ours))
        })
        .collect();
    (!words.is_empty()).then(|| format!("  AHEAD of lb: {}", words.join("; ")))
}

/// With as many digits as mean something.
fn figure(value: f64) -> String {
    match value.abs() {
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// The template, as it is in the repository.
fn configuration(peer: Peer) -> Vec<String> {
    let template = peer.template();
    if template.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![format!("--- configuration of {}", peer.name())];
    lines.extend(template.lines().map(str::to_owned));
    lines
}

fn data(setting: &Setting<'_>, results: &Results) -> Value {
    let of_peer = |metric: Metric, peer: Peer| {
        let spread = results.spread(metric, peer)?;
        Some(json!({
            "median": spread.median, "min": spread.min, "max": spread.max,
            "rounds": results.rounds(metric, peer), "ratio": results.ratio(metric, peer),
        }))
    };
    let mut metrics = Map::new();
    for metric in Metric::ALL {
        let peers = setting.peers.iter().filter_map(|&peer| Some((peer.name().to_owned(), of_peer(metric, peer)?)));
        let ahead: Vec<&str> = results.ahead_of_lb(metric).iter().map(|(peer, _)| peer.name()).collect();
        let values: Map<String, Value> = peers.collect();
        metrics
            .insert(metric.id().to_owned(), json!({ "title": metric.title(), "peers": values, "ahead_of_lb": ahead }));
    }
    let described = |&peer: &Peer| {
        (peer.name().to_owned(), json!({ "version": version(setting, peer), "configuration": peer.template() }))
    };
    let options = setting.options;
    json!({
        "isolated": setting.isolated,
        "missing": setting.missing,
        "cpu_resolution": resolution(),
        "yardstick": Peer::HaproxyTcp.name(),
        "rounds": options.rounds, "requests": options.requests, "kept_requests": options.kept_requests,
        "downloads": options.downloads, "download_mb": options.download_mb,
        "rate": options.rate, "rate_seconds": options.rate_seconds, "held": options.held_connections(),
        "peers": setting.peers.iter().map(described).collect::<Map<String, Value>>(),
        "metrics": metrics, "goals": goal::to_json(results), "turns": setting.turns.to_json(),
    })
}

/// CPU against the yardstick; none where nothing has a ratio.
fn chart(peers: &[Peer], results: &Results) -> Option<Chart> {
    let workloads = [
        (Metric::W1Cpu, "W1: a connection a request"),
        (Metric::W2Cpu, "W2: kept connections"),
        (Metric::W3Cpu, "W3: downloads"),
    ];
    let ratio_of = |&peer: &Peer| workloads.map(|(metric, _)| results.ratio(metric, peer));
    let measured = |at: usize| peers.iter().any(|peer| ratio_of(peer)[at].is_some());
    let shown: Vec<usize> = (0..workloads.len()).filter(|&at| measured(at)).collect();
    let series: Vec<Series> = peers
        .iter()
        .filter_map(|peer| {
            let values = shown.iter().map(|&at| ratio_of(peer)[at]).collect::<Option<Vec<f64>>>()?;
            (!values.is_empty()).then(|| Series { name: peer.name().to_owned(), values })
        })
        .collect();
    let ours = series.iter().find(|series| series.name == Peer::Lb.name());
    let figures = |series: &Series| {
        let each = shown.iter().zip(&series.values).map(|(&at, ratio)| format!("{ratio:.2} in W{}", at + 1));
        each.collect::<Vec<_>>().join(", ")
    };
    let title = match ours {
        Some(ours) => format!("lb's CPU against HAProxy's default path: {}", figures(ours)),
        None => "CPU against HAProxy's default path".to_owned(),
    };
    (!series.is_empty()).then(|| Chart {
        stem: "peers-cpu",
        title,
        x_label: "workload".to_owned(),
        y_label: "CPU of the proxy, times haproxy-tcp's (less is better)".to_owned(),
        kind: Kind::Bars {
            groups: shown.iter().map(|&at| workloads[at].1.to_owned()).collect(),
            series,
            ideal: Some(Ideal { label: "haproxy-tcp".to_owned(), value: 1.0, noise: 0.0 }),
        },
    })
}

#[cfg(test)]
mod tests;
