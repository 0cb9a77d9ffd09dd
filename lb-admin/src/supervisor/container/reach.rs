//! By which address a container is reached: its own, or a port of 127.0.0.1.
//!
//! In a container 127.0.0.1 is our own, and what is on the same network is reached by its address; whether we run in one is
//! found out by looking for ourselves among the engine's containers. On the host a bridge's addresses are reached too
//! where the bridge is this machine's, which shows by its gateway being an address of ours. They are worth more than
//! a published port: what listens there is a child of the engine, so it is gone while the engine is away (live-restore
//! or not) and accepts although nothing listens behind it. Only where the engine is elsewhere (a virtual machine, another
//! host's) a port has to be published. Ports are chosen by us ([`super::super::ports`]): an ephemeral one could be connected to itself.

use std::fs;
use std::net::{IpAddr, SocketAddr, UdpSocket};

use super::super::docker::{Engine, EngineError, Inspected};
use crate::config::{DockerConfig, DockerReach};

/// An engine's id for a container.
const ID_DIGITS: usize = 64;

/// How.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// By the container's own address.
    Network,
    /// By a published port.
    Port,
}

/// Why it can't be said.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReachError {
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(
        "lb runs in container {us}, which isn't on network {network}: attach it with `docker network connect {network} {us}`"
    )]
    NotOnNetwork { us: String, network: String },
}

/// Finds out, where the configuration doesn't say.
pub(super) async fn find(engine: &Engine, config: &DockerConfig) -> Result<Reach, ReachError> {
    match config.reach {
        DockerReach::Network => return Ok(Reach::Network),
        DockerReach::Port => return Ok(Reach::Port),
        DockerReach::Auto => {}
    }
    let Some(id) = own_container() else { return Ok(from_host(&engine.gateways(&config.network).await?)) };
    match engine.inspect(&id).await {
        Ok(us) => reach_from(&us, &config.network),
        // Some other engine's container: its ports are as far away as its addresses, and the host may be ours.
        Err(EngineError::NotFound(_)) => Ok(Reach::Port),
        Err(error) => Err(error.into()),
    }
}

/// From outside of any container, by the network's gateways.
fn from_host(gateways: &[IpAddr]) -> Reach {
    if gateways.iter().any(|gateway| is_ours(*gateway)) { Reach::Network } else { Reach::Port }
}

/// Whether an address is one of this machine's (or of this container's).
pub(crate) fn is_ours(addr: IpAddr) -> bool {
    // Binding is the one question about an address of ours that needs no list of interfaces.
    UdpSocket::bind((addr, 0)).is_ok()
}

/// Whether we run in a container.
pub(crate) fn is_in_container() -> bool {
    own_container().is_some()
}

/// From the container that we run in.
fn reach_from(us: &Inspected, network: &str) -> Result<Reach, ReachError> {
    if us.networks.contains_key(network) {
        Ok(Reach::Network)
    } else if us.networks.contains_key("host") {
        Ok(Reach::Port)
    } else {
        Err(ReachError::NotOnNetwork { us: us.name.clone(), network: network.to_owned() })
    }
}

/// Where a container listens, from the network's side. `None`: it has no address there (yet, or no longer).
pub(super) fn address(container: &Inspected, config: &DockerConfig) -> Option<SocketAddr> {
    let ip = container.networks.get(&config.network).copied().flatten()?;
    Some(SocketAddr::new(ip, config.port))
}

/// The container that we run in, if we do.
fn own_container() -> Option<String> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    id_in_mounts(&mounts)
}

/// The engine mounts `…/containers/ID/hostname` into its containers. A host that runs an engine has mounts of other
/// containers in its table too, but none whose target is its own /etc/hostname.
fn id_in_mounts(mountinfo: &str) -> Option<String> {
    let sources = mountinfo.lines().filter_map(|line| {
        let mut fields = line.split_ascii_whitespace().skip(3);
        let (root, target) = (fields.next()?, fields.next()?);
        matches!(target, "/etc/hostname" | "/etc/resolv.conf" | "/etc/hosts").then_some(root)
    });
    let ids = sources.flat_map(|root| root.split('/'));
    let mut ids = ids.filter(|part| part.len() == ID_DIGITS && part.bytes().all(|byte| byte.is_ascii_hexdigit()));
    ids.next().map(str::to_owned)
}

#[cfg(test)]
mod tests;
