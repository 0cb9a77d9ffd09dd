//! Starts the control plane, and the handle by which lb-server steers it.
//!
//! One std thread named `lb-admin` runs a current-thread tokio runtime with everything in it: the owner, the inbox, the
//! replicas' tasks, the checks, the admin API. What can fail is done before the first replica starts.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, mpsc as std_mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use lb_core::control::Control;
use lb_core::load::BalanceFactor;
use lb_core::ring::KeyHasher;
use tokio::runtime::{Builder, Handle};
use tokio::sync::{Mutex, Notify, mpsc, watch};
use tokio::time::{timeout, timeout_at};

use crate::autoscale::observe::Observer;
use crate::config::{AdminConfig, AutoscaleConfig, DockerDiscovery, LaunchConfig};
use crate::discovery::{docker, file};
use crate::events::EventLog;
use crate::health::schedule::Checks;
use crate::http::{self, Api, ChangeRate, Keys, Listener, Streams};
use crate::inbox::Inbox;
use crate::membership::command::Membership;
use crate::membership::names::{PatternError, check_pattern};
use crate::membership::owner::{Inputs, Owner, Results};
use crate::membership::publish::Publisher;
use crate::membership::state::{Effect, Input, MemberRefused, Moment, State};
use crate::membership::store::Store;
use crate::reload::{Configuration, Parts, Reloads};
use crate::request_log::RequestLog;
use crate::supervisor::Supervisor;
use crate::supervisor::container::ContainerLauncher;
use crate::supervisor::launcher::Launcher;
use crate::supervisor::output::Outputs;
use crate::supervisor::plan::Recipe;
use crate::supervisor::process::ProcessLauncher;
use crate::supervisor::reaper::Started;

/// Requests for changes that may wait for the owner; it takes microseconds for each.
const COMMANDS_MAX: usize = 64;

/// What the admin API gets to finish its answers once everything else has ended.
const BESIDE_GRACE: Duration = Duration::from_secs(1);

