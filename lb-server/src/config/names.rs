//! The patterns by which replicas are named, checked by the names that they make.

use lb_admin::config::{Names, StaticBackend};

use super::ConfigError;
use crate::cli::ServeArgs;

/// The place of the number in a pattern.
const NUMBER: &str = "{n}";
/// As many digits as a made-up name has.
const MADE_UP_NUMBER: &str = "000000";
/// Longest name, as in the DNS.
const NAME_BYTES_MAX: usize = 63;

/// The patterns, each able to make the names it is for.
pub(super) fn resolve(args: &ServeArgs, replicas: u32, backends: &[StaticBackend]) -> Result<Names, ConfigError> {
    let first = args.names.clone().unwrap_or_else(|| "S{n}".to_owned());
    if replicas > 1 && !first.contains(NUMBER) {
        return Err(ConfigError::NamesWithoutNumber(first));
    }
    check_name("--names", &first, &first.replace(NUMBER, &replicas.to_string()))?;

    let flag = if args.new_names.is_some() { "--new-names" } else { "--names" };
    let made_up = args.new_names.clone().unwrap_or_else(|| first.clone());
    if !made_up.contains(NUMBER) {
        return Err(ConfigError::NewNamesWithoutNumber { flag, pattern: made_up });
    }
    check_name(flag, &made_up, &made_up.replace(NUMBER, MADE_UP_NUMBER))?;

    let server_id = args.server_id.clone().unwrap_or_else(|| "{name}".to_owned());
    if server_id.is_empty() || server_id.chars().any(char::is_control) {
        return Err(ConfigError::ServerId(server_id));
    }
    for number in 1..=replicas {
        let name = first.replace(NUMBER, &number.to_string());
        if backends.iter().any(|backend| backend.name == name) {
            return Err(ConfigError::BackendIsReplica(name));
        }
    }
    Ok(Names { first, made_up, server_id })
}

/// Whether `name` may name a replica or a backend: 1 to 63 of `[A-Za-z0-9_.-]`, beginning with a letter or digit.
pub(super) fn is_name(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    name.len() <= NAME_BYTES_MAX
        && name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric())
        && name.bytes().all(inner)
}

fn check_name(flag: &'static str, pattern: &str, name: &str) -> Result<(), ConfigError> {
    if is_name(name) {
        return Ok(());
    }
    Err(ConfigError::NotAName { flag, pattern: pattern.to_owned(), name: name.to_owned() })
}
