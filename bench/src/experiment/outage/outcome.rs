//! What `outage` says at its end: failures by what was going on, the admin API, and the containers that there are.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::{Found, LOOK_EVERY, Moments, Options, REPLICA_DELAY, WHOLE_WITHIN};
use crate::balancer::Balancer;
use crate::engine::conntrack;
use crate::experiment::timeline::bucket_start_ms;
use crate::experiment::words::thousands;
use crate::report::chart::{Kind, Mark, Series};
use crate::report::{Chart, Report};

/// An admin API that is slower than this is in somebody's way.
const ADMIN_SLOWEST_MS: f64 = 1000.0;
/// What the stretches between the moments are called.
const PHASES: [&str; 4] = ["before", "engine away", "engine away and a replica killed", "engine back"];

/// Containers at the end against those that should be.
#[derive(Debug)]
pub(super) struct Containers {
    /// Replicas that have none.
    missing: BTreeSet<String>,
    /// Containers that belong to no replica.
    orphans: BTreeSet<String>,
    /// Seats in which two sit.
    doubled: BTreeSet<u32>,
}

impl Containers {
    /// As soon as they are what they should be; after a while, what they are.
    pub(super) async fn of(balancer: &Balancer, wanted: usize) -> anyhow::Result<Self> {
        let deadline = Instant::now() + WHOLE_WITHIN / 2;
        loop {
            let found = Self::now(balancer).await?;
            let listed = balancer.admin.replicas().await?.len();
            if (found.is_clean() && listed == wanted) || Instant::now() > deadline {
                return Ok(found);
            }
            sleep(LOOK_EVERY).await;
        }
    }

    async fn now(balancer: &Balancer) -> anyhow::Result<Self> {
        let pool = balancer.pool().context("the replicas are containers")?;
        let backends = balancer.admin.backends().await?.context("GET /v1/backends: no backends")?;
        let owned = backends.iter().map(|backend| pool.container(&backend.name)).collect();
        let mut found = pool.containers()?;
        found.remove(&pool.container("balancer"));
        let mut seats = BTreeSet::new();
        let doubled = backends.iter().filter(|backend| backend.is_member()).map(|backend| backend.seat);
        Ok(Self::compared(owned, found, doubled.filter(|&seat| !seats.insert(seat)).collect()))
    }

    fn compared(owned: BTreeSet<String>, found: BTreeSet<String>, doubled: BTreeSet<u32>) -> Self {
        Self { missing: &owned - &found, orphans: &found - &owned, doubled }
    }

    fn is_clean(&self) -> bool {
        self.missing.is_empty() && self.orphans.is_empty() && self.doubled.is_empty()
    }
}

/// The seat of every replica there is.
pub(super) async fn seats(balancer: &Balancer) -> anyhow::Result<BTreeMap<String, u32>> {
    let backends = balancer.admin.backends().await?.context("GET /v1/backends: no backends")?;
    Ok(backends.into_iter().map(|backend| (backend.name, backend.seat)).collect())
}

/// Text, data, verdict, chart.
pub(super) fn report(options: &Options, found: &Found) -> Report {
    let by_phase = failed_by_phase(&found.moments, found.log.failures.iter().map(|failure| failure.at_ms));
    let Moments { stops_ms, away_ms, killed_ms, back_ms, whole_ms } = found.moments;
    let phases: Vec<String> =
        PHASES.iter().zip(by_phase).map(|(phase, failed)| format!("{phase} {}", thousands(failed))).collect();
    let whole = whole_ms.map(|whole_ms| whole_ms - back_ms);
    let lines = vec![
        format!("load: {}", found.log.tally),
        format!("failed GETs: {}", phases.join(", ")),
        format!("engine: stopped within {:.0} ms, away for {:.1} s", away_ms - stops_ms, (back_ms - away_ms) / 1000.0),
        format!("{} was killed {:.1} s after it had gone", found.victim, (killed_ms - away_ms) / 1000.0),
        match whole {
            Some(after_ms) => format!("engine answers again → {} serve: {after_ms:.0} ms", options.replicas),
            None => format!("{} did not serve again within {WHOLE_WITHIN:?}", options.replicas),
        },
        format!(
            "admin API meanwhile: {} asked, {} unanswered, slowest {:.1} ms, fewest ready replicas {}",
            found.admin.asked,
            found.admin.unanswered,
            found.admin.slowest_ms,
            found.admin.ready_min.map_or_else(|| "unknown".to_owned(), |least| least.to_string())
        ),
        found.containers.in_words(),
        conntrack::in_words(),
    ];
    Report {
        title: format!(
            "outage: the engine away for {} s under {} clients, {} replicas, {REPLICA_DELAY} an answer, balancer {}",
            options.seconds,
            options.concurrency,
            options.replicas,
            if options.inside { "in a container" } else { "on the host" }
        ),
        lines,
        data: json!({
            "load": found.log.tally.to_json(), "inside": options.inside, "away_s": (back_ms - away_ms) / 1000.0,
            "failed": PHASES.iter().zip(by_phase).collect::<BTreeMap<_, _>>(), "whole_after_ms": whole,
            "admin": { "asked": found.admin.asked, "unanswered": found.admin.unanswered,
                "slowest_ms": found.admin.slowest_ms, "ready_min": found.admin.ready_min },
            "containers": { "missing": found.containers.missing, "orphans": found.containers.orphans,
                "doubled_seats": found.containers.doubled },
        }),
        violations: violations(options, found),
        charts: vec![chart(found)],
    }
}