/// Why the control plane could not be started. Nothing is left running.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A pattern for names.
    #[error("--names/--new-names: {0}")]
    Names(#[from] PatternError),
    /// The ring doesn't take one of the first replicas and backends.
    #[error(transparent)]
    Members(#[from] MemberRefused),
    /// The folder for the replicas' output.
    #[error("--state-dir {}: {source}", .path.display())]
    StateDir {
        /// Which folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// No thread or no event loop.
    #[error("the admin thread could not be started: {0}")]
    Thread(io::Error),
}

/// The running control plane.
pub struct ControlPlane {
    membership: Membership,
    events: Arc<EventLog>,
    reloads: Reloads,
    inputs: mpsc::UnboundedSender<Input>,
    runtime: Handle,
    thread: JoinHandle<()>,
}

/// What the control plane is given beside its settings.
pub struct Outside {
    /// The workers.
    pub control: Control,
    /// How they hash keys.
    pub hasher: KeyHasher,
    /// How much more than its share they give to one backend.
    pub balance_factor: Option<BalanceFactor>,
    /// Most client connections that they take.
    pub connections_max: u64,
    /// What their notify hook pokes: `move || wake.notify_one()`.
    pub wake: Arc<Notify>,
    /// From [`http::bind`], so that a taken port was found before anything runs; `None`: no admin listener.
    pub listener: Option<Listener>,
    /// What a reload asks.
    pub configuration: Arc<dyn Configuration>,
}

/// Starts everything.
///
/// # Errors
/// The settings don't work out, or the system refused a thread or a folder. Nothing has been started then.
pub fn start(config: AdminConfig, outside: Outside) -> Result<ControlPlane, StartError> {
    // Whatever the runtime: as PID 1 of a container we inherit orphans all the same.
    let started = Started::default();
    match &config.launch {
        LaunchConfig::Process(process) => {
            let recipe = Recipe::new(process, config.names.server_id.clone(), config.instance.clone());
            let launcher = ProcessLauncher::new(recipe, config.state_dir.clone(), started.clone())
                .map_err(|source| StartError::StateDir { path: config.state_dir.clone(), source })?;
            start_with(launcher, &config, outside, started)
        }
        LaunchConfig::Docker(docker) => {
            let (server_id, instance) = (config.names.server_id.clone(), config.instance.clone());
            let launcher = ContainerLauncher::new(docker.clone(), server_id, instance);
            start_with(launcher, &config, outside, started)
        }
    }
}

fn start_with<L: Launcher>(
    launcher: L,
    config: &AdminConfig,
    outside: Outside,
    started: Started,
) -> Result<ControlPlane, StartError> {
    let Outside { control, hasher, balance_factor, connections_max, wake, listener, configuration } = outside;
    let (applied, applied_by_all) = watch::channel(0);
    let publisher = Publisher::to_workers(control.clone());
    let prepared = Prepared::new(config, control.workers(), launcher, publisher, applied_by_all)?;
    let inbox = Inbox { control: control.clone(), wake, owner: prepared.results.clone(), applied };
    let (membership, events) = (prepared.membership.clone(), Arc::clone(&prepared.events));
    let autoscale = Some(Arc::clone(&prepared.observer.readings));
    let changes = ChangeRate::new(config.access.changes_per_second);
    let (access, access_now) = watch::channel(config.access.clone());
    let (balance, balance_now) = watch::channel(balance_factor);
    let reloads = Reloads::new(Parts {
        configuration,
        membership: membership.clone(),
        control: control.clone(),
        changes: changes.clone(),
        access,
        autoscale: prepared.autoscale.clone(),
        balance,
        turn: Mutex::default(),
    });
    let api = Api {
        membership,
        events,
        control,
        requests: RequestLog::new(config.record_requests),
        access: access_now,
        changes,
        keys: Keys::new(),
        reloads: reloads.clone(),
        autoscale,
        connections_max,
        streams: Streams::new(),
        hasher,
        balance: balance_now,
        access_log: config.access_log.clone(),
        outputs: prepared.outputs.clone(),
    };
    prepared.start(reloads, |stop| serve_beside(api, inbox, listener, started, stop))
}

/// All that runs beside the owner: the workers' news, the request log, the admin API, the reaper. Ends some time after
/// `stop`.
async fn serve_beside(
    api: Api,
    inbox: Inbox,
    listener: Option<Listener>,
    started: Started,
    mut stop: watch::Receiver<bool>,
) {
    // Until the runtime ends: orphans come to the very end.
    tokio::spawn(started.reap_others());
    tokio::spawn(api.requests.clone().keep_drained(api.control.clone(), api.membership.clone(), stop.clone()));
    let news = tokio::spawn(inbox.run(api.clone()));
    if let Some(listener) = listener
        && let Err(error) = http::serve(api, listener, stop.clone()).await
    {
        tracing::error!("the admin API could not be served: {error}");
    }
    // An error means that the owner's thread is ending, which says the same.
    let _stopped = stop.wait_for(|stop| *stop).await;
    news.abort();
}

/// Everything made, nothing running. Generic, so that tests run it on other launchers and without workers.
struct Prepared<L> {
    owner: Owner<L>,
    first_effects: Vec<Effect>,
    inputs: Inputs,
    backends_file: Option<PathBuf>,
    discover: Option<DockerDiscovery>,
    membership: Membership,
    events: Arc<EventLog>,
    results: mpsc::UnboundedSender<Input>,
    observer: Observer<L>,
    autoscale: watch::Sender<Option<AutoscaleConfig>>,
    outputs: Outputs,
}

impl<L: Launcher> Prepared<L> {
    fn new(
        config: &AdminConfig,
        workers: usize,
        launcher: L,
        publisher: Publisher,
        applied: watch::Receiver<u64>,
    ) -> Result<Self, StartError> {
        check_pattern(&config.names.first)?;
        check_pattern(&config.names.made_up)?;
        let (store, saved) = Store::open(&config.state_dir, &config.instance).map_err(StartError::Thread)?;
        let (state, first_effects) = State::new(config, workers, fastrand::Rng::new(), Moment::now(), saved)?;
        let (commands_tx, commands) = mpsc::channel(COMMANDS_MAX);
        let (results_tx, results) = mpsc::unbounded_channel();
        let (snapshots, snapshot) = watch::channel(Arc::new(state.snapshot()));
        let events = Arc::new(EventLog::new());
        let supervisor = Supervisor::new(Arc::new(launcher), results_tx.clone());
        let checks = Checks::new(config, results_tx.clone());
        let outputs = supervisor.outputs();
        let membership = Membership::new(commands_tx, snapshot).with_saving(store.saving());
        let (autoscale, autoscale_now) = watch::channel(config.autoscale);
        let observer = Observer {
            config: autoscale_now,
            snapshots: membership.watch(),
            usage: supervisor.usage(),
            owner: results_tx.clone(),
            readings: Arc::default(),
        };
        Ok(Self {
            owner: Owner {
                state,
                supervisor,
                checks,
                publisher,
                store,
                events: Arc::clone(&events),
                healing: Arc::clone(membership.healing()),
                snapshots,
            },
            first_effects,
            inputs: Inputs { commands, results: Results::new(results), applied },
            backends_file: config.backends_file.as_ref().map(|file| file.path.clone()),
            discover: config.discover.clone(),
            membership,
            events,
            results: results_tx,
            observer,
            autoscale,
            outputs,
        })
    }

    /// `beside` runs beside the owner, until it has ended and for a second after it has been told so.
    fn start<F>(
        self,
        reloads: Reloads,
        beside: impl FnOnce(watch::Receiver<bool>) -> F,
    ) -> Result<ControlPlane, StartError>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let runtime = Builder::new_current_thread().enable_all().build().map_err(StartError::Thread)?;
        let (stop, stopped) = watch::channel(false);
        let beside = beside(stopped);
        let handle = runtime.handle().clone();
        let Self {
            owner, first_effects, inputs, backends_file, discover, membership, events, results, observer, ..
        } = self;
        let found = results.clone();
        let life = async move {
            let mut beside = tokio::spawn(beside);
            if let Some(path) = backends_file {
                tokio::spawn(file::watch(path, found.clone()));
            }
            if let Some(discovery) = discover {
                tokio::spawn(docker::watch::watch(discovery, found));
            }
            // Ends with the first look after a drain has begun, at the latest with the runtime.
            let _autoscaler = tokio::spawn(observer.run());
            owner.run(first_effects, inputs).await;
            stop.send_replace(true);
            if timeout(BESIDE_GRACE, &mut beside).await.is_err() {
                beside.abort();
            }
        };
        let thread = std::thread::Builder::new().name("lb-admin".to_owned());
        let thread = thread.spawn(move || runtime.block_on(life)).map_err(StartError::Thread)?;
        Ok(ControlPlane { membership, events, reloads, inputs: results, runtime: handle, thread })
    }
}

impl ControlPlane {
    /// The membership, to read and to change.
    pub fn membership(&self) -> &Membership {
        &self.membership
    }

    /// What has happened to it.
    pub fn events(&self) -> &Arc<EventLog> {
        &self.events
    }

    /// The way to read the configuration again.
    pub fn reloads(&self) -> &Reloads {
        &self.reloads
    }

    /// Waits until every replica and backend is ready, or until `deadline`. Says how many are.
    pub fn wait_ready(&self, deadline: Instant) -> usize {
        let mut snapshots = self.membership.watch();
        let (tell, told) = std_mpsc::channel();
        self.runtime.spawn(async move {
            let all_ready = snapshots.wait_for(|snapshot| snapshot.all_ready());
            let _in_time = timeout_at(deadline.into(), all_ready).await.is_ok();
            let _still_asked = tell.send(());
        });
        // An error is a thread that has ended; then the last snapshot is the answer all the same.
        let _told = told.recv();
        self.membership.snapshot().ready()
    }

    /// From now on nothing is added, removed or replaced, and `/readyz` says so.
    pub fn begin_drain(&self) {
        self.tell(Input::BeginDrain);
    }

    /// Stops all replicas (SIGTERM to all at once, SIGKILL after the grace) and ends.
    pub fn stop(self) {
        self.tell(Input::Stop);
        if self.thread.join().is_err() {
            tracing::error!("the admin thread has panicked");
        }
    }

    /// Whether the thread has ended; by itself only by a panic.
    pub fn ended(&self) -> bool {
        self.thread.is_finished()
    }

    fn tell(&self, input: Input) {
        // Fails only when the thread has ended, which `ended` says.
        let _owner_is_gone = self.inputs.send(input);
    }
}

#[cfg(test)]
mod tests;
