//! What the arguments mean: a checked [`Config`] out of [`ServeArgs`], or one line that says what doesn't go together.
//!
//! Every default, every bound and every impossible combination of `lb serve` is decided here and in the files beside
//! this one, before anything is bound, written or started. Not here: what is only known at boot (bound ports, the file
//! limit, the hash secret); [`Config::worker`] and [`Config::admin`] take those as arguments.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lb_admin::config::{
    Access, AccessLogConfig, AdminAddr, AdminConfig, AutoscaleConfig, BackendsFile, DockerConfig, DockerDiscovery,
    LaunchConfig, Names, Settings, StaticBackend,
};
use lb_core::config::{RETRIES_MAX, RETRY_BUDGET_PERCENT_MAX, Source, Splice, WorkerConfig};
use lb_core::ring::{KeyHasher, RingConfig};

use crate::cli::period::Period;
use crate::cli::serve::ServeArgs;
use crate::limits::Room;

mod access;
mod autoscale;
mod backend;
mod check;
mod connections;
mod defaults;
mod docker;
mod effective;
mod error;
mod file;
mod front;
mod keys;
mod launch;
mod loaded;
mod log;
mod mask;
mod mixed;
mod names;
mod pipes;
mod places;
mod ring;
mod route;
mod state;
mod surroundings;

#[cfg(test)]
mod tests;

pub(crate) use error::ConfigError;
pub(crate) use loaded::Loaded;
pub(crate) use log::Log;
pub(crate) use pipes::Pipes;
pub(crate) use state::{Secret, secret_from_text};
pub(crate) use surroundings::Surroundings;

use check::Checks;
use connections::Connections;
use launch::Launch;
use places::Places;
use route::Route;

/// Most replicas of one `lb serve`, `/add` included: each costs a process, a port and a check every second.
pub(crate) const REPLICAS_MAX: u32 = 256;
/// Most data-plane threads.
const WORKERS_MAX: usize = 1024;
/// Replicas where `--replicas` doesn't say otherwise, and nobody tells of backends.
const REPLICAS: u32 = 3;
/// Ids kept per replica under `--profile assignment`.
const RECORDED_REQUESTS: usize = 131_072;
/// Most ids that may be kept per replica: a gigabyte of them.
const RECORDED_REQUESTS_MAX: usize = 16_777_216;

/// Everything `lb serve` was asked for, checked.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// Where clients connect; port 0 not yet resolved.
    pub(crate) fronts: Vec<SocketAddr>,
    /// Where the admin API listens; `None`: on the fronts only.
    pub(crate) admin: Option<AdminAddr>,
    access: Access,
    /// Data-plane threads.
    pub(crate) workers: usize,
    /// Replicas to start.
    pub(crate) replicas: u32,
    /// Whether somebody said so: then an earlier run's number doesn't count.
    replicas_given: bool,
    /// Whether a normal stop leaves them running.
    pub(crate) keep_replicas: bool,
    /// Whether their number follows the load.
    autoscale: Option<AutoscaleConfig>,
    /// How long sessions may go on when the process stops; zero: as long as they like.
    pub(crate) drain_timeout: Duration,
    /// The directory that holds one folder per front port.
    pub(crate) state_root: PathBuf,
    /// The secret from `--hash-key-file`.
    pub(crate) secret: Option<Secret>,
    /// What the start must say aloud, a line each.
    pub(crate) notes: Vec<String>,
    /// Backends that somebody else runs.
    pub(crate) backends: Vec<StaticBackend>,
    /// More of them, which come and go.
    pub(crate) backends_file: Option<BackendsFile>,
    discover: Option<DockerDiscovery>,
    ring: RingConfig,
    route: Route,
    connections: Connections,
    timeouts: Timeouts,
    /// How replicas are started.
    launch: LaunchConfig,
    /// What replicas are instead where a Docker engine answers and has the image (`--runtime auto`).
    pub(crate) docker_if_there: Option<DockerConfig>,
    checks: Checks,
    names: Names,
    retries: u32,
    retry_budget_percent: u32,
    places: Places,
    /// What is spliced through.
    pub(crate) pipes: Pipes,
    assignment: bool,
    record_requests: Option<usize>,
    /// What is told on stderr.
    pub(crate) log: Log,
    /// Where a line for each session goes.
    pub(crate) access_log: Option<AccessLogConfig>,
}

#[derive(Clone, Copy, Debug)]
struct Timeouts {
    connect: Duration,
    head: Duration,
    first_byte: Duration,
    idle: Duration,
}

