//! What a replica is: `--runtime` and `--command`, and that the program is there before anything is started.

use std::path::{Path, PathBuf};

use lb_admin::config::{LaunchConfig, ProcessConfig};
use rustix::fs::{Access, access};

use super::{ConfigError, Surroundings};
use crate::cli::{Runtime, ServeArgs};

/// The command line of a replica and how it is started.
pub(super) fn resolve(
    args: &ServeArgs,
    assignment: bool,
    around: &Surroundings,
    notes: &mut Vec<String>,
) -> Result<LaunchConfig, ConfigError> {
    match args.runtime.unwrap_or(if assignment { Runtime::Auto } else { Runtime::Process }) {
        Runtime::Docker => return Err(ConfigError::NoDocker),
        Runtime::Auto => notes.push("runtime auto: process (docker isn't in this version)".to_owned()),
        Runtime::Process => {}
    }
    let argv = match args.command.as_deref() {
        Some(text) => split(text, around)?,
        None => sample_backend(&around.binary),
    };
    Ok(LaunchConfig::Process(ProcessConfig { argv, launcher: around.binary.clone() }))
}

/// Ourselves as `lb replica`, on loopback: clients come through the front.
fn sample_backend(binary: &Path) -> Vec<String> {
    let binary = binary.to_string_lossy().into_owned();
    vec![binary, "replica".to_owned(), "--listen".to_owned(), "127.0.0.1:{port}".to_owned()]
}

/// Words as a shell splits them; no shell ever runs them.
fn split(text: &str, around: &Surroundings) -> Result<Vec<String>, ConfigError> {
    let wrong = |why: String| ConfigError::CommandSyntax { text: text.to_owned(), why };
    let argv = shell_words::split(text).map_err(|error| wrong(error.to_string()))?;
    let program = argv.first().filter(|program| !program.is_empty());
    let program = program.ok_or_else(|| wrong("names no program".to_owned()))?;
    if !is_program(program, around) {
        return Err(ConfigError::CommandNotFound(program.clone()));
    }
    Ok(argv)
}

/// As execvp looks: a name with a slash is a path, any other is searched for in PATH.
fn is_program(program: &str, around: &Surroundings) -> bool {
    let may_run = |path: &Path| path.is_file() && access(path, Access::EXEC_OK).is_ok();
    if program.contains('/') {
        return may_run(Path::new(program));
    }
    let path = around.path.clone().unwrap_or_default();
    std::env::split_paths(&path).map(|dir: PathBuf| dir.join(program)).any(|candidate| may_run(&candidate))
}
