//! `--backend NAME=HOST:PORT[,weight=W][,send-proxy=v1|v2]` and `--check`. Hosts are not looked up here: that may change while we run.

use lb_admin::config::{Check, StaticBackend};
use lb_admin::membership::names::is_hostname;
use lb_core::backend::{ProxyVersion, Weight};

use super::ConfigError;

/// What replicas answer when they are well.
const REPLICA_CHECK_PATH: &str = "/heartbeat";

/// Every `--backend`, in the order given, their names all different.
pub(super) fn parse_all(texts: &[String]) -> Result<Vec<StaticBackend>, ConfigError> {
    let mut backends: Vec<StaticBackend> = Vec::with_capacity(texts.len());
    for text in texts {
        let backend = parse(text)?;
        if backends.iter().any(|other| other.name == backend.name) {
            return Err(ConfigError::BackendTwice(backend.name));
        }
        backends.push(backend);
    }
    Ok(backends)
}

fn parse(text: &str) -> Result<StaticBackend, ConfigError> {
    let wrong = |why| ConfigError::Backend { text: text.to_owned(), why };
    let (name, rest) = text.split_once('=').ok_or_else(|| wrong("there is no NAME="))?;
    if !is_hostname(name) {
        return Err(wrong("a name is 1 to 63 of A-Z a-z 0-9 _ . - beginning with a letter or digit"));
    }
    let mut parts = rest.split(',');
    let host = parts.next().unwrap_or_default();
    let (address, port) = host.rsplit_once(':').ok_or_else(|| wrong("there is no :PORT"))?;
    if address.is_empty() {
        return Err(wrong("there is no HOST"));
    }
    if address.contains(':') && !(address.starts_with('[') && address.ends_with(']')) {
        return Err(wrong("an IPv6 address goes in brackets, as in [::1]:80"));
    }
    if address.chars().any(|c| c.is_whitespace() || c.is_control() || c == '/') {
        return Err(wrong("HOST is a host name or an address, nothing more"));
    }
    if !port.parse::<u16>().is_ok_and(|port| port > 0) {
        return Err(wrong("PORT must be 1 to 65535"));
    }
    let mut backend =
        StaticBackend { name: name.to_owned(), host: host.to_owned(), weight: Weight::ONE, send_proxy: None };
    for part in parts {
        match part.split_once('=') {
            Some(("weight", value)) => {
                backend.weight = Weight::parse(value)
                    .map_err(|source| ConfigError::BackendWeight { text: text.to_owned(), source })?;
            }
            Some(("send-proxy", "v1")) => backend.send_proxy = Some(ProxyVersion::V1),
            Some(("send-proxy", "v2")) => backend.send_proxy = Some(ProxyVersion::V2),
            Some(("send-proxy", _)) => return Err(wrong("send-proxy is v1 or v2")),
            _ => return Err(wrong("only weight=W and send-proxy=v1|v2 may follow the address")),
        }
    }
    Ok(backend)
}

/// The check of replicas and the check of backends.
pub(super) fn checks(asked: Option<&str>) -> Result<(Check, Check), ConfigError> {
    let check = match asked {
        None => return Ok((Check::Http(REPLICA_CHECK_PATH.to_owned()), Check::Tcp)),
        Some("tcp") => Check::Tcp,
        // It becomes part of a request line, so nothing that would end one.
        Some(path) if path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic()) => {
            Check::Http(path.to_owned())
        }
        Some(other) => return Err(ConfigError::Check(other.to_owned())),
    };
    Ok((check.clone(), check))
}
