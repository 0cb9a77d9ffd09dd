//! The `docker` runtime: a replica is a container.
//!
//! - [`spec`]: what exactly is created for an order. Pure.
//! - [`launcher`]: creates, starts, adopts; a bounded number at a time.
//! - [`replica`]: one container, its news and its end.
//! - [`watch`]: what happens to all of them. Events are hints, a list by label every few seconds is the truth, and an
//!   engine that doesn't answer says nothing about replicas: they are taken to live on.
//! - [`ledger`]: which containers are ours and shouldn't be there. Pure.
//! - [`names`]: what is done about a name that is taken. Pure.
//! - [`reach`]: by which address a container is reached.
//! - [`removal`]: removes in the background, for as long as it takes.
//!
//! A container is ours by its label `lb.instance`, which is this state directory's; its name is only what people call
//! it. Nothing here names bollard: [`super::docker`] does.

mod launcher;
mod ledger;
mod names;
mod reach;
mod removal;
mod replica;
mod spec;
mod watch;

pub(crate) use launcher::ContainerLauncher;
pub(crate) use reach::{is_in_container, is_ours};

use super::docker::Engine;
use crate::config::DockerConfig;

/// Why no container could be started now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DockerUnready {
    /// It doesn't answer, or not as it should.
    #[error("{0}: start Docker, set DOCKER_HOST, or use --runtime process")]
    Engine(String),
    /// Nothing to make containers of.
    #[error("the Docker engine has no image '{0}': build it with `docker build -t {0} .`, or give another --image")]
    NoImage(String),
}

impl DockerUnready {
    /// What is missing, without what to do about it.
    pub fn in_short(&self) -> String {
        match self {
            Self::Engine(why) => why.clone(),
            Self::NoImage(image) => format!("the Docker engine has no image '{image}'"),
        }
    }
}

/// Asks the engine, for a few seconds at the most, whether it is there and has the image.
///
/// # Errors
/// It isn't, or hasn't; one line that says what to do.
pub async fn look(config: &DockerConfig) -> Result<(), DockerUnready> {
    let engine = Engine::from_environment();
    match engine.has_image(&config.image).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(DockerUnready::NoImage(config.image.clone())),
        Err(error) => Err(DockerUnready::Engine(error.to_string())),
    }
}
