//! What a replica is: `--runtime` and `--command`, and that the program is there before anything is started. What a
//! container is, is [`super::docker`]'s.

use std::path::{Path, PathBuf};

use lb_admin::config::{DockerConfig, LaunchConfig, ProcessConfig};
use rustix::fs::{Access, access};

use super::{ConfigError, Surroundings, docker};
use crate::cli::serve::ServeArgs;
use crate::cli::values::Runtime;

/// How replicas are started: as `launch` says, unless `docker_if_there` is set and there is an engine for it.
#[derive(Clone, Debug)]
pub(crate) struct Launch {
    pub(crate) launch: LaunchConfig,
    /// `--runtime auto`: what it would be with an engine that has the image. Asked at boot.
    pub(crate) docker_if_there: Option<DockerConfig>,
}

/// The command line of a replica and how it is started.
pub(super) fn resolve(args: &ServeArgs, assignment: bool, around: &Surroundings) -> Result<Launch, ConfigError> {
    let default = if assignment { Runtime::Auto } else { Runtime::Process };
    match args.runtime.unwrap_or(default) {
        Runtime::Docker => {
            let docker = docker::resolve(args, assignment)?;
            Ok(Launch { launch: LaunchConfig::Docker(docker), docker_if_there: None })
        }
        Runtime::Auto => {
            let docker_if_there = Some(docker::resolve(args, assignment)?);
            // What a container runs need not be a program of this machine.
            Ok(Launch { launch: process(args, around, |_| true)?, docker_if_there })
        }
        Runtime::Process => match docker_flag(args) {
            Some("--network") => Err(ConfigError::NetworkOfNobody),
            Some(flag) => Err(ConfigError::OnlyDocker { flag }),
            None => {
                let is_there = |program: &str| is_program(program, around);
                Ok(Launch { launch: process(args, around, is_there)?, docker_if_there: None })
            }
        },
    }
}

/// A flag that would be ignored.
fn docker_flag(args: &ServeArgs) -> Option<&'static str> {
    let said = [
        ("--image", args.image.is_some()),
        ("--network", args.network.is_some() && args.discover.is_none()),
        ("--replica-port", args.replica_port.is_some()),
        ("--container-name", args.container_name.is_some()),
        ("--memory", args.memory.is_some()),
        ("--cpus", args.cpus.is_some()),
        ("--pids-limit", args.pids_limit.is_some()),
        ("--writable-root", args.writable_root.is_some()),
        ("--docker-reach", args.docker_reach.is_some()),
    ];
    said.into_iter().find_map(|(flag, said)| said.then_some(flag))
}

fn process(
    args: &ServeArgs,
    around: &Surroundings,
    is_there: impl Fn(&str) -> bool,
) -> Result<LaunchConfig, ConfigError> {
    let argv = match args.command.as_deref() {
        Some(text) => split(text, is_there)?,
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
fn split(text: &str, is_there: impl Fn(&str) -> bool) -> Result<Vec<String>, ConfigError> {
    let wrong = |why: String| ConfigError::CommandSyntax { text: text.to_owned(), why };
    let argv = shell_words::split(text).map_err(|error| wrong(error.to_string()))?;
    let program = argv.first().filter(|program| !program.is_empty());
    let program = program.ok_or_else(|| wrong("names no program".to_owned()))?;
    if !is_there(program) {
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
