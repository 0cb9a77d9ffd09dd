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
