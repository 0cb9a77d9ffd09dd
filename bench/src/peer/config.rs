//! The balancers that are compared, each with its configuration from `bench/peers/`: one worker, three backends, the
//! settings that its own manual advises. The files are templates: `{front}`, `{backend1}`… and `{dir}` are filled in.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use tokio::time::{Instant, sleep};

use super::pinned::on_last_cpu;
use super::process::{Process, TempDir, first_line_of, on_path};
use crate::balancer::{Admin, Turns};
use crate::load::{Client, Connections, Gauge, Plan, run as run_load};

/// Backends in every configuration.
pub(crate) const BACKENDS: usize = 3;
/// How long a peer may take until it answers.
const READY_WITHIN: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(5);
/// Below the kernel's default range for outgoing connections, which would take a listener's port.
const PORTS: std::ops::Range<u16> = 20_000..32_000;
/// Where distributions put nginx's modules; where there is none, `stream` is built in.
const STREAM_MODULES: [&str; 2] =
    ["/usr/lib/nginx/modules/ngx_stream_module.so", "/usr/lib64/nginx/modules/ngx_stream_module.so"];

/// Who is between client and backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Peer {
    /// Ours.
    Lb,
    /// HAProxy, layer 4, round robin.
    HaproxyTcp,
    /// The same with splicing forced.
    HaproxySplice,
    /// The same by a hash of the request id.
    HaproxyHash,
    /// nginx, layer 4.
    NginxStream,
    /// nginx, layer 7.
    NginxHttp,
    /// Nobody.
    Direct,
}

impl Peer {
    /// All of them, ours first.
    pub(crate) const ALL: [Self; 7] = [
        Self::Lb,
        Self::HaproxyTcp,
        Self::HaproxySplice,
        Self::HaproxyHash,
        Self::NginxStream,
        Self::NginxHttp,
        Self::Direct,
    ];

    /// In tables, on the command line, and the stem of its configuration.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Lb => "lb",
            Self::HaproxyTcp => "haproxy-tcp",
            Self::HaproxySplice => "haproxy-splice",
            Self::HaproxyHash => "haproxy-hash",
            Self::NginxStream => "nginx-stream",
            Self::NginxHttp => "nginx-http",
            Self::Direct => "direct",
        }
    }

    /// Its configuration, not filled in.
    pub(crate) fn template(self) -> &'static str {
        match self {
            Self::Lb => include_str!("../../peers/lb.toml"),
            Self::HaproxyTcp => include_str!("../../peers/haproxy-tcp.cfg"),
            Self::HaproxySplice => include_str!("../../peers/haproxy-splice.cfg"),
            Self::HaproxyHash => include_str!("../../peers/haproxy-hash.cfg"),
            Self::NginxStream => include_str!("../../peers/nginx-stream.conf"),
            Self::NginxHttp => include_str!("../../peers/nginx-http.conf"),
            Self::Direct => "",
        }
    }

    /// Its program: `lb` for ours, else what is on PATH. None: not here, or none is needed.
    pub(crate) fn program(self, lb: &Path) -> Option<PathBuf> {
        match self {
            Self::Lb => Some(lb.to_owned()),
            Self::HaproxyTcp | Self::HaproxySplice | Self::HaproxyHash => on_path("haproxy"),
            Self::NginxStream | Self::NginxHttp => on_path("nginx"),
            Self::Direct => None,
        }
    }

    /// Its program's own words about its version.
    pub(crate) fn version(self, program: &Path) -> String {
        first_line_of(program, if self == Self::Lb { &["--version"] } else { &["-v"] })
    }

    /// Whether it promises the same backend for the same id.
    fn is_by_id(self) -> bool {
        matches!(self, Self::Lb | Self::HaproxyHash)
    }

    fn command(self, program: &Path, config: &Path, dir: &Path) -> Command {
        let mut command = Command::new(program);
        match self {
            Self::Lb => command.args(["serve", "--config"]).arg(config),
            Self::NginxStream | Self::NginxHttp => command.arg("-p").arg(dir).args(["-e", "stderr", "-c"]).arg(config),
            _ => command.arg("-db").arg("-f").arg(config),
        };
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command
    }
}

