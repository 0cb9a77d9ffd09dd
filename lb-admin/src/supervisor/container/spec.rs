//! What exactly is created for an order: name, labels, environment, limits. Pure.
//!
//! Image, command and limits come from the configuration alone: the admin API gives a name, and a name only.

use std::collections::HashMap;

use lb_core::backend::BackendId;

use super::super::docker::Blueprint;
use super::super::launcher::Order;
use crate::config::DockerConfig;
use crate::membership::names::fill;

/// On everything that we make.
const MANAGED: &str = "lb.managed";
/// Whose it is: the random id that a state directory keeps.
pub(super) const INSTANCE: &str = "lb.instance";
/// The incarnation ([`BackendId`]).
const REPLICA: &str = "lb.replica";
/// The run of `lb serve` that has made it: where what was saved is lost, the next counts its incarnations from 1 again.
const RUN: &str = "lb.run";
/// `--pool`.
const POOL: &str = "lb.pool";
/// The seat's number.
const SEAT: &str = "lb.seat";
/// What users call it.
const NAME: &str = "lb.name";

/// Of a replica's output the engine keeps so much.
const LOG_BYTES_MAX: u64 = 1024 * 1024;

/// What a replica is: the same for all of them.
#[derive(Clone, Debug)]
pub(super) struct Spec {
    pub(super) config: DockerConfig,
    /// The pattern of `--server-id`, with `{name}` and `{n}`, the seat's number.
    pub(super) server_id: String,
    /// The random id of our state directory.
    pub(super) instance: String,
    /// This run of `lb serve`, by chance.
    pub(super) run: String,
}

impl Spec {
    /// The container for an order. `publish`: the port of 127.0.0.1 that shall lead to it.
    pub(super) fn blueprint(&self, order: &Order, publish: Option<u16>) -> Blueprint {
        let config = &self.config;
        let server_id = fill(&fill(&self.server_id, "n", &order.seat.to_string()), "name", &order.name);
        let filled = |arg: &String| fill(&fill(arg, "port", &config.port.to_string()), "name", &order.name);
        Blueprint {
            name: self.container_name(order),
            image: config.image.clone(),
            command: config.command.as_ref().map(|argv| argv.iter().map(filled).collect()),
            hostname: order.name.to_string(),
            env: vec![format!("SERVER_ID={server_id}"), format!("PORT={}", config.port)],
            labels: self.labels(order),
            network: config.network.clone(),
            alias: order.name.to_string(),
            publish: publish.map(|ours| (ours, config.port)),
            memory_bytes: config.memory_bytes.and_then(|bytes| bytes.try_into().ok()),
            nano_cpus: config.nano_cpus.and_then(|nanos| nanos.try_into().ok()),
            pids_max: config.pids_max.map(i64::from),
            read_only_root: !config.writable_root,
            log_bytes_max: LOG_BYTES_MAX,
        }
    }

    /// What the container is called. Docker refuses a name of one character, so that gets the pool in front.
    pub(super) fn container_name(&self, order: &Order) -> String {
        let Self { config, .. } = self;
        let name = fill(&config.container_name, "pool", &config.pool);
        let name = fill(&fill(&name, "n", &order.seat.to_string()), "name", &order.name);
        if name.len() == 1 { format!("{}-{name}", config.pool) } else { name }
    }

    /// By which everything of ours is found.
    pub(super) fn own_label(&self) -> String {
        format!("{INSTANCE}={}", self.instance)
    }

    /// On the network, where it is we who make it.
    pub(super) fn network_labels(&self) -> HashMap<String, String> {
        let labels = [(MANAGED, "true"), (INSTANCE, &self.instance), (POOL, &self.config.pool)];
        labels.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
    }

    fn labels(&self, order: &Order) -> HashMap<String, String> {
        let mut labels = self.network_labels();
        let of_replica = [
            (REPLICA, order.id.0.to_string()),
            (RUN, self.run.clone()),
            (SEAT, order.seat.to_string()),
            (NAME, order.name.to_string()),
        ];
        labels.extend(of_replica.map(|(key, value)| (key.to_owned(), value)));
        labels
    }
}

/// What a container is called from the moment on that its name is free for another.
pub(super) fn name_when_leaving(name: &str, id: BackendId) -> String {
    format!("{name}-leaving-{}", id.0)
}

/// The incarnation that a container's labels speak of.
pub(super) fn replica_of(labels: &HashMap<String, String>) -> Option<BackendId> {
    labels.get(REPLICA)?.parse().ok().map(BackendId)
}

/// Whether this run of `lb serve` has made it.
pub(super) fn is_of_run(labels: &HashMap<String, String>, run: &str) -> bool {
    labels.get(RUN).is_some_and(|of| of == run)
}

#[cfg(test)]
mod tests;