impl Containers {
    fn in_words(&self) -> String {
        let Self { missing, orphans, doubled } = self;
        format!("containers at the end: missing {missing:?}, orphans {orphans:?}, seats with two {doubled:?}")
    }
}

/// A failure belongs to where it ended.
fn failed_by_phase(moments: &Moments, failures_ms: impl Iterator<Item = f64>) -> [u64; 4] {
    let mut failed = [0; 4];
    for at_ms in failures_ms {
        let begun = [moments.stops_ms, moments.killed_ms, moments.back_ms];
        failed[begun.iter().filter(|&&begun_ms| at_ms >= begun_ms).count()] += 1;
    }
    failed
}

fn violations(options: &Options, found: &Found) -> Vec<String> {
    let mut violations = Vec::new();
    let failed = found.log.tally.failed();
    if failed > 0 {
        violations.push(format!("{} GETs failed", thousands(failed)));
    }
    if found.moments.whole_ms.is_none() {
        violations.push(format!("{} replicas did not serve again within {WHOLE_WITHIN:?}", options.replicas));
    }
    if found.admin.unanswered > 0 || found.admin.slowest_ms > ADMIN_SLOWEST_MS {
        violations.push(format!(
            "the admin API left {} unanswered and took up to {:.0} ms while the engine was away",
            found.admin.unanswered, found.admin.slowest_ms
        ));
    }
    if !found.containers.is_clean() {
        violations.push(found.containers.in_words());
    }
    violations
}

fn chart(found: &Found) -> Chart {
    let Found { log, moments, seats, .. } = found;
    let from_ms = bucket_start_ms(moments.stops_ms - 1000.0);
    let to_ms = moments.whole_ms.unwrap_or(moments.back_ms) + 1000.0;
    let rates = log.timeline.rates(from_ms, to_ms, |replica| seats.get(log.name(replica)?).copied());
    let mut series: Vec<Series> = rates
        .answered
        .into_iter()
        .map(|(seat, values)| Series { name: format!("answered by the replica in seat {seat}"), values })
        .collect();
    series.push(Series { name: "failed".to_owned(), values: rates.failed });
    let marks = [
        (Some(moments.stops_ms), "the engine stops"),
        (Some(moments.killed_ms), "a replica is killed"),
        (Some(moments.back_ms), "the engine is back"),
        (moments.whole_ms, "N serve again"),
    ];
    let mark = |(at_ms, label): (Option<f64>, &'static str)| Some(Mark { x: (at_ms? - from_ms) / 1000.0, label });
    Chart {
        stem: "outage",
        title: format!(
            "{} of {} requests failed while the engine was away for {:.0} s and a replica was killed",
            thousands(log.tally.failed()),
            thousands(log.tally.failed() + log.tally.answered),
            (moments.back_ms - moments.away_ms) / 1000.0
        ),
        x_label: "time (s)".to_owned(),
        y_label: "requests/s".to_owned(),
        kind: Kind::Stack { x: rates.x_s, series, marks: marks.into_iter().filter_map(mark).collect() },
    }
}

#[cfg(test)]
mod tests;