/// A peer that answers.
#[derive(Debug)]
pub(crate) struct RunningPeer {
    /// Where requests go.
    pub(crate) front: SocketAddr,
    /// None for `direct`.
    pub(crate) process: Option<Process>,
    /// Ours only.
    pub(crate) admin: Option<Admin>,
}

impl RunningPeer {
    /// Starts it before `backends` and waits until it answers a request.
    pub(crate) async fn start(peer: Peer, lb: &Path, backends: &[SocketAddr]) -> anyhow::Result<Self> {
        let Some(program) = peer.program(lb) else {
            return Ok(Self { front: backends[0], process: None, admin: None });
        };
        let (front, admin) = (free_addr()?, free_addr()?);
        let dir = TempDir::new().context("a temporary directory can't be made")?;
        let config = dir.path().join("config");
        fs::write(&config, filled_in(peer.template(), (front, admin), backends, dir.path()))?;
        let mut command = peer.command(&program, &config, dir.path());
        let process = on_last_cpu(|| Process::start(&mut command, dir))?;
        wait_until_answered(peer, front, &process).await?;
        if peer.is_by_id() {
            check_affinity(peer, front).await?;
        }
        let admin = (peer == Peer::Lb).then(|| Admin::new(admin));
        Ok(Self { front, process: Some(process), admin })
    }

    /// How long the turns of our own workers took; of others nothing is known.
    pub(crate) async fn turns(&self) -> anyhow::Result<Turns> {
        let Some(admin) = &self.admin else { return Ok(Turns::default()) };
        Ok(admin.metrics().await?.as_ref().map(Turns::of).unwrap_or_default())
    }
}

async fn wait_until_answered(peer: Peer, front: SocketAddr, process: &Process) -> anyhow::Result<()> {
    let deadline = Instant::now() + READY_WITHIN;
    let plan =
        Plan { connections: Connections::OnePerRequest, request_timeout: READY_WITHIN, ..Plan::each_once(front, 1) };
    let mut client = Client::of(&plan);
    loop {
        let answer = client.ask(1).await.map(drop);
        match answer {
            Ok(()) => return Ok(()),
            Err(_) if process.has_ended() => bail!("{} ended at once: {}", peer.name(), process.last_words()),
            Err(kind) if Instant::now() > deadline => {
                bail!("{} doesn't answer ({kind}): {}", peer.name(), process.last_words())
            }
            Err(_) => sleep(LOOK_AGAIN).await,
        }
    }
}

/// A configuration that is accepted but spreads by something else would win or lose another race than it runs in.
async fn check_affinity(peer: Peer, front: SocketAddr) -> anyhow::Result<()> {
    let plan = Plan { ids: 1..=1, concurrency: 1, ..Plan::each_once(front, 4 * BACKENDS as u64) };
    let tally = run_load(&plan, &Gauge::default()).await;
    let answered = tally.per_replica();
    ensure!(answered.len() == 1, "{}: one id is answered by {} backends: {answered:?}", peer.name(), answered.len());
    Ok(())
}

fn filled_in(template: &str, (front, admin): (SocketAddr, SocketAddr), backends: &[SocketAddr], dir: &Path) -> String {
    let module = STREAM_MODULES.iter().find(|module| Path::new(module).is_file());
    let load_module = module.map_or_else(String::new, |module| format!("load_module {module};"));
    let mut text = template
        .replace("{front}", &front.to_string())
        .replace("{admin}", &admin.to_string())
        .replace("{dir}", &dir.to_string_lossy());
    text = text.replace("{load_stream_module}", &load_module);
    for (index, backend) in backends.iter().enumerate() {
        text = text.replace(&format!("{{backend{}}}", index + 1), &backend.to_string());
    }
    text
}

/// A loopback address that nobody listens on.
fn free_addr() -> anyhow::Result<SocketAddr> {
    for _ in 0..100 {
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", fastrand::u16(PORTS))) {
            return Ok(listener.local_addr()?);
        }
    }
    bail!("no free port on loopback between {} and {}", PORTS.start, PORTS.end);
}

#[cfg(test)]
mod tests;
