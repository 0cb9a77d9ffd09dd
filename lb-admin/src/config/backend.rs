//! A backend that somebody else runs, and how it is written: `NAME=HOST:PORT[,weight=W][,check=/path|tcp][,check-port=P]
//! [,send-proxy=v1|v2]`.
//!
//! One spelling for `--backend` and for a line of a `--backends-file`. Hosts are not looked up here: that may change while
//! we run ([`StaticBackend::host`] is what is looked up).

use std::str::FromStr;

use lb_core::backend::{ProxyVersion, Weight, WeightError};

use super::check::{CheckKindError, OwnCheck};
use crate::membership::names::is_hostname;

/// One backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaticBackend {
    /// Its name, a valid hostname, unique.
    pub name: String,
    /// `HOST:PORT`, looked up at start and every 30 s.
    pub host: String,
    /// Its share.
    pub weight: Weight,
    /// Whether each connection to it begins with a PROXY header.
    pub send_proxy: Option<ProxyVersion>,
    /// What it says about its health check.
    pub check: OwnCheck,
}

/// Why a backend was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BackendError {
    /// The whole of it.
    #[error("'{text}': {why}; write NAME=HOST:PORT or NAME=HOST:PORT,weight=2,check=/up,check-port=81,send-proxy=v2")]
    Syntax {
        /// What was written.
        text: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Its weight.
    #[error("'{text}': {source}")]
    Weight {
        /// What was written.
        text: String,
        /// What is wrong with it.
        source: WeightError,
    },
    /// Its check.
    #[error("'{text}': check={source}")]
    Check {
        /// What was written.
        text: String,
        /// What is wrong with it.
        source: CheckKindError,
    },
}

impl StaticBackend {
    /// One of weight 1 about which nothing else is said.
    pub fn new(name: &str, host: &str) -> Self {
        Self {
            name: name.to_owned(),
            host: host.to_owned(),
            weight: Weight::ONE,
            send_proxy: None,
            check: OwnCheck::default(),
        }
    }

    fn set(&mut self, option: &str, text: &str) -> Result<(), BackendError> {
        let text = || text.to_owned();
        let wrong = |why| BackendError::Syntax { text: text(), why };
        match option.split_once('=') {
            Some(("weight", value)) => {
                self.weight = Weight::parse(value).map_err(|source| BackendError::Weight { text: text(), source })?;
            }
            Some(("check", value)) => {
                let asks = value.parse().map_err(|source| BackendError::Check { text: text(), source })?;
                self.check.asks = Some(asks);
            }
            Some(("check-port", value)) => {
                self.check.port = Some(port(value).ok_or_else(|| wrong("check-port must be 1 to 65535"))?);
            }
            Some(("send-proxy", "v1")) => self.send_proxy = Some(ProxyVersion::V1),
            Some(("send-proxy", "v2")) => self.send_proxy = Some(ProxyVersion::V2),
            Some(("send-proxy", _)) => return Err(wrong("send-proxy is v1 or v2")),
            _ => return Err(wrong("only weight=W, check=, check-port= and send-proxy= may follow the address")),
        }
        Ok(())
    }
}

impl FromStr for StaticBackend {
    type Err = BackendError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = |why| BackendError::Syntax { text: text.to_owned(), why };
        let (name, rest) = text.split_once('=').ok_or_else(|| wrong("there is no NAME="))?;
        if !is_hostname(name) {
            return Err(wrong("a name is 1 to 63 of A-Z a-z 0-9 _ . - beginning with a letter or digit"));
        }
        let mut parts = rest.split(',');
        let host = parts.next().unwrap_or_default();
        let (address, port_text) = host.rsplit_once(':').ok_or_else(|| wrong("there is no :PORT"))?;
        if address.is_empty() {
            return Err(wrong("there is no HOST"));
        }
        if address.contains(':') && !(address.starts_with('[') && address.ends_with(']')) {
            return Err(wrong("an IPv6 address goes in brackets, as in [::1]:80"));
        }
        if address.chars().any(|c| c.is_whitespace() || c.is_control() || c == '/') {
            return Err(wrong("HOST is a host name or an address, nothing more"));
        }
        port(port_text).ok_or_else(|| wrong("PORT must be 1 to 65535"))?;
        let mut backend = Self::new(name, host);
        for option in parts {
            backend.set(option, text)?;
        }
        Ok(backend)
    }
}

fn port(text: &str) -> Option<u16> {
    text.parse().ok().filter(|port| *port > 0)
}

#[cfg(test)]
mod tests;
