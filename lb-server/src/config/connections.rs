//! Client connections and connections to backends, apart from what goes through them: how many, who is behind them, and
//! where ours come from.

use std::net::IpAddr;

use lb_core::backend::ProxyVersion;
use lb_core::config::Source;

use super::ConfigError;
use crate::cli::serve::ServeArgs;
use crate::cli::values::SendProxy;

/// The settings.
#[derive(Clone, Copy, Debug)]
pub(super) struct Connections {
    /// Most client connections, below what the file limit allows.
    pub(super) max: Option<usize>,
    /// Most client connections of one address; 0: no limit.
    pub(super) per_source: u32,
    pub(super) accept_proxy: bool,
    pub(super) replica_send_proxy: Option<ProxyVersion>,
    /// Where connections to backends come from.
    pub(super) source: Option<Source>,
}

/// The flags, checked as far as that goes without asking the kernel.
pub(super) fn resolve(args: &ServeArgs, workers: usize) -> Result<Connections, ConfigError> {
    if args.send_proxy.is_some() && args.command.is_none() {
        return Err(ConfigError::SendProxyToSample);
    }
    if let Some(connections) = args.connections.filter(|&connections| connections < workers) {
        return Err(ConfigError::FewerConnectionsThanWorkers { connections, workers });
    }
    Ok(Connections {
        max: args.connections,
        per_source: args.connections_per_source.unwrap_or(0),
        accept_proxy: args.accept_proxy.unwrap_or(false),
        replica_send_proxy: args.send_proxy.map(|version| match version {
            SendProxy::V1 => ProxyVersion::V1,
            SendProxy::V2 => ProxyVersion::V2,
        }),
        source: args.source.as_deref().map(source).transpose()?,
    })
}

/// `ADDR` or `ADDR:PORT-PORT`; an IPv6 address with a range stands in brackets.
fn source(text: &str) -> Result<Source, ConfigError> {
    let wrong = || ConfigError::Source(text.to_owned());
    let bare = |text: &str| text.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    if let Ok(addr) = bare(text) {
        return Ok(Source { addr, ports: None });
    }
    let (addr, range) = text.rsplit_once(':').ok_or_else(wrong)?;
    let (first, last) = range.split_once('-').ok_or_else(wrong)?;
    let port = |text: &str| text.parse::<u16>().ok().filter(|&port| port > 0);
    let (first, last) = port(first).zip(port(last)).ok_or_else(wrong)?;
    if first > last || (addr.contains(':') && !addr.starts_with('[')) {
        return Err(wrong());
    }
    Ok(Source { addr: bare(addr).map_err(|_| wrong())?, ports: Some((first, last)) })
}
