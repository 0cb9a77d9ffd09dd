//! What is told of what happens: the log on stderr, and the access log. How they are written is lb-admin's business and
//! tracing's; docs/logging.md says what is in them.

use lb_admin::config::{AccessLogConfig, AccessLogTarget};

use super::ConfigError;
use crate::cli::serve::ServeArgs;
use crate::cli::values::LogFormat;

/// The words for how much is told.
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// `--log` and `--log-level`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Log {
    /// Lines for people, or JSON.
    pub(crate) format: LogFormat,
    /// What is told, in the words of `EnvFilter`.
    pub(crate) filter: String,
}

pub(super) fn resolve(args: &ServeArgs) -> Result<Log, ConfigError> {
    let filter = args.log_level.clone().unwrap_or_else(|| "info".to_owned());
    match filter.split(',').map(str::trim).all(is_directive) {
        true => Ok(Log { format: args.log.unwrap_or(LogFormat::Text), filter }),
        false => Err(ConfigError::LogLevel(filter)),
    }
}

/// `LEVEL` or `PART=LEVEL`. A bare word that is no level would be a part of which everything is told, and nothing else:
/// a slip of the finger would silence the log.
fn is_directive(text: &str) -> bool {
    let (part, level) = text.rsplit_once('=').map_or((None, text), |(part, level)| (Some(part), level));
    let is_part = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "_:-".contains(c));
    part.is_none_or(is_part) && LEVELS.contains(&level.to_ascii_lowercase().as_str())
}

pub(super) fn access_log(args: &ServeArgs) -> Result<Option<AccessLogConfig>, ConfigError> {
    let raw_keys = args.access_log_keys.unwrap_or(false);
    let target = match args.access_log.as_deref() {
        None | Some("off") if raw_keys => return Err(ConfigError::KeysWithoutAccessLog),
        None | Some("off") => return Ok(None),
        Some("") => return Err(ConfigError::AccessLog),
        Some("stdout") => AccessLogTarget::Stdout,
        Some(path) => AccessLogTarget::File(path.into()),
    };
    Ok(Some(AccessLogConfig { target, raw_keys }))
}

#[cfg(test)]
mod tests;