impl Config {
    fn resolve(args: &ServeArgs, around: &Surroundings) -> Result<Self, ConfigError> {
        let assignment = args.profile.is_some();
        let mut notes = Vec::new();
        let workers = workers(args.workers, around)?;
        let backends = backend::parse_all(args.backend.as_deref().unwrap_or_default())?;
        let autoscale = autoscale::resolve(args)?;
        let backends_file = backend::read_file(args.backends_file.as_deref(), &backends)?;
        let discover = docker::discovery(args)?;
        let others_run_them = !backends.is_empty() || backends_file.is_some() || discover.is_some();
        let few = autoscale.map_or(if others_run_them { 0 } else { REPLICAS }, |autoscale| autoscale.min);
        let replicas = args.replicas.unwrap_or(few);
        within("--replicas", u64::from(replicas), 0, u64::from(REPLICAS_MAX))?;
        let listed = backends_file.iter().flat_map(|file| file.backends.clone());
        let known: Vec<StaticBackend> = backends.iter().cloned().chain(listed).collect();
        let names = names::resolve(args, replicas, &known)?;
        let (fronts, admin) = front::resolve(args, assignment, &mut notes)?;
        let access = access::resolve(args, admin.as_ref(), around, &mut notes)?;
        let ring = ring::resolve(args, replicas, autoscale, &known)?;
        let route = route::resolve(args, assignment)?;
        let checks = check::resolve(args, &known)?;
        let Launch { launch, docker_if_there } = launch::resolve(args, assignment, around)?;
        if assignment {
            notes.push("profile assignment: whoever reaches the front may add and remove replicas".to_owned());
        }
        Ok(Self {
            fronts,
            admin,
            access,
            workers,
            replicas,
            replicas_given: args.replicas.is_some(),
            keep_replicas: args.keep_replicas.unwrap_or(false),
            autoscale,
            drain_timeout: or_secs(args.drain_timeout, 30),
            state_root: state::root(args.state_dir.clone(), around),
            secret: args.hash_key_file.as_deref().map(state::read_secret).transpose()?,
            notes,
            ring,
            route,
            connections: connections::resolve(args, workers)?,
            timeouts: timeouts(args),
            launch,
            docker_if_there,
            backends,
            backends_file,
            discover,
            checks,
            names,
            retries: retries(args.retries)?,
            retry_budget_percent: retry_budget(args.retry_budget)?,
            places: places::resolve(args)?,
            pipes: pipes::resolve(args.pipe_size, args.pipes, around)?,
            assignment,
            record_requests: record_requests(args.record_requests, assignment)?,
            log: log::resolve(args)?,
            access_log: log::access_log(args)?,
        })
    }

    /// Backends that the start has to have room for.
    pub(crate) fn members(&self) -> usize {
        let listed = self.backends_file.as_ref().map_or(0, |file| file.backends.len());
        self.replicas_most() as usize + self.backends.len() + listed
    }

    /// Who may change things through the admin API.
    pub(crate) fn access(&self) -> &Access {
        &self.access
    }

