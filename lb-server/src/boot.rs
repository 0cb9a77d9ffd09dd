//! The order in which a checked [`Config`] becomes a running balancer.
//!
//! File limit → front and admin bound, access log opened → state folder and hash secret → workers → control plane → one line each on stderr
//! → `READY=1`. What can fail because of others (a port in use) fails before anything is started, so that an error leaves
//! nothing behind. The way back is in [`crate::shutdown`].

use std::convert::Infallible;
use std::io::IsTerminal;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use lb_admin::Outside;
use lb_admin::access_log::AccessLog;
use lb_admin::config::{AdminAddr, AdminConfig, LaunchConfig};
use lb_admin::http::Listener;
use lb_admin::membership::snapshot::Snapshot;
use lb_admin::reload::Reloads;
use lb_core::backend::BackendState;
use lb_core::config::WorkerConfig;
use lb_core::control::Notify;
use lb_core::net::listen::Fronts;
use lb_core::net::source::check_source;
use lb_core::worker;
use tokio::signal::unix::Signal;
use tokio::sync::{self, watch};
use tracing_subscriber::EnvFilter;

use crate::cli::typed::Typed;
use crate::cli::values::LogFormat;
use crate::config::{Config, Loaded, Log, Secret, Surroundings};
use crate::limits::{self, Needs};
use crate::notify::Manager;
use crate::reload::{Found, Reloader, SetLogLevel};
use crate::say;
use crate::shutdown::{self, Running};
use crate::signals::{self, Signals};
use crate::state::StateDir;

/// As long as this the start waits for its replicas before it says how many are there; it goes on either way.
const READY_WITHIN: Duration = Duration::from_secs(8);

/// Serves until a signal asks for the end or a worker is lost.
pub(crate) fn serve(typed: &Typed, around: &Surroundings, loaded: &Loaded) -> anyhow::Result<()> {
    let config = &loaded.config;
    let set_log_level = log_to_stderr(&config.log);
    let nofile = limits::raise_nofile();
    let needs =
        Needs { workers: config.workers, fronts: config.fronts.len(), backends: config.members(), pipes: config.pipes };
    let room = limits::room(nofile, needs)?.holding(config.pipes, nofile)?.lowered(config.connections(), nofile)?;
    if let Some(source) = config.source() {
        check_source(source)?;
    }
    let fronts = Fronts::bind(&config.fronts, config.workers).context("front")?;
    let admin = config.admin.as_ref().map(lb_admin::http::bind).transpose().context("admin")?;
    let admin = admin.map(|listener| listener.with_connections_max(room.admin_connections));
    let access_log = config.access_log.as_ref().map(AccessLog::start).transpose().context("--access-log")?;
    let port = fronts.addrs().first().context("a front is configured")?.port();
    let (state, secret, instance) = open_state(config, port)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outlet = access_log.as_ref().map(AccessLog::outlet);
    let reloader = Arc::new(Reloader::new(
        typed,
        around,
        loaded,
        Found { secret, room, access_log: outlet.clone(), set_log_level, manager: Manager::of_environment() },
    ));
    let workers = WorkerConfig { access_log: outlet, ..config.worker(secret, room) };
    let plane =
        AdminConfig { access_log: access_log.as_ref().map(AccessLog::counts), ..config.admin(state.path(), instance) };
    let outcome = runtime.block_on(run(config, workers, plane, fronts, admin, (&reloader, access_log.as_ref())));
    // The workers have ended, so nothing is added any more.
    access_log.into_iter().for_each(AccessLog::finish);
    outcome
}

async fn run(
    config: &Config,
    workers: WorkerConfig,
    plane: AdminConfig,
    fronts: Fronts,
    admin: Option<Listener>,
    (reloader, access_log): (&Arc<Reloader>, Option<&AccessLog>),
) -> anyhow::Result<()> {
    // Before anything is started or said: a signal that comes during the start must find somebody who stops what runs.
    let mut signals = Signals::new(!reloader.has_file())?;
    let hangups = if reloader.has_file() { signals::hangups()? } else { None };
    let asked = signals::reopen()?;
    announce(config, &fronts, admin.as_ref());
    let for_admin = Arc::new(sync::Notify::new());
    let for_us = Arc::new(sync::Notify::new());
    let (wake_admin, wake_us) = (Arc::clone(&for_admin), Arc::clone(&for_us));
    let wake_both: Notify = Arc::new(move || {
        wake_admin.notify_one();
        wake_us.notify_one();
    });
    let plane = with_runtime(config, plane).await?;
    let (hasher, balance_factor) = (workers.hasher.clone(), workers.balance_factor);
    let connections_max = workers.connections_max as u64;
    let data = worker::start(workers, fronts, wake_both).context("workers")?;
    let (control, configuration) = (data.control.clone(), Arc::clone(reloader) as _);
    let (wake, listener) = (for_admin, admin);
    let outside = Outside { control, hasher, balance_factor, connections_max, wake, listener, configuration };
    let plane = lb_admin::start(plane, outside)?;
    let snapshots = plane.membership().watch();
    let reloads = plane.reloads().clone();
    let manager = reloader.manager();
    let mut running = Running::new(data, plane, for_us, Arc::clone(manager));

    let reason = tokio::select! {
        reason = running.until_end(&mut signals) => reason,
        never = say_ready(snapshots, config.discovers(), manager) => match never {},
        never = reopen(asked, access_log) => match never {},
        never = reload_on(hangups, reloads) => match never {},
    };
    shutdown::stop(running, reason, reloader.drain_timeout(), &mut signals).await
}

