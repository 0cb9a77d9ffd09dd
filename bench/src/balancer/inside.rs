//! An `lb serve` in a container of its own, on its replicas' network and with the engine's socket: as Compose runs it.
//!
//! It is reached by the container's address, which the host has a route to. It ends with this; its replicas are its own
//! business until then, and the [`Pool`]'s afterwards.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use anyhow::{Context, bail};
use tokio::time::{Duration, Instant, sleep};

use super::Admin;
use crate::engine::{Engine, HOST_VARIABLE, pool::Pool};

/// Its ports, in the container.
const FRONT_PORT: u16 = 5000;
const ADMIN_PORT: u16 = 5001;
/// The engine's socket where nobody says otherwise.
const SOCKET: &str = "/var/run/docker.sock";
/// How long it may take until its admin API answers.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);
/// Between two looks at it.
const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// How long it may take to stop its replicas, in seconds; then it is killed.
const STOPPED_WITHIN_S: &str = "15";

/// A container with `lb serve`.
#[derive(Debug)]
pub(super) struct InsideLb {
    /// Its front.
    pub(super) front: SocketAddr,
    /// Its admin API.
    pub(super) admin: SocketAddr,
    container: Container,
}

#[derive(Debug)]
struct Container {
    engine: Engine,
    name: String,
}

impl InsideLb {
    /// Starts `image serve` with `flags` in the pool's network.
    pub(super) async fn start(pool: &Pool, image: &str, replicas: u32, flags: &[&str]) -> anyhow::Result<Self> {
        let container = Container { engine: pool.engine.clone(), name: pool.container("balancer") };
        let (mount, host) = socket(pool.engine.host())?;
        let (front, admin) = (format!("0.0.0.0:{FRONT_PORT}"), format!("0.0.0.0:{ADMIN_PORT}"));
        let (replicas, variable) = (replicas.to_string(), format!("{HOST_VARIABLE}={host}"));
        let run = ["run", "--detach", "--name", &container.name, "--network", &pool.name, "--user", "0:0"];
        let state = ["--volume", &mount, "--env", &variable, "--tmpfs", "/state", image];
        let serve = ["serve", "--front", &front, "--admin", &admin, "--admin-open", "--state-dir", "/state"];
        let command = [&run[..], &state, &serve, &["--replicas", &replicas], flags].concat();
        container.engine.run(&command).await.context("the balancer's container can't be started")?;
        let address = ["inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"];
        let address = container.engine.run(&[&address[..], &[&container.name]].concat()).await?;
        let ip: IpAddr = address.parse().with_context(|| container.last_words("has no address"))?;
        let lb = Self { front: (ip, FRONT_PORT).into(), admin: (ip, ADMIN_PORT).into(), container };
        lb.until_answered().await?;
        Ok(lb)
    }

    async fn until_answered(&self) -> anyhow::Result<()> {
        let deadline = Instant::now() + ANSWERS_WITHIN;
        while let Err(error) = Admin::new(self.admin).replicas().await {
            if Instant::now() > deadline || self.container.engine.pid(&self.container.name).await.is_err() {
                bail!("{}: {error:#}", self.container.last_words("doesn't answer"));
            }
            sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }
}

/// What is mounted, and where the engine is from inside. The directory of a socket that isn't the usual one is mounted
/// whole: an engine that starts again makes its socket anew, and a mount of the old one would lead nowhere.
fn socket(host: Option<&str>) -> anyhow::Result<(String, String)> {
    let of_environment = std::env::var(HOST_VARIABLE).ok();
    let Some(host) = host.or(of_environment.as_deref()) else {
        return Ok((format!("{SOCKET}:{SOCKET}"), format!("unix://{SOCKET}")));
    };
    let path = host.strip_prefix("unix://").map(Path::new);
    let parts = path.and_then(|path| Some((path.parent()?.to_str()?, path.file_name()?.to_str()?)));
    let (dir, file) = parts.with_context(|| format!("--inside needs an engine on a unix socket, not {host}"))?;
    Ok((format!("{dir}:/engine"), format!("unix:///engine/{file}")))
}

impl Container {
    /// What is wrong with it, and the end of what it has said.
    fn last_words(&self, wrong: &str) -> String {
        format!("the balancer's container {wrong}: {}", self.engine.last_words(&self.name))
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        // What can't be stopped is removed with the pool.
        let _stopped = self.engine.run_now(&["stop", "--time", STOPPED_WITHIN_S, &self.name]);
    }
}
