//! The engine: every word that is exchanged with Docker, and nothing of what it is for. The only file that names bollard.
//!
//! Each call has a deadline of its own, so an engine that hangs costs whoever asked that long and nobody else anything;
//! each gives plain types of ours, or an [`EngineError`] that fits one line. The engine is where `DOCKER_HOST` says
//! (`unix://` or `tcp://`), else at Docker's usual socket; the version is agreed upon at the first call that succeeds.
//! No call builds, pulls, executes in a container or reads an image's content.
//!
//! `CALLS` is the whole list, for a socket proxy that is to allow just those; `docs/docker-api.md` shows it to users,
//! and a test holds the two together. Neighbours: [`super::container`] and [`crate::discovery`] know what to ask for and why.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bollard::errors::Error;
use bollard::models::{
    ContainerCreateBody, ContainerInspectResponse, ContainerStateStatusEnum, ContainerSummary,
    ContainerSummaryStateEnum, EndpointSettings, EventMessage, HealthConfig, HostConfig, HostConfigLogConfig,
    NetworkCreateRequest, NetworkingConfig, PortBinding, PortMap, RestartPolicy, RestartPolicyNameEnum,
};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, EventsOptionsBuilder, InspectNetworkOptions, ListContainersOptionsBuilder,
    LogsOptionsBuilder, RemoveContainerOptionsBuilder, RenameContainerOptionsBuilder, StatsOptionsBuilder,
    StopContainerOptionsBuilder,
};
use bollard::{API_DEFAULT_VERSION, Docker};
use futures_util::{Stream, StreamExt};
use tokio::time::timeout;

use super::output::OUTPUT_BYTES_MAX;

pub(super) use self::plain::{Blueprint, Event, Happening};
pub(crate) use self::plain::{Condition, EngineError, Inspected, Listed};

mod plain;

/// Every request that is ever sent, without the version in front.
#[cfg(test)]
pub(super) const CALLS: [&str; 15] = [
    "GET /version",
    "GET /events",
    "GET /images/{image}/json",
    "GET /networks/{network}",
    "POST /networks/create",
    "DELETE /networks/{network}",
    "GET /containers/json",
    "POST /containers/create",
    "POST /containers/{id}/start",
    "GET /containers/{id}/json",
    "POST /containers/{id}/stop",
    "POST /containers/{id}/rename",
    "GET /containers/{id}/logs",
    "GET /containers/{id}/stats",
    "DELETE /containers/{id}",
];

/// Where Docker listens unless `DOCKER_HOST` says otherwise.
const DEFAULT_HOST: &str = "unix:///var/run/docker.sock";
/// For an answer that the engine has in memory.
const ASK_DEADLINE: Duration = Duration::from_secs(5);
/// For one that it works for: creating, starting and removing take a second each, more when many are at it.
const WORK_DEADLINE: Duration = Duration::from_secs(20);
/// bollard's own bound, on the head of an answer only; ours come first.
const CLIENT_DEADLINE_SECS: u64 = 60;
/// Of an engine's own words, so much is passed on.
const WORDS_CHARS_MAX: usize = 300;
/// An event stream begins so far in the past, so that what happens while it is being opened isn't missed.
const EVENTS_OVERLAP: Duration = Duration::from_secs(2);
/// An event that claims to be older tells of two clocks that differ.
const EVENT_AGE_MAX: Duration = Duration::from_secs(60);

/// Events as they come; ends when the engine does.
pub(crate) type Events = Pin<Box<dyn Stream<Item = Result<Event, EngineError>> + Send>>;

/// The way to the engine. Nothing is sent before the first call.
#[derive(Debug)]
pub(crate) struct Engine {
    host: String,
    /// Once the version is agreed upon.
    client: Mutex<Option<Docker>>,
}

impl Engine {
    /// Where `DOCKER_HOST` says.
    pub(crate) fn from_environment() -> Self {
        let host = std::env::var("DOCKER_HOST").ok().filter(|host| !host.is_empty());
        Self { host: host.unwrap_or_else(|| DEFAULT_HOST.to_owned()), client: Mutex::default() }
    }

    #[cfg(test)]
    pub(crate) fn at(host: &str) -> Self {
        Self { host: host.to_owned(), client: Mutex::default() }
    }

    /// Whether an image is there.
    pub(super) async fn has_image(&self, image: &str) -> Result<bool, EngineError> {
        let client = self.client().await?;
        let found = self.within(ASK_DEADLINE, "looking for the image", client.inspect_image(image)).await;
        existence(found.map(|_| ()))
    }

