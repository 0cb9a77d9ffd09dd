//! Reads the configuration again, for whoever reloads: what applies now, what would, and what of it can.
//!
//! Flags and environment are those of the start and still win over the file. What was read is checked twice as a whole: as
//! it would be at a start, and mixed with what only a restart changes as it is now, which is what will apply. Nothing is put
//! into effect here; that is [`lb_admin::reload`]'s business, which calls back once it has.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lb_admin::config::Settings;
use lb_admin::reload::{Configuration, Effective, KeyChange, Reread, TakesEffect};
use lb_core::access_log::Outlet;
use lb_core::config::WorkerConfig;
use serde_json::Value;

use crate::cli::typed::Typed;
use crate::config::{Loaded, Secret, Surroundings};
use crate::limits::Room;
use crate::notify::Manager;
use crate::say;

/// What was typed, and what applies.
pub(crate) struct Reloader {
    typed: Typed,
    around: Surroundings,
    found: Arc<Found>,
    running: Arc<Mutex<Loaded>>,
}

/// What boot has found out and the workers' settings need.
pub(crate) struct Found {
    pub(crate) secret: Secret,
    pub(crate) room: Room,
    pub(crate) access_log: Option<Outlet>,
    pub(crate) set_log_level: SetLogLevel,
    pub(crate) manager: Arc<Manager>,
}

/// Tells the log to tell what this filter says from now on.
pub(crate) type SetLogLevel = Box<dyn Fn(&str) + Send + Sync>;

impl Reloader {
    /// `running` is what the process was started with, from `typed`.
    pub(crate) fn new(typed: &Typed, around: &Surroundings, running: &Loaded, found: Found) -> Self {
        let (typed, around) = (typed.clone(), around.clone());
        Self { typed, around, found: Arc::new(found), running: Arc::new(Mutex::new(running.clone())) }
    }

    /// Whether there is a file to read again.
    pub(crate) fn has_file(&self) -> bool {
        self.typed.args.config.is_some()
    }

    /// Whoever is told of each reload.
    pub(crate) fn manager(&self) -> &Arc<Manager> {
        &self.found.manager
    }

    /// `--drain-timeout` as it applies now.
    pub(crate) fn drain_timeout(&self) -> Duration {
        self.running().config.drain_timeout
    }

    fn running(&self) -> Loaded {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Configuration for Reloader {
    fn reloading(&self) -> Box<dyn Send> {
        Box::new(self.found.manager.reloading())
    }

    fn effective(&self) -> Effective {
        let running = self.running();
        let file = running.effective.file.as_ref().map(|path| path.display().to_string());
        let settings = running.effective.settings;
        Effective {
            sources: settings.iter().map(|s| (s.key.clone(), s.origin.to_string().into())).collect(),
            config: settings.into_iter().map(|s| (s.key, json(s.value.as_ref()))).collect(),
            file,
        }
    }

    fn read(&self) -> Result<Reread, String> {
        let running = self.running();
        let read = Loaded::read(&self.typed, &self.around).map_err(|error| error.to_string())?;
        let mixed = running.mixed(&read, &self.around).map_err(|error| {
            format!("{error}; as long as what only a restart changes is as it was, this doesn't go with it")
        })?;
        let changes: Vec<KeyChange> = running.changes(&read).collect();
        let config = &mixed.config;
        let plane = config.settings();
        let is_now = |change: &&KeyChange| change.takes_effect == TakesEffect::Now;
        let now = |prefix: &str| changes.iter().filter(is_now).any(|change| change.key.starts_with(prefix));
        let settings = Settings {
            checks: plane.checks.filter(|_| now("check")),
            replicas: plane.replicas.filter(|_| now("replicas")),
            ..plane
        };
        let Found { secret, room, access_log, .. } = &*self.found;
        let workers = WorkerConfig { access_log: access_log.clone(), ..config.worker(*secret, *room) };
        let access = config.access().clone();
        let (slot, notes) = (Arc::clone(&self.running), new_notes(&running, &mixed));
        let found = Arc::clone(&self.found);
        let applied = Box::new(move || {
            if mixed.config.log.filter != running.config.log.filter {
                (found.set_log_level)(&mixed.config.log.filter);
            }
            notes.iter().for_each(|note| say::line(format_args!("note: {note}")));
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = mixed;
        });
        Ok(Reread { changes, workers, settings, access, applied })
    }
}

/// What wasn't said already.
fn new_notes(running: &Loaded, mixed: &Loaded) -> Vec<String> {
    mixed.config.notes.iter().filter(|note| !running.config.notes.contains(note)).cloned().collect()
}

/// TOML's values are JSON's, but for dates, which no key takes.
pub(crate) fn json(value: Option<&toml::Value>) -> Value {
    value.and_then(|value| serde_json::to_value(value).ok()).unwrap_or_default()
}
