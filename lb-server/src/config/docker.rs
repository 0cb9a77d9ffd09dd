//! What a container is, and which ones that others run are looked for: image, command, network, name and limits. What needs the engine to be known is asked at boot.

use std::time::Duration;

use lb_admin::config::{DockerConfig, DockerDiscovery, DockerReach};
use lb_admin::membership::names::{NAME_BYTES_MAX, fill, is_hostname};

use super::{ConfigError, within};
use crate::cli::serve::ServeArgs;
use crate::cli::{self};

/// Ours: its ENTRYPOINT is the binary, which wants a verb.
pub(super) const OWN_IMAGE: &str = "lb:latest";
/// Where a replica listens in its container.
pub(super) const PORT: u16 = 5000;
/// What a pool is called that nobody named.
pub(super) const POOL: &str = "lb";
/// What the assignment's text calls its network.
pub(super) const NETWORK: &str = "net1";
/// What Docker's own networks are called; none of them gives a replica a name and an address of its own there.
const NETWORKS_OF_DOCKER: [&str; 4] = ["bridge", "default", "host", "none"];
/// Enough for a small service; one that needs more is killed and says OOM, which is better than a host that swaps.
pub(super) const MEMORY: &str = "256m";
/// Docker refuses less.
const MEMORY_BYTES_MIN: u64 = 6 * 1024 * 1024;
/// Processes and threads; a runaway is stopped, a pool of workers isn't.
pub(super) const PIDS_MAX: u32 = 256;
/// A thousand millionth of a CPU is how the engine counts.
const NANOS_PER_CPU: f64 = 1e9;
/// Most CPUs that make sense.
const CPUS_MAX: f64 = 1024.0;
/// How long a dead container stays under the profile, so that a script finds what it has killed.
const KEEP_DEAD: Duration = Duration::from_secs(30);

/// The containers that were asked for.
pub(super) fn resolve(args: &ServeArgs, assignment: bool) -> Result<DockerConfig, ConfigError> {
    let image = args.image.clone().unwrap_or_else(|| OWN_IMAGE.to_owned());
    if image.is_empty() || image.starts_with('-') || image.contains(char::is_whitespace) {
        return Err(ConfigError::Image(image));
    }
    let port = args.replica_port.unwrap_or(PORT);
    within("--replica-port", u64::from(port), 1, u64::from(u16::MAX))?;
    Ok(DockerConfig {
        command: command(args.command.as_deref(), &image)?,
        network: network(args.network.as_deref())?,
        port,
        container_name: container_name(args.container_name.as_deref(), assignment)?,
        pool: pool(args.pool.as_deref())?,
        memory_bytes: memory(args.memory.as_deref().unwrap_or(MEMORY))?,
        nano_cpus: args.cpus.as_deref().map_or(Ok(None), cpus)?,
        pids_max: Some(args.pids_limit.unwrap_or(PIDS_MAX)).filter(|pids| *pids > 0),
        writable_root: args.writable_root.unwrap_or(false),
        reach: reach(args.docker_reach),
        keep_dead: if assignment { KEEP_DEAD } else { Duration::ZERO },
        image,
    })
}

/// The containers that are looked for.
pub(super) fn discovery(args: &ServeArgs) -> Result<Option<DockerDiscovery>, ConfigError> {
    match args.discover {
        None => Ok(None),
        Some(cli::values::Discover::Docker) => Ok(Some(DockerDiscovery { network: network(args.network.as_deref())? })),
    }
}

/// Our own image needs to be told which of its commands it is; anybody else's knows.
fn command(asked: Option<&str>, image: &str) -> Result<Option<Vec<String>>, ConfigError> {
    let Some(text) = asked else {
        return Ok((image == OWN_IMAGE).then(|| vec!["replica".to_owned()]));
    };
    let wrong = |why: String| ConfigError::CommandSyntax { text: text.to_owned(), why };
    let argv = shell_words::split(text).map_err(|error| wrong(error.to_string()))?;
    if argv.is_empty() { Err(wrong("names no program".to_owned())) } else { Ok(Some(argv)) }
}

fn network(asked: Option<&str>) -> Result<String, ConfigError> {
    let name = asked.unwrap_or(NETWORK);
    if is_hostname(name) && !NETWORKS_OF_DOCKER.contains(&name) {
        Ok(name.to_owned())
    } else {
        Err(ConfigError::Network(name.to_owned()))
    }
}

fn pool(asked: Option<&str>) -> Result<String, ConfigError> {
    let pool = asked.unwrap_or(POOL);
    if is_hostname(pool) { Ok(pool.to_owned()) } else { Err(ConfigError::Pool(pool.to_owned())) }
}

/// Under the profile containers are called as their replicas, which is what its scripts look for.
pub(super) fn container_name_default(assignment: bool) -> &'static str {
    if assignment { "{name}" } else { "{pool}-{name}" }
}

/// The names of two replicas must differ, and Docker must take them.
fn container_name(asked: Option<&str>, assignment: bool) -> Result<String, ConfigError> {
    let pattern = asked.unwrap_or(container_name_default(assignment));
    let sample = fill(&fill(&fill(pattern, "pool", "lb"), "name", "S1"), "n", "1");
    let varies = pattern.contains("{name}") || pattern.contains("{n}");
    if varies && is_hostname(&sample) && sample.len() <= NAME_BYTES_MAX {
        Ok(pattern.to_owned())
    } else {
        Err(ConfigError::ContainerName(pattern.to_owned()))
    }
}

/// `256m`, `1g`, `268435456`; zero: no limit.
fn memory(text: &str) -> Result<Option<u64>, ConfigError> {
    let wrong = || ConfigError::Memory(text.to_owned());
    let lower = text.trim().to_ascii_lowercase();
    let number = lower.trim_end_matches("ib").trim_end_matches('b');
    let (number, shift) = match number.strip_suffix(['k', 'm', 'g']) {
        Some(digits) if number.ends_with('k') => (digits, 10),
        Some(digits) if number.ends_with('m') => (digits, 20),
        Some(digits) => (digits, 30),
        None => (number, 0),
    };
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let bytes = number.checked_mul(1 << shift).filter(|bytes| i64::try_from(*bytes).is_ok()).ok_or_else(wrong)?;
    match bytes {
        0 => Ok(None),
        MEMORY_BYTES_MIN.. => Ok(Some(bytes)),
        _ => Err(wrong()),
    }
}

fn cpus(text: &str) -> Result<Option<u64>, ConfigError> {
    let cpus: f64 = text.trim().parse().map_err(|_| ConfigError::Cpus(text.to_owned()))?;
    if cpus == 0.0 {
        return Ok(None);
    }
    if !(0.01..=CPUS_MAX).contains(&cpus) {
        return Err(ConfigError::Cpus(text.to_owned()));
    }
    Ok(Some((cpus * NANOS_PER_CPU).round() as u64))
}

fn reach(asked: Option<cli::values::DockerReach>) -> DockerReach {
    match asked {
        None | Some(cli::values::DockerReach::Auto) => DockerReach::Auto,
        Some(cli::values::DockerReach::Network) => DockerReach::Network,
        Some(cli::values::DockerReach::Port) => DockerReach::Port,
    }
}