/// Asks the engine what only it knows: whether it is there and has the image. `--runtime auto` goes by the answer and
/// says so; with `--runtime docker` a start that can come to nothing is an error. Containers of an earlier run may live
/// although the engine is silent, and are worth a start of their own.
async fn with_runtime(config: &Config, settings: AdminConfig) -> anyhow::Result<AdminConfig> {
    let has_containers = || lb_admin::has_containers(&settings.state_dir, &settings.instance);
    let docker = match (&settings.launch, &config.docker_if_there) {
        (LaunchConfig::Docker(docker), _) | (_, Some(docker)) => docker.clone(),
        (LaunchConfig::Process(_), None) => return Ok(settings),
    };
    let is_auto = config.docker_if_there.is_some();
    match lb_admin::look_for_docker(&docker).await {
        Ok(()) if is_auto => say::line(format_args!("note: runtime auto: docker, image {}", docker.image)),
        Ok(()) => {}
        Err(why) if has_containers() => {
            say::line(format_args!("warning: {}; containers of an earlier run are taken over", why.in_short()));
        }
        Err(why) if is_auto => {
            say::line(format_args!("note: runtime auto: process ({})", why.in_short()));
            return Ok(settings);
        }
        Err(why) => return Err(why).context("--runtime docker"),
    }
    Ok(AdminConfig { launch: LaunchConfig::Docker(docker), ..settings })
}

/// Says who is ready, when all are or when it has waited long enough, and tells systemd. Then it has nothing to do.
/// `discovers`: nobody knows yet who there is, so nobody at all isn't all.
async fn say_ready(mut snapshots: watch::Receiver<Arc<Snapshot>>, discovers: bool, manager: &Manager) -> Infallible {
    let began = Instant::now();
    let is_complete = |all: usize| all > 0 || !discovers;
    let all_ready = snapshots
        .wait_for(|snapshot| snapshot.ready() == snapshot.backends.len() && is_complete(snapshot.backends.len()));
    // Not all in time, or the control plane is gone, which its own watcher tells.
    let _in_time = tokio::time::timeout(READY_WITHIN, all_ready).await.is_ok();
    let snapshot = Arc::clone(&snapshots.borrow());
    say::line(ready_line(&snapshot, began.elapsed()));
    manager.ready();
    std::future::pending().await
}

/// Reads the configuration again whenever SIGHUP asks for it. One that is wrong is said and changes nothing.
async fn reload_on(hangups: Option<Signal>, reloads: Reloads) -> Infallible {
    if let Some(mut hangups) = hangups {
        while hangups.recv().await.is_some() {
            if let Err(error) = reloads.reload(false).await {
                say::line(format_args!("error: not reloaded, the configuration stays as it was: {error}"));
            }
        }
    }
    std::future::pending().await
}

fn ready_line(snapshot: &Snapshot, after: Duration) -> String {
    let (ready, all) = (snapshot.ready(), snapshot.backends.len());
    let mut line = format!("ready: {ready} of {all} backends after {:.2} s", after.as_secs_f64());
    for (index, view) in snapshot.backends.iter().filter(|view| view.state == BackendState::Ready).enumerate() {
        line.push_str(if index == 0 { ": " } else { " " });
        line.push_str(&view.name);
    }
    if ready < all {
        line.push_str("; the others are still being tried");
    }
    line
}

/// One line an address, in the words that scripts look for, and what the configuration has to say.
fn announce(config: &Config, fronts: &Fronts, admin: Option<&Listener>) {
    for addr in fronts.addrs() {
        say::line(format_args!("front {addr}"));
    }
    if let Some(listener) = admin {
        match listener.addr() {
            AdminAddr::Tcp(addr) => say::line(format_args!("admin http://{addr}")),
            AdminAddr::Unix(path) => say::line(format_args!("admin unix:{}", path.display())),
        }
    }
    for note in &config.notes {
        say::line(format_args!("note: {note}"));
    }
}

/// The folder, the secret that ids are hashed with, and the mark of this state's replicas.
fn open_state(config: &Config, port: u16) -> anyhow::Result<(StateDir, Secret, String)> {
    let (state, warning) =
        StateDir::open(&config.state_root, port, config.has_lasting_port()).context("state directory")?;
    let (secret, no_key) = match config.secret {
        Some(secret) => (secret, None),
        None => state.secret().context("hash key")?,
    };
    let (instance, no_mark) = state.instance().context("instance")?;
    for warning in [warning, no_key, no_mark].into_iter().flatten() {
        say::line(format_args!("warning: {warning}"));
    }
    Ok((state, secret, instance))
}

/// What happens to the membership, a line an event.
fn log_to_stderr(log: &Log) -> SetLogLevel {
    let lines = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(&log.filter))
        .with_writer(std::io::stderr)
        .with_target(false)
        // It would tell stderr that stderr can't be written, and panic over it.
        .log_internal_errors(false);
    match log.format {
        LogFormat::Text => {
            let is_coloured =
                std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty());
            let lines = lines.with_ansi(is_coloured).with_filter_reloading();
            let level = lines.reload_handle();
            lines.init();
            Box::new(move |filter| _ = level.reload(EnvFilter::new(filter)))
        }
        LogFormat::Json => {
            say::in_json();
            let lines = lines.json().flatten_event(true).with_filter_reloading();
            let level = lines.reload_handle();
            lines.init();
            Box::new(move |filter| _ = level.reload(EnvFilter::new(filter)))
        }
    }
}

/// Opens the access log anew whenever that is asked for. Then it has nothing to do.
async fn reopen(mut asked: Signal, access_log: Option<&AccessLog>) -> Infallible {
    while asked.recv().await.is_some() {
        if let Some(log) = access_log {
            log.reopen();
        }
    }
    std::future::pending().await
}

#[cfg(test)]
mod tests;
