//! What one run has on an engine: a pool of replicas and a network, both with a name that nobody else has, and gone with it.
//!
//! Replicas are made and removed by the balancer; what is left of them when it has ended, however it ended, is removed here.
//! Its containers are those with its label or its name, for one that somebody renamed is still the run's.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Context;

use super::Engine;

/// How containers are named for `lb serve --container-name`.
pub(crate) const CONTAINER_NAMES: &str = "{pool}-{name}";
/// A container that is being removed still holds the network for a moment.
const NETWORK_GONE_WITHIN: u32 = 20;
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Names on an engine; what has them is removed when this is dropped.
#[derive(Debug)]
pub(crate) struct Pool {
    /// Where.
    pub(crate) engine: Engine,
    /// Of the pool and of its network.
    pub(crate) name: String,
}

impl Pool {
    /// Makes the network of a pool with a name of its own.
    pub(crate) async fn create(engine: Engine) -> anyhow::Result<Self> {
        let name = format!("lb-bench-{}-{:08x}", std::process::id(), fastrand::u32(..));
        // Held before the network is made: an interrupted call may have made it.
        let pool = Self { engine, name };
        pool.engine.run(&["network", "create", &pool.name]).await.context("the replicas' network can't be made")?;
        Ok(pool)
    }

    /// The flags by which `lb serve` starts containers of `image` in it.
    pub(crate) fn flags<'a>(&'a self, image: &'a str) -> [&'a str; 8] {
        let Self { name, .. } = self;
        ["--image", image, "--network", name, "--pool", name, "--container-name", CONTAINER_NAMES]
    }

    /// The container of a replica.
    pub(crate) fn container(&self, replica: &str) -> String {
        CONTAINER_NAMES.replace("{pool}", &self.name).replace("{name}", replica)
    }

    /// The names of all its containers, also those that have ended.
    pub(crate) fn containers(&self) -> anyhow::Result<BTreeSet<String>> {
        let mut found = BTreeSet::new();
        for filter in [format!("label=lb.pool={}", self.name), format!("name=^/?{}-", self.name)] {
            let listed = self.engine.run_now(&["ps", "--all", "--filter", &filter, "--format", "{{.Names}}"])?;
            found.extend(listed.lines().map(str::to_owned));
        }
        Ok(found)
    }

    /// Id and replica's name of every container with the mark of one balancer's state, also of those that have ended.
    pub(crate) async fn marked(&self, instance: &str) -> anyhow::Result<Vec<(String, String)>> {
        let (filter, format) = (format!("label=lb.instance={instance}"), r#"{{.ID}} {{.Label "lb.name"}}"#);
        let listed = self.engine.run(&["ps", "--all", "--no-trunc", "--filter", &filter, "--format", format]).await?;
        Ok(listed.lines().filter_map(id_and_name).collect())
    }
}

fn id_and_name(line: &str) -> Option<(String, String)> {
    let (id, name) = line.split_once(' ')?;
    Some((id.to_owned(), name.to_owned()))
}

impl Drop for Pool {
    fn drop(&mut self) {
        let left = self.containers().unwrap_or_default();
        if !left.is_empty() {
            let arguments: Vec<&str> = ["rm", "--force"].into_iter().chain(left.iter().map(String::as_str)).collect();
            // One that is being removed already is no failure; what isn't gone at the end is said below.
            let _removed = self.engine.run_now(&arguments);
        }
        for _ in 0..NETWORK_GONE_WITHIN {
            let removed = self.engine.run_now(&["network", "rm", &self.name]);
            if removed.is_ok() || removed.is_err_and(|error| error.to_string().contains("No such network")) {
                return;
            }
            std::thread::sleep(LOOK_AGAIN);
        }
        eprintln!("lb-bench: the network {} can't be removed; see docker ps --all, docker network rm", self.name);
    }
}

#[cfg(test)]
mod tests;
