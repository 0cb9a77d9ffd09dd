//! The keys of the configuration: one a flag of `lb serve`, in the order of its `--help`, and which of them a reload changes.
//!
//! Taken from the definition of the command line, so there is no second list of them. What a key means is said there, what
//! applies where nobody says it in [`super::defaults`].

use clap::{Args, Command};

use crate::cli::serve::ServeArgs;

/// What a reload puts into effect while running; every other key takes a restart.
const RELOADABLE: &[&str] = &[
    "admin-token-file",
    "admin-open",
    "admin-host",
    "admin-rate",
    "replicas",
    "autoscale",
    "backend",
    "check",
    "check-port",
    "check-status",
    "check-interval",
    "check-timeout",
    "check-rise",
    "check-fall",
    "max-ejected",
    "key",
    "affinity",
    "non-http",
    "connect-timeout",
    "head-timeout",
    "first-byte-timeout",
    "idle-timeout",
    "drain-timeout",
    "on-move",
    "on-move-rate",
    "retries",
    "retry-budget",
    "queue-timeout",
    "balance-factor",
    "log-level",
];

/// So alike (0 to 1) is a slip of the finger; clap's own measure for flags.
const ALIKE: f64 = 0.7;

/// All of them; `--config` is none: a file doesn't name itself.
pub(crate) fn all() -> Vec<String> {
    let command = ServeArgs::augment_args(Command::new("serve"));
    let flags = command.get_arguments().filter_map(|arg| arg.get_long());
    flags.filter(|flag| *flag != "config").map(str::to_owned).collect()
}

/// The variable that says the same.
pub(super) fn variable(key: &str) -> String {
    let command = ServeArgs::augment_args(Command::new("serve"));
    let arg = command.get_arguments().find(|arg| arg.get_long() == Some(key));
    let variable = arg.and_then(|arg| arg.get_env()).map(|name| name.to_string_lossy().into_owned());
    variable.unwrap_or_default()
}

pub(super) fn is_key(name: &str) -> bool {
    all().iter().any(|key| key == name)
}

/// What is said of a key that isn't there.
pub(super) fn unknown(name: &str, is_section: bool) -> String {
    let alike = all().into_iter().map(|key| (strsim::jaro(name, &key), key)).filter(|(alike, _)| *alike > ALIKE);
    match alike.max_by(|(one, _), (other, _)| one.total_cmp(other)) {
        Some((_, key)) => format!("there is no key '{name}': did you mean '{key}'?"),
        None if is_section => format!("there is no section '{name}': the keys stand in the file without one"),
        None => format!("there is no key '{name}': the keys are the flags of `lb serve --help` without --"),
    }
}

/// Whether a reload puts it into effect.
pub(crate) fn is_reloadable(key: &str) -> bool {
    RELOADABLE.contains(&key)
}

#[cfg(test)]
mod tests;
