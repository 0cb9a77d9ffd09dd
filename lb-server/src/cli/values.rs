//! The words that flags take, where they are a choice of a few. What a choice means is [`crate::config`]'s business.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// `--discover`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Discover {
    /// Containers with the label lb.enable=true, of the engine that DOCKER_HOST names
    Docker,
}

/// `--docker-reach`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DockerReach {
    /// network where lb runs in a container on that network, else port
    Auto,
    /// By their own address on the network
    Network,
    /// By a port published on 127.0.0.1
    Port,
}

/// `--on-move`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OnMove {
    /// It stays
    Keep,
    /// It may go on for the drain timeout
    Drain,
    /// It is reset
    Close,
}

/// `--log`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// Lines for people
    Text,
    /// An object a line
    Json,
}

/// `--send-proxy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SendProxy {
    /// A line of text
    V1,
    /// Binary
    V2,
}

/// `--runtime`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Runtime {
    /// Child processes of this one
    Process,
    /// Containers of the Docker engine that DOCKER_HOST names
    Docker,
    /// docker where it can, else process; says which
    Auto,
}

/// `--hash`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Hash {
    /// Highest weighted score per slot
    Rendezvous,
    /// Virtual nodes on a circle
    Ring,
    /// Google's table
    Maglev,
    /// The functions of the assignment's text
    Assignment,
}

/// `--probing`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Probing {
    /// The next slot
    Linear,
    /// The slots at 1, 4, 9, …
    Quadratic,
}

/// `--affinity`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Affinity {
    /// The first request decides for its connection
    Connection,
    /// Every request decides for itself
    Request,
}

/// `--mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mode {
    /// The key is looked for in the request
    Http,
    /// The key is the client address
    Tcp,
}

/// `--non-http`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum NonHttp {
    /// Forwarded, keyed by the client address
    Raw,
    /// Closed
    Reject,
}

/// `--profile`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Profile {
    /// The university assignment's scripts run unchanged
    Assignment,
}
