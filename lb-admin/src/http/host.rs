//! How a `Host` is read, and whether it is one of ours. Pure.
//!
//! Stricter than the grammar on purpose: what no client of ours sends (a user before the name, an IPv4 address in
//! brackets or with a final dot, a zone in an IPv6 address, a port that is no port) is no address and so a name, and a
//! name is only ours where it was configured. Not here: what follows from it (`guard`).

use std::net::{Ipv4Addr, Ipv6Addr};

/// Whether `host` is an IP address, `localhost`, or one of `names` (lower case, `NAME` or `NAME:PORT`).
pub(super) fn is_ours(host: &str, names: &[String]) -> bool {
    let Some((name, port)) = split(host) else { return false };
    if let Some(inside) = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
        return inside.parse::<Ipv6Addr>().is_ok();
    }
    name.parse::<Ipv4Addr>().is_ok() || name.eq_ignore_ascii_case("localhost") || is_one_of(name, port, names)
}

/// The name, in its brackets where it has some, and the port.
fn split(host: &str) -> Option<(&str, Option<u16>)> {
    let name_ends = host.find(']').map_or(0, |bracket| bracket + 1);
    let (name, port) = match host[name_ends..].find(':') {
        Some(colon) => (&host[..name_ends + colon], Some(&host[name_ends + colon + 1..])),
        None => (host, None),
    };
    let digits = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit()).then(|| port.parse().ok())?;
    match port {
        None | Some("") => Some((name, None)),
        Some(port) => Some((name, Some(digits(port)?))),
    }
}

/// A final dot says that a name is complete, as ours are.
fn is_one_of(name: &str, port: Option<u16>, names: &[String]) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    names.iter().any(|ours| match ours.split_once(':') {
        Some((ours, wanted)) => ours.eq_ignore_ascii_case(name) && port.is_some_and(|port| port.to_string() == wanted),
        None => ours.eq_ignore_ascii_case(name),
    })
}

#[cfg(test)]
mod tests;
