//! Why a configuration was refused: one line each, what is wrong and how to mend it. Exit code 3.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use lb_admin::config::{BackendError, CheckKindError, StatusSetError};
use lb_admin::discovery::file::FileError;
use lb_admin::membership::names::PatternError;
use lb_admin::token::TokenError;
use lb_core::ring::RingConfigError;
use lb_core::session::balance::BalanceFactorError;
use lb_core::session::key::KeySourceError;

/// What doesn't go. All of these are found before anything is started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("--config {}: {source}", path.display())]
    FileUnreadable { path: PathBuf, source: std::io::Error },
    #[error("--config {}, line {line}: {why}", path.display())]
    FileWrong { path: PathBuf, line: usize, why: String },

    #[error("--config {}, line {line}: {source}", path.display())]
    InFile { path: PathBuf, line: usize, source: Box<ConfigError> },

    #[error("{flag} {value}: must be {least} to {most}")]
    OutOfRange { flag: &'static str, value: u64, least: u64, most: u64 },

    #[error("--front {0} is given twice: leave one out")]
    FrontTwice(SocketAddr),
    #[error("--front: at least one address is needed")]
    NoFront,
    #[error("--admin '{0}': write an address such as 127.0.0.1:5001, or unix:PATH")]
    AdminSyntax(String),
    #[error(
        "--admin {0} can be reached from other machines and has no token: use 127.0.0.1:{port} or unix:PATH, give \
         --admin-token-file FILE, or say --admin-open", port = .0.port()
    )]
    AdminOpen(SocketAddr),
    #[error("--admin-open lets everybody change things, --admin-token-file doesn't: leave one of the two out")]
    AdminOpenWithToken,
    #[error("--admin-token-file {}: {source}", path.display())]
    TokenUnreadable { path: PathBuf, source: std::io::Error },
    #[error("--admin-token-file {}: {source}; make one with `openssl rand -base64 24`", path.display())]
    TokenWrong { path: PathBuf, source: TokenError },
    #[error("--admin-host '{0}': write a name such as lb.example, or with a port: lb.example:5001")]
    AdminHost(String),
    #[error("--front {front} and the admin API ({admin}) want the same port: give --admin another one")]
    AdminOnFront { front: SocketAddr, admin: SocketAddr },

    #[error("--backend {0}")]
    Backend(#[from] BackendError),
    #[error("--backend: the name '{0}' is given twice: names must differ")]
    BackendTwice(String),
    #[error("--backend '{0}' has the name of a replica: rename it, or the replicas by --names")]
    BackendIsReplica(String),
    #[error(transparent)]
    BackendsFile(#[from] FileError),
    #[error("--check {0}")]
    Check(CheckKindError),
    #[error("--check-status {0}")]
    CheckStatus(#[from] StatusSetError),
    #[error("--check-status has no meaning with --check tcp, which asks for no path: leave one of the two out")]
    StatusOfTcp,
    #[error("{flag} {time:?}: must be 10ms to 1h")]
    CheckTime { flag: &'static str, time: Duration },

    #[error("--send-proxy needs a --command that reads the header: the sample replica (`lb replica`) doesn't")]
    SendProxyToSample,
    #[error("--source '{0}': write an address of this machine, or with a range of ports: 10.0.0.7:20000-40000")]
    Source(String),
    #[error("--connections {connections} is less than one for each of {workers} workers: raise it or lower --workers")]
    FewerConnectionsThanWorkers { connections: usize, workers: usize },

    #[error("{flag} {source}; write for example 'S{{n}}'")]
    Names { flag: &'static str, source: PatternError },
    #[error("--server-id '{0}': must not be empty and must not hold control characters")]
    ServerId(String),

    #[error("--image '{0}': write the name of an image, such as lb:latest")]
    Image(String),
    #[error("--network '{0}': write a name for a network of your own; it is made where it isn't there")]
    Network(String),
    #[error("--pool '{0}': at most 63 of A-Z a-z 0-9 _ . - beginning with a letter or digit")]
    Pool(String),
    #[error("--container-name '{0}': must hold {{name}} or {{n}}, and give names such as {{pool}}-{{name}}")]
    ContainerName(String),
    #[error("--memory '{0}': write bytes or 256m or 1g, 6m at the least, or 0 for no limit")]
    Memory(String),
    #[error("--cpus '{0}': write 0.01 to 1024, as in 0.5, or 0 for no limit")]
    Cpus(String),
    #[error("{flag} is for containers: add --runtime docker, or leave it out")]
    OnlyDocker { flag: &'static str },
    #[error("--network is for containers: add --runtime docker or --discover docker, or leave it out")]
    NetworkOfNobody,
    #[error("--command \"{text}\": {why}")]
    CommandSyntax { text: String, why: String },
    #[error("--command: the program '{0}' is not found in PATH, or may not be run: give its path")]
    CommandNotFound(String),

    #[error("--autoscale '{text}': {why}; write for example min=2,max=8,target-inflight=20,cooldown=30s")]
    Autoscale { text: String, why: String },
    #[error("--replicas {replicas} is outside of --autoscale min={min},max={max}: leave it out, or give one between")]
    ReplicasOutsideAutoscale { replicas: u32, min: u32, max: u32 },
    #[error(
        "the ring holds {fit} backends with this --hash, --slots and --probing, --autoscale may want {asked}: lower max"
    )]
    AutoscaleRing { asked: u32, fit: u32 },

    #[error("{flag} goes with --max-connections only: leave it out or set --max-connections")]
    QueueWithoutLimit { flag: &'static str },
    #[error("--balance-factor {0}")]
    BalanceFactor(#[from] BalanceFactorError),

    #[error("--key: {0}")]
    Key(#[from] KeySourceError),
    #[error("{source} (the rule is --hash {hash})")]
    Ring { hash: &'static str, source: RingConfigError },
    #[error("--vnodes goes with --hash ring only: leave it out or add --hash ring")]
    VnodesWithoutRing,
    #[error("--probing goes with --hash assignment only: leave it out or add --hash assignment")]
    ProbingWithoutAssignment,
    #[error("--backend '{0}' has a weight, --hash assignment has none: leave the weight out or take another --hash")]
    WeightWithAssignment(String),
    #[error(
        "the ring holds {fit} backends with this --hash, --slots and --probing, {asked} are asked for: lower --replicas"
    )]
    RingFull { asked: u32, fit: u32 },

    #[error("{flag} has no meaning with --mode tcp, where nothing is read: leave one of the two out")]
    NotWithTcp { flag: &'static str },
    #[error("--profile assignment needs --affinity request: leave --affinity out")]
    ProfileNeedsRequests,

    #[error("--log-level '{0}': write error, warn, info, debug or trace, also by part: info,lb_admin::health=debug")]
    LogLevel(String),
    #[error("--access-log: write off, stdout, or the path of a file")]
    AccessLog,
    #[error("--access-log-keys goes with --access-log only: leave it out or add --access-log stdout or a file")]
    KeysWithoutAccessLog,

    #[error("--hash-key-file {}: {source}", path.display())]
    SecretUnreadable { path: PathBuf, source: std::io::Error },
    #[error("--hash-key-file {}: must hold 32 hex digits; make one with `openssl rand -hex 16`", path.display())]
    SecretWrong { path: PathBuf },
}