    /// Whether a network is there.
    pub(super) async fn has_network(&self, name: &str) -> Result<bool, EngineError> {
        let client = self.client().await?;
        let asked = client.inspect_network(name, None::<InspectNetworkOptions>);
        existence(self.within(ASK_DEADLINE, "looking for the network", asked).await.map(|_| ()))
    }

    /// The addresses that a network's containers send to what is outside of it; none where there is no such network.
    pub(super) async fn gateways(&self, name: &str) -> Result<Vec<IpAddr>, EngineError> {
        let client = self.client().await?;
        let asked = client.inspect_network(name, None::<InspectNetworkOptions>);
        let configs = match self.within(ASK_DEADLINE, "looking for the network", asked).await {
            Ok(network) => network.ipam.and_then(|ipam| ipam.config).unwrap_or_default(),
            Err(EngineError::NotFound(_)) => Vec::new(),
            Err(error) => return Err(error),
        };
        Ok(configs.into_iter().filter_map(|config| config.gateway?.parse().ok()).collect())
    }

    /// Makes a bridge network.
    pub(super) async fn create_network(&self, name: &str, labels: HashMap<String, String>) -> Result<(), EngineError> {
        let client = self.client().await?;
        let driver = Some("bridge".to_owned());
        let request =
            NetworkCreateRequest { name: name.to_owned(), driver, labels: Some(labels), ..Default::default() };
        self.within(WORK_DEADLINE, "making the network", client.create_network(request)).await.map(|_| ())
    }

    /// Removes a network; an error where a container is in it.
    pub(super) async fn remove_network(&self, name: &str) -> Result<(), EngineError> {
        let client = self.client().await?;
        self.within(WORK_DEADLINE, "removing the network", client.remove_network(name)).await
    }

    /// Every container with this label, running or not.
    pub(crate) async fn list(&self, label: &str) -> Result<Vec<Listed>, EngineError> {
        let client = self.client().await?;
        let filters = HashMap::from([("label", vec![label])]);
        let options = ListContainersOptionsBuilder::new().all(true).filters(&filters).build();
        let listed = self.within(ASK_DEADLINE, "listing containers", client.list_containers(Some(options))).await?;
        Ok(listed.into_iter().filter_map(listed_from).collect())
    }

    /// Makes a container; its id.
    pub(super) async fn create(&self, blueprint: Blueprint) -> Result<String, EngineError> {
        let client = self.client().await?;
        let options = CreateContainerOptionsBuilder::new().name(&blueprint.name).build();
        let created = client.create_container(Some(options), create_body(blueprint));
        Ok(self.within(WORK_DEADLINE, "creating a container", created).await?.id)
    }

    /// Starts it.
    pub(super) async fn start(&self, id: &str) -> Result<(), EngineError> {
        let client = self.client().await?;
        self.within(WORK_DEADLINE, "starting a container", client.start_container(id, None)).await
    }

    /// What is known of it; by id or by name.
    pub(crate) async fn inspect(&self, id_or_name: &str) -> Result<Inspected, EngineError> {
        let client = self.client().await?;
        let found =
            self.within(ASK_DEADLINE, "inspecting a container", client.inspect_container(id_or_name, None)).await?;
        inspected_from(found).ok_or_else(|| EngineError::Refused("a container without id or state".to_owned()))
    }

    /// Asks it to end by the signal that its image wants, and kills it after `grace`. Returns when it has ended.
    pub(super) async fn stop(&self, id: &str, grace: Duration) -> Result<(), EngineError> {
        let client = self.client().await?;
        let seconds = i32::try_from(grace.as_secs()).unwrap_or(i32::MAX);
        let options = StopContainerOptionsBuilder::new().t(seconds).build();
        let stopped = client.stop_container(id, Some(options));
        self.within(grace + WORK_DEADLINE, "stopping a container", stopped).await
    }

    /// Gives it another name.
    pub(super) async fn rename(&self, id: &str, name: &str) -> Result<(), EngineError> {
        let client = self.client().await?;
        let options = RenameContainerOptionsBuilder::new().name(name).build();
        self.within(ASK_DEADLINE, "renaming a container", client.rename_container(id, options)).await
    }

    /// Kills and removes it.
    pub(super) async fn remove(&self, id: &str) -> Result<(), EngineError> {
        let client = self.client().await?;
        let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
        self.within(WORK_DEADLINE, "removing a container", client.remove_container(id, Some(options))).await
    }

