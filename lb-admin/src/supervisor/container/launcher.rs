//! Creates and starts containers, a bounded number at a time, and takes over those of an earlier life.
//!
//! Whatever goes wrong after a container was created, it is removed again; where nobody knows whether it was (a call that
//! timed out), [`super::ledger`] finds it in the next list. A start has a deadline as a whole, so that no `/add` waits on
//! an engine that hangs.

use std::collections::HashSet;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lb_core::backend::BackendId;
use tokio::sync::{Mutex, OnceCell, Semaphore};
use tokio::time::timeout;

use super::super::docker::{Blueprint, Condition, Engine, EngineError, Inspected};
use super::super::launcher::{Exit, Launcher, Order, Trace};
use super::super::ports::Ports;
use super::super::process::mark::Mark;
use super::super::process::sweep;
use super::DockerUnready;
use super::names::{Conflict, judge};
use super::reach::{self, Reach, ReachError};
use super::removal::Removals;
use super::replica::{Container, Life, Shared, describe};
use super::spec::{INSTANCE, Spec, replica_of};
use super::watch::Watch;
use crate::config::DockerConfig;

/// Starts at a time: more of them only make each slower.
const STARTS_AT_A_TIME: usize = 8;
/// From the first call to the last.
const LAUNCH_DEADLINE: Duration = Duration::from_secs(30);
/// How often a name is asked for again that was just made free.
const NAME_TRIES_MAX: usize = 4;

/// Starts containers.
#[derive(Debug)]
pub(crate) struct ContainerLauncher {
    spec: Spec,
    shared: Arc<Shared>,
    ports: Ports,
    places: Semaphore,
    /// How containers are reached, once it has been found out.
    reach: OnceCell<Reach>,
    /// Looked for and made by one at a time.
    network: Mutex<()>,
    made_network: AtomicBool,
}

