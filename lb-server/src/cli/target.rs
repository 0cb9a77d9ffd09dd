//! Where a client of the admin API or of the front connects, out of what was typed: `unix:PATH`, `http://HOST:PORT` or
//! the address as `lb serve` has it.
//!
//! `LB_ADMIN` and `LB_FRONT` are read by the server and by its clients, so that in a container one setting is enough: an
//! unspecified address (`0.0.0.0:5001`, `[::]:5001`) is where the server listens and means loopback for a client.
//! Not here: the connection ([`crate::client`]).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

/// Where plain HTTP goes when a URL names no port.
const HTTP_PORT: u16 = 80;

/// A place that answers HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// `HOST:PORT`; also what the request's Host field says.
    Tcp(String),
    /// A socket in the file system.
    Unix(PathBuf),
}

/// Why a place was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TargetError {
    #[error("write HOST:PORT, http://HOST:PORT or unix:PATH, as in 127.0.0.1:5001")]
    Syntax,
    #[error("lb speaks plain HTTP; write http://HOST:PORT or go through a local proxy")]
    Tls,
    #[error("a URL's path is the command's business; write http://HOST:PORT")]
    Path,
    #[error("port 0 is a free port each time; write the port that `lb serve` has printed")]
    PortZero,
}

impl FromStr for Target {
    type Err = TargetError;

    /// Of several addresses, as `LB_FRONT` may have, the first.
    fn from_str(text: &str) -> Result<Self, TargetError> {
        let first = text.split_whitespace().next().ok_or(TargetError::Syntax)?;
        if let Some(path) = first.strip_prefix("unix:") {
            return if path.is_empty() { Err(TargetError::Syntax) } else { Ok(Self::Unix(path.into())) };
        }
        if first.starts_with("https:") {
            return Err(TargetError::Tls);
        }
        match first.strip_prefix("http://") {
            Some(rest) => {
                let authority = rest.strip_suffix('/').unwrap_or(rest);
                if authority.contains('/') {
                    return Err(TargetError::Path);
                }
                tcp(authority, Some(HTTP_PORT))
            }
            None => tcp(first, None),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(authority) => f.write_str(authority),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

fn tcp(authority: &str, default_port: Option<u16>) -> Result<Target, TargetError> {
    if let Ok(addr) = authority.parse::<SocketAddr>() {
        return numeric(addr);
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') => (host, port.parse().map_err(|_| TargetError::Syntax)?),
        // No port, or an IPv6 address.
        _ => (authority, default_port.ok_or(TargetError::Syntax)?),
    };
    if let Ok(ip) = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
        return numeric(SocketAddr::new(ip, port));
    }
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    match (host.is_empty() || !host.chars().all(is_name), port) {
        (true, _) => Err(TargetError::Syntax),
        (false, 0) => Err(TargetError::PortZero),
        (false, port) => Ok(Target::Tcp(format!("{host}:{port}"))),
    }
}

fn numeric(addr: SocketAddr) -> Result<Target, TargetError> {
    let ip = match addr.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    match addr.port() {
        0 => Err(TargetError::PortZero),
        port => Ok(Target::Tcp(SocketAddr::new(ip, port).to_string())),
    }
}

#[cfg(test)]
mod tests;