    /// The last line that it wrote; may be empty.
    pub(super) async fn last_line(&self, id: &str) -> Result<String, EngineError> {
        Ok(one_line(&String::from_utf8_lossy(&self.last_lines(id, 1).await?)))
    }

    /// The last lines that it wrote, at most [`OUTPUT_BYTES_MAX`] bytes of them.
    pub(super) async fn last_lines(&self, id: &str, lines: usize) -> Result<Vec<u8>, EngineError> {
        let client = self.client().await?;
        let options = LogsOptionsBuilder::new().stdout(true).stderr(true).tail(&lines.to_string()).build();
        let mut parts = Box::pin(client.logs(id, Some(options)));
        let read = async {
            let mut bytes = Vec::new();
            while let Some(part) = parts.next().await {
                bytes.extend_from_slice(&part?.into_bytes());
                if bytes.len() > OUTPUT_BYTES_MAX {
                    bytes.truncate(OUTPUT_BYTES_MAX);
                    break;
                }
            }
            Ok(bytes)
        };
        self.within(ASK_DEADLINE, "reading a container's log", read).await
    }

    /// CPU time that it has used since its start; `None` where it doesn't run.
    pub(super) async fn cpu_time(&self, id: &str) -> Result<Option<Duration>, EngineError> {
        let client = self.client().await?;
        let options = StatsOptionsBuilder::new().stream(false).one_shot(true).build();
        let mut stats = Box::pin(client.stats(id, Some(options)));
        let read = async { stats.next().await.transpose() };
        let found = self.within(ASK_DEADLINE, "reading a container's statistics", read).await?;
        let nanoseconds = found.and_then(|stats| stats.cpu_stats?.cpu_usage?.total_usage);
        Ok(nanoseconds.filter(|used| *used > 0).map(Duration::from_nanos))
    }

    /// What happens from now on to containers with this label.
    pub(crate) async fn events(&self, label: &str) -> Result<Events, EngineError> {
        let client = self.client().await?;
        let what = vec!["start", "die", "destroy", "pause", "unpause"];
        let filters = HashMap::from([("type", vec!["container"]), ("label", vec![label]), ("event", what)]);
        let since = (SystemTime::now() - EVENTS_OVERLAP).duration_since(UNIX_EPOCH).unwrap_or_default();
        let since = since.as_secs().to_string();
        let options = EventsOptionsBuilder::new().since(&since).filters(&filters).build();
        let host = self.host.clone();
        let events = client.events(Some(options)).filter_map(move |event| {
            let event = match event {
                Ok(event) => event_from(event).map(Ok),
                Err(error) => Some(Err(translate(&host, error))),
            };
            std::future::ready(event)
        });
        Ok(Box::pin(events))
    }

    /// The client, its version agreed upon. Until that has worked once, every call tries anew: the engine may come yet.
    async fn client(&self) -> Result<Docker, EngineError> {
        if let Some(client) = self.lock().clone() {
            return Ok(client);
        }
        let client = connect(&self.host).map_err(|error| translate(&self.host, error))?;
        let client = self.within(ASK_DEADLINE, "asking for its version", client.negotiate_version()).await?;
        *self.lock() = Some(client.clone());
        Ok(client)
    }