/// Why a container couldn't be started.
#[derive(Debug, thiserror::Error)]
enum LaunchError {
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Reach(#[from] ReachError),
    #[error(transparent)]
    Unready(#[from] DockerUnready),
    #[error(transparent)]
    Port(#[from] io::Error),
    #[error("{0}")]
    NameTaken(String),
    #[error("{0}")]
    Ended(String),
    #[error("the Docker engine hasn't started it in {} s", LAUNCH_DEADLINE.as_secs())]
    TooLate,
}

impl LaunchError {
    /// Whether there is no point in trying again at once.
    fn is_hopeless(&self) -> bool {
        match self {
            Self::NameTaken(_) | Self::Unready(_) => true,
            Self::Reach(error) => matches!(error, ReachError::NotOnNetwork { .. }),
            // Somebody was faster than us at that port: the next will be another one.
            Self::Engine(error) => !error.is_engines() && !error.to_string().contains("already"),
            Self::Port(_) | Self::Ended(_) | Self::TooLate => false,
        }
    }
}

impl From<LaunchError> for Exit {
    fn from(error: LaunchError) -> Self {
        Self { how: error.to_string(), hopeless: error.is_hopeless(), output: String::new() }
    }
}

impl ContainerLauncher {
    /// Nothing is asked of the engine yet.
    pub(crate) fn new(config: DockerConfig, server_id: String, instance: String) -> Self {
        let engine = Arc::new(Engine::from_environment());
        let run = format!("{:016x}", fastrand::u64(..));
        let spec = Spec { config, server_id, instance, run: run.clone() };
        let removals = Removals::new(Arc::clone(&engine));
        let watch = Watch::new(Arc::clone(&engine), removals.clone(), spec.own_label(), run);
        let keep_dead = spec.config.keep_dead;
        Self {
            shared: Arc::new(Shared { engine, watch, removals, keep_dead }),
            spec,
            ports: Ports::default(),
            places: Semaphore::new(STARTS_AT_A_TIME),
            reach: OnceCell::new(),
            network: Mutex::new(()),
            made_network: AtomicBool::new(false),
        }
    }

    async fn start(&self, order: &Order) -> Result<Container, LaunchError> {
        self.ensure_network().await?;
        let reach = self.reach().await?;
        let lease = (reach == Reach::Port).then(|| self.ports.lease()).transpose()?;
        let blueprint = self.spec.blueprint(order, lease.as_ref().map(|lease| lease.port()));
        let id = self.create(blueprint).await?;
        let facts = self.shared.watch.register(&id);
        let localhost = lease.as_ref().map(|lease| SocketAddr::from((Ipv4Addr::LOCALHOST, lease.port())));
        // From here on it is removed when this is dropped, whatever happens.
        let mut container = Container {
            name: self.spec.container_name(order),
            replica: order.id,
            addr: localhost.unwrap_or(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0))),
            facts,
            shared: Arc::clone(&self.shared),
            _lease: lease,
            life: Life::default(),
            id,
        };
        self.shared.engine.start(&container.id).await?;
        let found = self.shared.engine.inspect(&container.id).await?;
        self.shared.watch.started(&container.id, found.started_at.clone());
        if reach == Reach::Network {
            let addr = reach::address(&found, &self.spec.config);
            container.addr = addr.ok_or_else(|| LaunchError::Ended(describe(&found)))?;
        }
        Ok(container)
    }

    /// Makes a container, and its name free where one of ours still has it.
    async fn create(&self, blueprint: Blueprint) -> Result<String, LaunchError> {
        let engine = &self.shared.engine;
        let mut tries = 0;
        loop {
            tries += 1;
            let taken = match engine.create(blueprint.clone()).await {
                Ok(id) => return Ok(id),
                Err(EngineError::Conflict(why)) if tries < NAME_TRIES_MAX => why,
                Err(EngineError::NotFound(why)) => return Err(self.not_found(why)),
                Err(error) => return Err(error.into()),
            };
            let holder = match engine.inspect(&blueprint.name).await {
                Ok(holder) => holder,
                // Gone in this moment.
                Err(EngineError::NotFound(_)) => continue,
                Err(error) => return Err(error.into()),
            };
            match judge(&holder, &self.spec.instance) {
                Conflict::Foreign(words) => return Err(LaunchError::NameTaken(words)),
                Conflict::Rename(name) => {
                    tracing::debug!("{taken}; renamed to {name}");
                    match engine.rename(&holder.id, &name).await {
                        // It was renamed by its own replica's task, or is being removed.
                        Ok(()) | Err(EngineError::Conflict(_) | EngineError::NotFound(_)) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
            }
        }
    }

    /// What a create call doesn't find is the image.
    fn not_found(&self, why: String) -> LaunchError {
        if why.contains("No such image") || why.contains("image") {
            return DockerUnready::NoImage(self.spec.config.image.clone()).into();
        }
        EngineError::NotFound(why).into()
    }

    async fn reach(&self) -> Result<Reach, ReachError> {
        let find = || reach::find(&self.shared.engine, &self.spec.config);
        self.reach.get_or_try_init(find).await.copied()
    }

    /// Before every start: somebody may have removed it.
    async fn ensure_network(&self) -> Result<(), EngineError> {
        let (engine, name) = (&self.shared.engine, &self.spec.config.network);
        let _one_at_a_time = self.network.lock().await;
        if engine.has_network(name).await? {
            return Ok(());
        }
        match engine.create_network(name, self.spec.network_labels()).await {
            Ok(()) => {
                self.made_network.store(true, Ordering::Relaxed);
                Ok(())
            }
            // Another lb was faster.
            Err(EngineError::Conflict(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The container of an earlier life: by what was written down of it, else by its labels.
    async fn find(&self, order: &Order, trace: Option<&Trace>) -> Result<Option<Inspected>, EngineError> {
        let engine = &self.shared.engine;
        let id = match trace {
            Some(Trace::Container { id, .. }) => Some(id.clone()),
            _ => {
                let listed = engine.list(&self.spec.own_label()).await?;
                let mut listed = listed.into_iter();
                listed.find(|container| replica_of(&container.labels) == Some(order.id)).map(|container| container.id)
            }
        };
        let Some(id) = id else { return Ok(None) };
        match engine.inspect(&id).await {
            Ok(found) => Ok(Some(found)),
            Err(EngineError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A container that still runs, as ours.
    fn take_over(&self, order: &Order, id: String, addr: SocketAddr, started_at: String) -> Container {
        // Nobody else may be given its port.
        let lease = addr.ip().is_loopback().then(|| self.ports.take(addr.port()));
        let facts = self.shared.watch.register(&id);
        self.shared.watch.started(&id, started_at);
        self.shared.watch.look_soon();
        Container {
            name: self.spec.container_name(order),
            replica: order.id,
            addr,
            facts,
            shared: Arc::clone(&self.shared),
            _lease: lease,
            life: Life::default(),
            id,
        }
    }

    /// Where a container of an earlier life listens now.
    async fn address(&self, found: &Inspected) -> Option<SocketAddr> {
        let by_port = found.published.map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        match self.reach().await {
            Ok(Reach::Port) => by_port,
            Ok(Reach::Network) | Err(_) => reach::address(found, &self.spec.config),
        }
    }
}

impl Launcher for ContainerLauncher {
    type Replica = Container;

    async fn launch(&self, order: &Order) -> Result<Container, Exit> {
        self.shared.watch.begin();
        let _place = self.places.acquire().await.expect("the semaphore is never closed");
        let started = timeout(LAUNCH_DEADLINE, self.start(order)).await.unwrap_or(Err(LaunchError::TooLate));
        started.map_err(|error| {
            self.shared.watch.ledger().end(order.id);
            error.into()
        })
    }

    async fn adopt(&self, order: &Order, trace: Option<&Trace>) -> Result<Container, Exit> {
        let gone = |how: &str| {
            self.shared.watch.ledger().end(order.id);
            Err(Exit::because(how))
        };
        self.shared.watch.begin();
        let found = match (self.find(order, trace).await, trace) {
            (Ok(Some(found)), _) => found,
            (Ok(None), _) => return gone("gone"),
            // With live-restore replicas outlive the engine: what was written down holds until it says otherwise.
            (Err(_), Some(Trace::Container { id, addr })) => {
                return Ok(self.take_over(order, id.clone(), *addr, String::new()));
            }
            (Err(error), _) => return gone(&error.to_string()),
        };
        let is_ours = found.labels.get(INSTANCE) == Some(&self.spec.instance);
        let runs = matches!(found.condition, Condition::Running | Condition::Paused);
        match self.address(&found).await {
            Some(addr) if is_ours && runs => Ok(self.take_over(order, found.id, addr, found.started_at)),
            _ if is_ours => gone(&describe(&found)),
            _ => gone("somebody else's now"),
        }
    }

    async fn sweep(&self, known: &[BackendId]) {
        self.shared.watch.begin();
        self.shared.watch.ledger().know(known);
        self.shared.watch.look_soon();
        // Of a run with `--runtime process`; this one has none.
        sweep::end_marked(&Mark::new(self.spec.instance.clone()), &HashSet::new()).await;
    }

    async fn cpu_times(&self, of: &[(BackendId, Trace)]) -> Vec<(BackendId, Duration)> {
        let engine = &self.shared.engine;
        let asked = of.iter().map(|(id, trace)| async move {
            let Trace::Container { id: container, .. } = trace else { return None };
            let used = engine.cpu_time(container).await.ok().flatten()?;
            Some((*id, used))
        });
        futures_util::future::join_all(asked).await.into_iter().flatten().collect()
    }

    async fn output(&self, _order: &Order, trace: &Trace, lines: usize) -> Result<Vec<u8>, String> {
        let Trace::Container { id, .. } = trace else { return Err("it is no container".to_owned()) };
        self.shared.engine.last_lines(id, lines).await.map_err(|error| error.to_string())
    }

    async fn settle(&self) {
        let Shared { engine, watch, removals, .. } = &*self.shared;
        // What a call that timed out has made after all.
        watch.look().await;
        removals.settle().await;
        if self.made_network.load(Ordering::Relaxed)
            && let Err(error) = engine.remove_network(&self.spec.config.network).await
        {
            tracing::debug!("network {} is left: {error}", self.spec.config.network);
        }
    }
}