    /// What of the control plane's part a reload changes, all of it.
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            backends: self.backends.clone(),
            checks: Some((self.checks.replica.clone(), self.checks.backend.clone())),
            max_ejected_percent: self.checks.max_ejected_percent,
            drain_timeout: self.drain_timeout,
            autoscale: self.autoscale,
            replicas: Some(self.replicas),
            what: String::new(),
        }
    }

    /// Whether backends are looked for that nobody has named.
    pub(crate) fn discovers(&self) -> bool {
        self.discover.is_some()
    }

    /// Whether the next `lb serve` will have the same first front port (or must, to find the replicas again), so that it
    /// is worth keeping state for it.
    pub(crate) fn has_lasting_port(&self) -> bool {
        self.keep_replicas || self.fronts.first().is_some_and(|front| front.port() != 0)
    }

    /// Replicas that there may be without anybody's asking for them.
    fn replicas_most(&self) -> u32 {
        self.autoscale.map_or(self.replicas, |autoscale| autoscale.max)
    }

    /// `--connections`: most client connections; `None`: what the file limit allows.
    pub(crate) fn connections(&self) -> Option<usize> {
        self.connections.max
    }

    /// `--source`.
    pub(crate) fn source(&self) -> Option<&Source> {
        self.connections.source.as_ref()
    }

    /// The data plane's part, without the access log, which is opened at boot.
    pub(crate) fn worker(&self, secret: Secret, room: Room) -> WorkerConfig {
        WorkerConfig {
            mode: self.route.mode,
            keys: self.route.keys.clone(),
            hasher: KeyHasher::new(secret.0, self.ring.digits_are_numbers()),
            affinity: self.route.affinity,
            non_http: self.route.non_http,
            head_timeout: self.timeouts.head,
            connect_timeout: self.timeouts.connect,
            first_byte_timeout: self.timeouts.first_byte,
            idle_timeout: self.timeouts.idle,
            retries: self.retries,
            retry_budget_percent: self.retry_budget_percent,
            queue_timeout: self.places.queue_timeout,
            balance_factor: self.places.balance_factor,
            on_move: self.route.on_move,
            on_move_rate: self.route.on_move_rate,
            drain_timeout: self.drain_timeout,
            serve_admin_paths: self.assignment,
            record_answered: self.record_requests.is_some(),
            access_log: None,
            connections_per_source: self.connections.per_source,
            accept_proxy: self.connections.accept_proxy,
            source: self.connections.source,
            connections_max: room.connections,
            splice: if room.pipes == 0 { Splice::Never } else { Splice::Bulk },
            pipe_bytes: self.pipes.bytes,
            large_pipe_bytes: self.pipes.large_bytes,
            pipes_max: room.pipes,
        }
    }

    /// The control plane's part; `state_dir` is this front's own folder, `instance` its name.
    pub(crate) fn admin(&self, state_dir: &Path, instance: String) -> AdminConfig {
        AdminConfig {
            listen: self.admin.clone(),
            access: self.access.clone(),
            ring: self.ring,
            replicas: self.replicas,
            replicas_given: self.replicas_given,
            launch: self.launch.clone(),
            backends: self.backends.clone(),
            backends_file: self.backends_file.clone(),
            discover: self.discover.clone(),
            replica_check: self.checks.replica.clone(),
            backend_check: self.checks.backend.clone(),
            max_ejected_percent: self.checks.max_ejected_percent,
            replica_send_proxy: self.connections.replica_send_proxy,
            names: self.names.clone(),
            drain_timeout: self.drain_timeout,
            places: self.places.limits,
            record_requests: self.record_requests,
            replicas_max: REPLICAS_MAX,
            state_dir: state_dir.to_owned(),
            instance,
            keep_replicas: self.keep_replicas,
            autoscale: self.autoscale,
            access_log: None,
        }
    }
}

fn workers(asked: Option<usize>, around: &Surroundings) -> Result<usize, ConfigError> {
    let workers = asked.unwrap_or(around.cpus);
    within("--workers", workers as u64, 1, WORKERS_MAX as u64)?;
    Ok(workers)
}

fn retries(asked: Option<u32>) -> Result<u32, ConfigError> {
    let retries = asked.unwrap_or(3);
    within("--retries", u64::from(retries), 0, u64::from(RETRIES_MAX))?;
    Ok(retries)
}

/// Zero is "never replayed": nothing is held then either.
fn retry_budget(asked: Option<u32>) -> Result<u32, ConfigError> {
    let percent = asked.unwrap_or(100);
    within("--retry-budget", u64::from(percent), 0, u64::from(RETRY_BUDGET_PERCENT_MAX))?;
    Ok(percent)
}

/// Zero is "not recorded", as for a duration.
fn record_requests(asked: Option<usize>, assignment: bool) -> Result<Option<usize>, ConfigError> {
    let ids = asked.unwrap_or(if assignment { RECORDED_REQUESTS } else { 0 });
    within("--record-requests", ids as u64, 0, RECORDED_REQUESTS_MAX as u64)?;
    Ok((ids > 0).then_some(ids))
}

fn timeouts(args: &ServeArgs) -> Timeouts {
    Timeouts {
        connect: or_secs(args.connect_timeout, 1),
        head: or_secs(args.head_timeout, 5),
        first_byte: or_secs(args.first_byte_timeout, 30),
        idle: or_secs(args.idle_timeout, 3600),
    }
}

fn or_secs(asked: Option<Period>, seconds: u64) -> Duration {
    asked.map_or(Duration::from_secs(seconds), |period| period.0)
}

fn within(flag: &'static str, value: u64, least: u64, most: u64) -> Result<(), ConfigError> {
    if (least..=most).contains(&value) { Ok(()) } else { Err(ConfigError::OutOfRange { flag, value, least, most }) }
}
