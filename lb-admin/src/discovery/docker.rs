//! Running containers with the label `lb.enable=true` as backends. Pure: plain facts in, backends and reasons out.
//!
//! `lb.port` says where it serves (needed unless it exposes exactly one TCP port), `lb.weight`, `lb.check` and `lb.name` the
//! rest, as `--backend` has it. Its address is the one on `--network` where it is attached there, else that on the first of
//! its networks by name. On the host of an engine whose networks are elsewhere (in a virtual machine, say) that address leads
//! nowhere: there a port that it publishes on the host counts instead, where it has one. One that is stopped or paused is no backend; one whose labels don't fit is passed over with a
//! reason, and the others aren't touched. [`watch`] asks the engine for the facts.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use lb_core::backend::Weight;

use crate::config::{OwnCheck, StaticBackend};
use crate::membership::names::is_hostname;

pub(crate) mod watch;

/// The label that a container must have to be looked at.
const ENABLE: &str = "lb.enable";
/// Our own replicas have it: they are in the membership already.
const MANAGED: &str = "lb.managed";

/// What is known of one container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Without the slash in front.
    pub(crate) name: String,
    pub(crate) labels: HashMap<String, String>,
    /// Running and not paused.
    pub(crate) runs: bool,
    pub(crate) exposed_tcp: Vec<u16>,
    /// By the name of the network.
    pub(crate) addresses: BTreeMap<String, IpAddr>,
    /// Networks whose addresses can't be expected to be reached from here.
    pub(crate) far: HashSet<String>,
    /// TCP ports that 127.0.0.1 leads to, each with the port there.
    pub(crate) on_loopback: BTreeMap<u16, u16>,
}

/// The containers that are backends, in the order given, and a line for each that would be one but for its labels.
pub(crate) fn backends(containers: &[Facts], network: &str) -> (Vec<StaticBackend>, Vec<String>) {
    let (mut backends, mut reasons) = (Vec::new(), Vec::new());
    let mut names = HashSet::new();
    let is_meant = |facts: &&Facts| {
        facts.runs && facts.labels.get(ENABLE).is_some_and(|on| on == "true") && !facts.labels.contains_key(MANAGED)
    };
    for facts in containers.iter().filter(is_meant) {
        match backend(facts, network) {
            Ok(backend) if names.insert(backend.name.clone()) => backends.push(backend),
            Ok(backend) => reasons.push(format!("container {}: the name '{}' is taken", facts.name, backend.name)),
            Err(why) => reasons.push(format!("container {}: {why}", facts.name)),
        }
    }
    (backends, reasons)
}

fn backend(facts: &Facts, network: &str) -> Result<StaticBackend, String> {
    let label = |name: &str| facts.labels.get(name).map(String::as_str);
    let name = label("lb.name").unwrap_or(&facts.name);
    if !is_hostname(name) {
        return Err(format!("'{name}' is no name for a backend: set lb.name to 1 to 63 of A-Z a-z 0-9 _ . -"));
    }
    let port = match (label("lb.port"), &facts.exposed_tcp[..]) {
        (Some(text), _) => {
            let port = text.parse().ok().filter(|port: &u16| *port > 0);
            port.ok_or_else(|| format!("lb.port '{text}': must be 1 to 65535"))?
        }
        (None, [port]) => *port,
        (None, exposed) => return Err(format!("exposes {} TCP ports: set lb.port", exposed.len())),
    };
    let host = reached_at(facts, network, port).ok_or("has no address on any network")?.to_string();
    let weight =
        label("lb.weight").map_or(Ok(Weight::ONE), Weight::parse).map_err(|why| format!("lb.weight: {why}"))?;
    let asks = label("lb.check").map(str::parse).transpose().map_err(|why| format!("lb.check {why}"))?;
    let check = OwnCheck { asks, port: None };
    Ok(StaticBackend { weight, check, ..StaticBackend::new(name, &host) })
}

fn reached_at(facts: &Facts, network: &str, port: u16) -> Option<SocketAddr> {
    let on_it = facts.addresses.get_key_value(network);
    let (network, address) = on_it.or_else(|| facts.addresses.first_key_value())?;
    match facts.on_loopback.get(&port) {
        Some(published) if facts.far.contains(network) => Some(SocketAddr::from((Ipv4Addr::LOCALHOST, *published))),
        _ => Some(SocketAddr::new(*address, port)),
    }
}

#[cfg(test)]
mod tests;
