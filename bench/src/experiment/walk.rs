//! A walk: a pass at each N from the first to the last, with `/add` on the running system between them.
//!
//! A-2 is one walk, A-4 one for each hash. [`Moved`] says what changed its replica on a step: an id that went to a
//! replica that was there before, although its own still lives, moved without need.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::pass::{self, PassOptions};
use super::{statistics, words};
use crate::balancer::Balancer;
use crate::load::{Plan, Tally};

/// One N.
#[derive(Debug)]
pub(crate) struct Step {
    /// As `/rep` lists them.
    pub(crate) replicas: Vec<String>,
    /// How long `/add` took.
    pub(crate) change: Duration,
    /// The pass.
    pub(crate) tally: Tally,
    /// Against the step before; `None` for the first.
    pub(crate) moved: Option<Moved>,
}

/// Ids that changed their replica.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Moved {
    /// All of them.
    pub(crate) ids: u64,
    /// As many as the new replicas' fair share is.
    pub(crate) ideal: f64,
    /// Those that went from one replica that stayed to another.
    pub(crate) unnecessary: u64,
}

/// Walks over `sizes`; `what` begins each line of progress.
pub(crate) async fn run(
    what: &str,
    balancer: &Balancer,
    options: PassOptions,
    sizes: RangeInclusive<u32>,
) -> anyhow::Result<Vec<Step>> {
    let mut steps: Vec<Step> = Vec::new();
    for size in sizes {
        let asked = Instant::now();
        let replicas = balancer.scale_to(size).await?;
        let change = asked.elapsed();
        let plan =
            Plan { concurrency: usize::from(options.concurrency), ..Plan::each_once(balancer.front, options.requests) };
        let tally = pass::run(&format!("{what}, N = {size}"), &plan).await;
        let mut step = Step { replicas, change, tally, moved: None };
        step.moved = steps.last().map(|before| step.moved_since(before, options.requests));
        steps.push(step);
    }
    Ok(steps)
}

impl Step {
    /// Answers of each replica, in the order of `/rep`; of one that `/rep` doesn't list at the end.
    pub(crate) fn counts(&self) -> Vec<u64> {
        let by_name = self.tally.per_replica();
        let listed = self.replicas.iter().map(|name| by_name.get(name.as_str()).copied().unwrap_or(0));
        let strangers = by_name.iter().filter(|(name, _)| !self.replicas.iter().any(|listed| listed == *name));
        let strangers: Vec<u64> = strangers.map(|(_, &count)| count).collect();
        if strangers.len() >= self.replicas.len() {
            // Replicas that call themselves otherwise than `/rep` does, as in some implementations.
            return strangers;
        }
        listed.chain(strangers).collect()
    }

    fn moved_since(&self, before: &Self, requests: u64) -> Moved {
        let (were_there, still_live) = (before.names(), self.names());
        let mut moved = Moved::default();
        for id in 1..=requests {
            let (Some(from), Some(to)) = (before.tally.replica_of(id), self.tally.replica_of(id)) else { continue };
            moved.ids += u64::from(from != to);
            moved.unnecessary += u64::from(from != to && still_live.contains(from) && were_there.contains(to));
        }
        let (old, new) = (before.replicas.len() as f64, self.replicas.len() as f64);
        moved.ideal = requests as f64 * (new - old).max(0.0) / new;
        moved
    }

    /// Who is there: listed, or answering.
    fn names(&self) -> BTreeSet<&str> {
        self.replicas.iter().map(String::as_str).chain(self.tally.per_replica().into_keys()).collect()
    }

    /// For `--json`.
    pub(crate) fn to_json(&self) -> Value {
        let counts = self.counts();
        json!({
            "replicas": self.replicas, "add_ms": self.change.as_secs_f64() * 1000.0, "load": self.tally.to_json(),
            "mean": statistics::mean(&counts), "max_over_mean": statistics::max_over_mean(&counts),
            "standard_deviation": statistics::standard_deviation(&counts),
            "moved": self.moved.map(|moved| moved.to_json()),
        })
    }
}

impl Moved {
    /// `2,497 ids moved (ideal 2,500), 0 of them without need`
    pub(crate) fn in_words(&self) -> String {
        let (ids, ideal) = (words::thousands(self.ids), words::thousands(self.ideal.round() as u64));
        format!("{ids} ids moved (ideal {ideal}), {} of them without need", words::thousands(self.unnecessary))
    }

    /// For `--json`.
    pub(crate) fn to_json(self) -> Value {
        json!({ "ids": self.ids, "ideal": self.ideal, "unnecessary": self.unnecessary })
    }
}

/// What a walk claims: every request is answered, and (where `only_what_must`) nothing moves without need.
pub(crate) fn violations(what: &str, steps: &[Step], requests: u64, only_what_must: bool) -> Vec<String> {
    let mut violations = Vec::new();
    for step in steps {
        let place = format!("{what}, N = {}", step.replicas.len());
        if step.tally.answered != requests {
            violations.push(format!("{place}: {} of {requests} answered", step.tally.answered));
        }
        let unnecessary = step.moved.map_or(0, |moved| moved.unnecessary);
        if only_what_must && unnecessary > 0 {
            violations.push(format!("{place}: {unnecessary} ids moved without need"));
        }
    }
    violations
}

#[cfg(test)]
mod tests;
