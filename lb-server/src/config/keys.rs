//! The keys of the configuration: one a flag of `lb serve`, in the order of its `--help`.
//!
//! Taken from the definition of the command line, so there is no second list of them. What a key means is said there, what
//! applies where nobody says it in [`super::defaults`].

use clap::{Args, Command};

use crate::cli::ServeArgs;

/// So alike (0 to 1) is a slip of the finger; clap's own measure for flags.
const ALIKE: f64 = 0.7;

/// All of them; `--config` is none: a file doesn't name itself.
pub(crate) fn all() -> Vec<String> {
    let command = ServeArgs::augment_args(Command::new("serve"));
    let flags = command.get_arguments().filter_map(|arg| arg.get_long());
    flags.filter(|flag| *flag != "config").map(str::to_owned).collect()
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

#[cfg(test)]
mod tests;
