//! What the control plane is started with. Built and checked by lb-server's `config`; what a reload changes
//! of it is [`Settings`], the rest is constant.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use lb_core::backend::ProxyVersion;
use lb_core::backend::places::PlaceLimits;
use lb_core::ring::RingConfig;

pub use self::backend::{BackendError, StaticBackend};
pub use self::check::{Check, CheckKind, CheckKindError, OwnCheck, StatusSet, StatusSetError};
pub use self::settings::Settings;
use crate::access_log::Counts;
use crate::token::Token;

mod backend;
mod check;
mod settings;

/// Settings of the control plane. A duration of zero means "none".
#[derive(Clone, Debug)]
pub struct AdminConfig {
    /// Where the admin API listens; `None`: no listener (profile `assignment` with the default port taken by a front).
    pub listen: Option<AdminAddr>,
    /// Who may change things through it, and under which names it is reached.
    pub access: Access,
    /// The ring's rule, slots and seed.
    pub ring: RingConfig,
    /// Replicas to start with; `/add` and `/rm` move the target from there.
    pub replicas: u32,
    /// Whether somebody asked for just this many: then it wins over what an earlier run has left.
    pub replicas_given: bool,
    /// How a replica is started.
    pub launch: LaunchConfig,
    /// Backends that somebody else runs.
    pub backends: Vec<StaticBackend>,
    /// More of them, which come and go.
    pub backends_file: Option<BackendsFile>,
    /// And labelled containers.
    pub discover: Option<DockerDiscovery>,
    /// The check of replicas.
    pub replica_check: Check,
    /// The check of `backends`.
    pub backend_check: Check,
    /// When more than this share of the members, in percent, would be out because their checks time out or go wrong,
    /// the checks are suspected and not believed; 100: only when otherwise nobody would be left.
    pub max_ejected_percent: u32,
    /// Whether each connection to a replica begins with a PROXY header.
    pub replica_send_proxy: Option<ProxyVersion>,
    /// How names are made.
    pub names: Names,
    /// How long a removed backend's sessions may go on.
    pub drain_timeout: Duration,
    /// The places that each backend has, and how many sessions may wait for one; `None`: nobody counts.
    pub places: Option<PlaceLimits>,
    /// How many ids are kept per replica for `/requests/NAME`; `None`: not recorded.
    pub record_requests: Option<usize>,
    /// Most replicas there may be (the cap on `/add`).
    pub replicas_max: u32,
    /// Where the replicas' output goes; what those that died wrote is removed on a normal stop. What survives a
    /// restart is kept there too.
    pub state_dir: PathBuf,
    /// Names this state: replicas carry it as a mark. Random, made once for `state_dir`.
    pub instance: String,
    /// `--keep-replicas`: at a normal stop they go on running, for the next `lb serve` to take over.
    pub keep_replicas: bool,
    /// Whether the number of replicas follows the load.
    pub autoscale: Option<AutoscaleConfig>,
    /// What became of the access log's lines, where there is one.
    pub access_log: Option<Arc<Counts>>,
}

/// `--access-log` and `--access-log-keys`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessLogConfig {
    /// Where lines go.
    pub target: AccessLogTarget,
    /// Whether they carry the keys themselves.
    pub raw_keys: bool,
}

/// Where the access log's lines go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccessLogTarget {
    /// Our own stdout, on which nothing else is written.
    Stdout,
    /// The end of a file.
    File(PathBuf),
}

/// `--autoscale`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AutoscaleConfig {
    /// Fewest replicas; at least 1.
    pub min: u32,
    /// Most replicas, `/add` included.
    pub max: u32,
    /// Sessions that each replica shall have; at least 1.
    pub target_inflight: u32,
    /// CPU that each replica shall use, in percent of one CPU; at least 1.
    pub target_cpu: Option<u32>,
    /// How long there must be no need before one is removed, and the rest after a change by hand.
    pub cooldown: Duration,
}

/// `--admin`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdminAddr {
    /// TCP.
    Tcp(SocketAddr),
    /// `unix:PATH`.
    Unix(PathBuf),
}

/// `--admin-token-file`, `--admin-host` and `--admin-rate`.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// What every change must carry; `None`: nothing is asked for.
    pub token: Option<Token>,
    /// Names beside IP addresses and localhost under which the API may be asked, in lower case, without a final dot;
    /// each as `NAME` (with any port) or `NAME:PORT`.
    pub hosts: Vec<String>,
    /// Changes a second that are taken, four times as many at once; 0: as many as come.
    pub changes_per_second: u32,
}

/// What a replica is, and how it is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LaunchConfig {
    /// `--runtime process`.
    Process(ProcessConfig),
    /// `--runtime docker`.
    Docker(DockerConfig),
}

/// What a replica is, for the `process` runtime.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessConfig {
    /// The program and its arguments, `{port}` and `{name}` not yet filled in.
    pub argv: Vec<String>,
    /// Our own binary: started as `SELF launch -- ARGV…`, it makes a new session and becomes the program.
    pub launcher: PathBuf,
}

/// What a replica is, for the `docker` runtime. Nothing of it can be said through the admin API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DockerConfig {
    /// `--image`; never pulled.
    pub image: String,
    /// The container's command, `{port}` and `{name}` not yet filled in; `None`: the image's own.
    pub command: Option<Vec<String>>,
    /// `--network`: made as a bridge where it isn't there.
    pub network: String,
    /// `--replica-port`: where a replica listens in its container (`PORT` in its environment).
    pub port: u16,
    /// `--container-name`: `{pool}`, `{name}`, and `{n}` = the seat's number.
    pub container_name: String,
    /// `--pool`.
    pub pool: String,
    /// `--memory`, in bytes, without swap; `None`: no limit.
    pub memory_bytes: Option<u64>,
    /// `--cpus`, in thousand millionths; `None`: no limit.
    pub nano_cpus: Option<u64>,
    /// `--pids-limit`: processes and threads; `None`: no limit.
    pub pids_max: Option<u32>,
    /// `--writable-root`.
    pub writable_root: bool,
    /// `--docker-reach`.
    pub reach: DockerReach,
    /// How long a container that ended by itself stays for somebody to look at; zero: removed at once.
    pub keep_dead: Duration,
}

/// `--docker-reach`: by which address containers are reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DockerReach {
    /// `Network` where we run in a container on that network, else `Port`.
    Auto,
    /// Their own address on the network.
    Network,
    /// A port published on 127.0.0.1.
    Port,
}

/// `--backends-file`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackendsFile {
    /// Watched for changes.
    pub path: PathBuf,
    /// What it said when it was read first.
    pub backends: Vec<StaticBackend>,
}

/// `--discover docker`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DockerDiscovery {
    /// `--network`: where a container is on it, its address there is the one that counts.
    pub network: String,
}

/// The patterns by which names are made; each holds `{n}` exactly where SPEC 1 says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// `--names`: the first N, `{n}` counted from 1.
    pub first: String,
    /// `--new-names`: those made up later, `{n}` = six random digits.
    pub made_up: String,
    /// `--server-id`: what a replica is told to be; `{name}` and `{n}` (its seat's number).
    pub server_id: String,
}

#[cfg(test)]
pub(crate) mod sample;