    async fn within<T>(
        &self,
        deadline: Duration,
        what: &'static str,
        call: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, EngineError> {
        match timeout(deadline, call).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(translate(&self.host, error)),
            Err(_) => Err(EngineError::TimedOut { what, after: deadline }),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Docker>> {
        self.client.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn connect(host: &str) -> Result<Docker, Error> {
    let is_url = |schemes: &[&str]| schemes.iter().any(|scheme| host.starts_with(scheme));
    if is_url(&["tcp://", "http://"]) {
        return Docker::connect_with_http(host, CLIENT_DEADLINE_SECS, API_DEFAULT_VERSION);
    }
    if is_url(&["unix://", "/"]) {
        return Docker::connect_with_unix(host, CLIENT_DEADLINE_SECS, API_DEFAULT_VERSION);
    }
    Err(Error::UnsupportedURISchemeError { uri: host.to_owned() })
}

fn translate(host: &str, error: Error) -> EngineError {
    let absent = |why: String| EngineError::Absent { host: host.to_owned(), why };
    match error {
        Error::DockerResponseServerError { status_code: 404, message } => EngineError::NotFound(one_line(&message)),
        Error::DockerResponseServerError { status_code: 409, message } => EngineError::Conflict(one_line(&message)),
        Error::DockerResponseServerError { status_code: 403, message } => {
            EngineError::Refused(one_line(&format!("forbidden by {host}: {message}")))
        }
        Error::DockerResponseServerError { message, .. } => EngineError::Refused(one_line(&message)),
        Error::SocketNotFoundError(path) => absent(format!("{path} isn't there")),
        Error::UnsupportedURISchemeError { .. } => absent("write unix://PATH or tcp://HOST:PORT".to_owned()),
        Error::RequestTimeoutError => {
            EngineError::TimedOut { what: "a call", after: Duration::from_secs(CLIENT_DEADLINE_SECS) }
        }
        Error::HyperLegacyError { .. } | Error::HyperResponseError { .. } | Error::IOError { .. } => {
            absent(innermost(&error))
        }
        other => EngineError::Refused(one_line(&other.to_string())),
    }
}

/// "Connection refused (os error 111)" says more than "client error (Connect)".
fn innermost(error: &Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    match cause.downcast_ref::<io::Error>() {
        Some(error) => one_line(&error.kind().to_string()),
        None => one_line(&cause.to_string()),
    }
}

fn existence(found: Result<(), EngineError>) -> Result<bool, EngineError> {
    match found {
        Ok(()) => Ok(true),
        Err(EngineError::NotFound(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The last line that isn't blank, printable and cut: an engine's words and a container's go into one line of ours.
fn one_line(text: &str) -> String {
    let line = text.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let printable = |char: char| {
        if char.is_control() { char.escape_default().collect::<String>() } else { char.to_string() }
    };
    line.chars().take(WORDS_CHARS_MAX).map(printable).collect()
}

fn create_body(blueprint: Blueprint) -> ContainerCreateBody {
    let endpoint = EndpointSettings { aliases: Some(vec![blueprint.alias.clone()]), ..Default::default() };
    let endpoints = HashMap::from([(blueprint.network.clone(), endpoint)]);
    // We check health ourselves; what an image's own check would say is read by nobody, and ours is for the balancer.
    let no_check = HealthConfig { test: Some(vec!["NONE".to_owned()]), ..Default::default() };
    ContainerCreateBody {
        healthcheck: Some(no_check),
        hostname: Some(blueprint.hostname.clone()),
        env: Some(blueprint.env.clone()),
        cmd: blueprint.command.clone(),
        image: Some(blueprint.image.clone()),
        labels: Some(blueprint.labels.clone()),
        // A binding of a port that isn't exposed is ignored.
        exposed_ports: blueprint.publish.map(|(_, inner)| vec![format!("{inner}/tcp")]),
        networking_config: Some(NetworkingConfig { endpoints_config: Some(endpoints) }),
        host_config: Some(host_config(&blueprint)),
        ..Default::default()
    }
}

/// What the container may do to its host: as little as there is to be had, and no more than it was given.
fn host_config(blueprint: &Blueprint) -> HostConfig {
    let bindings = blueprint.publish.map(|(outer, inner)| {
        let binding = PortBinding { host_ip: Some("127.0.0.1".to_owned()), host_port: Some(outer.to_string()) };
        HashMap::from([(format!("{inner}/tcp"), Some(vec![binding]))])
    });
    let log = HashMap::from([
        ("max-size".to_owned(), blueprint.log_bytes_max.to_string()),
        ("max-file".to_owned(), "1".to_owned()),
    ]);
    HostConfig {
        memory: blueprint.memory_bytes,
        // As much as memory: no swap, so that what is too much is seen at once.
        memory_swap: blueprint.memory_bytes,
        nano_cpus: blueprint.nano_cpus,
        pids_limit: blueprint.pids_max,
        network_mode: Some(blueprint.network.clone()),
        port_bindings: bindings,
        restart_policy: Some(RestartPolicy { name: Some(RestartPolicyNameEnum::NO), maximum_retry_count: None }),
        cap_drop: Some(vec!["ALL".to_owned()]),
        security_opt: Some(vec!["no-new-privileges:true".to_owned()]),
        readonly_rootfs: Some(blueprint.read_only_root),
        log_config: Some(HostConfigLogConfig { typ: Some("json-file".to_owned()), config: Some(log) }),
        ..Default::default()
    }
}

fn listed_from(summary: ContainerSummary) -> Option<Listed> {
    let condition = match summary.state? {
        ContainerSummaryStateEnum::CREATED => Condition::Created,
        ContainerSummaryStateEnum::RUNNING => Condition::Running,
        ContainerSummaryStateEnum::PAUSED => Condition::Paused,
        _ => Condition::Ended,
    };
    Some(Listed { id: summary.id?, labels: summary.labels.unwrap_or_default(), condition })
}

fn inspected_from(found: ContainerInspectResponse) -> Option<Inspected> {
    let state = found.state?;
    let condition = match state.status? {
        ContainerStateStatusEnum::CREATED => Condition::Created,
        ContainerStateStatusEnum::RUNNING => Condition::Running,
        ContainerStateStatusEnum::PAUSED => Condition::Paused,
        _ => Condition::Ended,
    };
    let config = found.config.unwrap_or_default();
    let published = found.host_config.and_then(|host| host.port_bindings).and_then(published);
    let (networks, ports) =
        found.network_settings.map(|settings| (settings.networks, settings.ports)).unwrap_or_default();
    let networks = networks.unwrap_or_default();
    let gateway_of = |(name, endpoint): (&String, &EndpointSettings)| Some((name.clone(), gateway(endpoint)?));
    Some(Inspected {
        id: found.id?,
        name: found.name.unwrap_or_default().trim_start_matches('/').to_owned(),
        image: config.image.unwrap_or_default(),
        labels: config.labels.unwrap_or_default(),
        condition,
        exit_code: state.exit_code,
        oom_killed: state.oom_killed.unwrap_or_default(),
        started_at: state.started_at.unwrap_or_default(),
        published,
        gateways: networks.iter().filter_map(gateway_of).collect(),
        exposed_tcp: config.exposed_ports.unwrap_or_default().iter().filter_map(|port| tcp_port(port)).collect(),
        on_loopback: ports.map(on_loopback).unwrap_or_default(),
        networks: networks.into_iter().map(|(name, endpoint)| (name, address(&endpoint))).collect(),
    })
}

fn published(bindings: PortMap) -> Option<u16> {
    bindings.into_values().flatten().flatten().find_map(|binding| binding.host_port?.parse().ok())
}

/// `80/tcp`.
fn tcp_port(text: &str) -> Option<u16> {
    text.strip_suffix("/tcp")?.parse().ok()
}

fn on_loopback(ports: PortMap) -> BTreeMap<u16, u16> {
    let leads_there = |ip: Option<&str>| matches!(ip, None | Some("" | "0.0.0.0" | "127.0.0.1"));
    let published = |(inner, bindings): (String, Option<Vec<PortBinding>>)| {
        let mut bindings = bindings?.into_iter().filter(|binding| leads_there(binding.host_ip.as_deref()));
        Some((tcp_port(&inner)?, bindings.find_map(|binding| binding.host_port?.parse().ok())?))
    };
    ports.into_iter().filter_map(published).collect()
}

fn gateway(endpoint: &EndpointSettings) -> Option<IpAddr> {
    let texts = [&endpoint.gateway, &endpoint.ipv6_gateway];
    texts.into_iter().flatten().find_map(|text| text.parse().ok())
}

/// IPv4 where there is one.
fn address(endpoint: &EndpointSettings) -> Option<IpAddr> {
    let texts = [&endpoint.ip_address, &endpoint.global_ipv6_address];
    texts.into_iter().flatten().find_map(|text| text.parse().ok())
}

fn event_from(message: EventMessage) -> Option<Event> {
    let what = match message.action.as_deref()? {
        "start" => Happening::Started,
        "die" => Happening::Died,
        "destroy" => Happening::Removed,
        "pause" => Happening::Paused,
        "unpause" => Happening::Unpaused,
        _ => return None,
    };
    let at = message.time_nano.map_or_else(Instant::now, |nanos| instant_of(nanos, SystemTime::now()));
    Some(Event { id: message.actor?.id?, what, at })
}

/// A moment that the engine tells by the wall clock. One that runs on another machine may be wrong by its clock: what lies
/// in our future is now.
fn instant_of(unix_nanos: i64, now: SystemTime) -> Instant {
    let at = UNIX_EPOCH + Duration::from_nanos(u64::try_from(unix_nanos).unwrap_or_default());
    let age = now.duration_since(at).unwrap_or_default().min(EVENT_AGE_MAX);
    Instant::now().checked_sub(age).unwrap_or_else(Instant::now)
}

#[cfg(test)]
mod tests;
