//! The patterns by which replicas are named, and what they are told to be.

use lb_admin::config::{Names, StaticBackend};
use lb_admin::membership::names::{check_pattern, fill};

use super::ConfigError;
use crate::cli::serve::ServeArgs;

/// The patterns, each able to make the names it is for.
pub(super) fn resolve(args: &ServeArgs, replicas: u32, backends: &[StaticBackend]) -> Result<Names, ConfigError> {
    let first = pattern("--names", args.names.as_deref().unwrap_or("S{n}"))?;
    let made_up = match args.new_names.as_deref() {
        Some(asked) => pattern("--new-names", asked)?,
        None => first.clone(),
    };
    let server_id = args.server_id.clone().unwrap_or_else(|| "{name}".to_owned());
    if server_id.is_empty() || server_id.chars().any(char::is_control) {
        return Err(ConfigError::ServerId(server_id));
    }
    for number in 1..=replicas {
        let name = fill(&first, "n", &number.to_string());
        if backends.iter().any(|backend| backend.name == name) {
            return Err(ConfigError::BackendIsReplica(name));
        }
    }
    Ok(Names { first, made_up, server_id })
}

/// `{n}` is always needed: a replica that dies is replaced under another name.
fn pattern(flag: &'static str, text: &str) -> Result<String, ConfigError> {
    check_pattern(text).map_err(|source| ConfigError::Names { flag, source })?;
    Ok(text.to_owned())
}
