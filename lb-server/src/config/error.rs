//! Why a configuration was refused: one line each, what is wrong and how to mend it. Exit code 3.

use std::net::SocketAddr;
use std::path::PathBuf;

use lb_admin::membership::names::PatternError;
use lb_core::backend::WeightError;
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

    #[error("{flag} {value}: must be {least} to {most}")]
    OutOfRange { flag: &'static str, value: u64, least: u64, most: u64 },

    #[error("--front {0} is given twice: leave one out")]
    FrontTwice(SocketAddr),
    #[error("--front: at least one address is needed")]
    NoFront,
    #[error("--admin '{0}': write a loopback address such as 127.0.0.1:5001, or unix:PATH")]
    AdminSyntax(String),
    #[error("--admin {0} can be reached from other machines and has no token: use 127.0.0.1:{port} or unix:PATH", port = .0.port())]
    AdminOpen(SocketAddr),
    #[error("--front {front} and the admin API ({admin}) want the same port: give --admin another one")]
    AdminOnFront { front: SocketAddr, admin: SocketAddr },

    #[error("--backend '{text}': {why}; write NAME=HOST:PORT or NAME=HOST:PORT,weight=2,send-proxy=v2")]
    Backend { text: String, why: &'static str },
    #[error("--backend '{text}': {source}")]
    BackendWeight { text: String, source: WeightError },
    #[error("--backend: the name '{0}' is given twice: names must differ")]
    BackendTwice(String),
    #[error("--backend '{0}' has the name of a replica: rename it, or the replicas by --names")]
    BackendIsReplica(String),
    #[error("--check '{0}': write a path such as /heartbeat, or tcp")]
    Check(String),

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
    #[error("--command \"{text}\": {why}")]
    CommandSyntax { text: String, why: String },
    #[error("--command: the program '{0}' is not found in PATH, or may not be run: give its path")]
    CommandNotFound(String),

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

    #[error("--hash-key-file {}: {source}", path.display())]
    SecretUnreadable { path: PathBuf, source: std::io::Error },
    #[error("--hash-key-file {}: must hold 32 hex digits; make one with `openssl rand -hex 16`", path.display())]
    SecretWrong { path: PathBuf },
}
