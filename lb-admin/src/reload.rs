//! A reload: the configuration is read again and what can be changed while running is changed, all of it or nothing.
//!
//! What a configuration is and where it is read is lb-server's business and handed in as a [`Configuration`]. It gives a
//! [`Reread`] that goes together; here it is put into effect in the order in which it can still fail: first the membership's
//! owner, who may refuse it, then the workers, the guard of the admin API and the autoscaler, who can't. No session is touched.
//! One reload at a time. What has changed is an event and a log line; what needs a restart is said and left as it is.

use std::sync::Arc;

use lb_core::config::WorkerConfig;
use lb_core::control::Control;
use lb_core::load::BalanceFactor;
use serde::Serialize;
use serde_json::{Map, Value};
use tokio::sync::{Mutex, watch};
use tokio::task::spawn_blocking;
use utoipa::ToSchema;

use crate::config::{Access, AutoscaleConfig, Settings};
use crate::http::ChangeRate;
use crate::membership::command::{ChangeError, Membership};

/// Whoever knows what was configured and can read it again.
pub trait Configuration: Send + Sync {
    /// What applies now.
    fn effective(&self) -> Effective;

    /// A reload in earnest begins, and is over when what is returned is dropped: for whoever outside wants to know.
    fn reloading(&self) -> Box<dyn Send>;

    /// Reads everything again. Blocks as long as the files do.
    ///
    /// # Errors
    /// One line: what is wrong, and where.
    fn read(&self) -> Result<Reread, String>;
}

/// The configuration that applies, key by key; secrets are masked. `GET /v1/config`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Effective {
    /// `null` where a key has no value.
    pub config: Map<String, Value>,
    /// The file, where there is one.
    pub file: Option<String>,
    /// Who said it: `flag`, `environment`, `file` or `default`.
    pub sources: Map<String, Value>,
}

/// What was read, checked as a whole.
pub struct Reread {
    /// In the order of the keys.
    pub changes: Vec<KeyChange>,
    /// The workers' part.
    pub workers: WorkerConfig,
    /// The membership's and the checks'.
    pub settings: Settings,
    /// The admin API's.
    pub access: Access,
    /// To be called once all of it applies.
    pub applied: Box<dyn FnOnce() + Send>,
}

/// One key that says something else than what applies.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct KeyChange {
    /// What applies; `null`: nothing.
    pub from: Value,
    /// Which.
    pub key: String,
    /// When it applies.
    pub takes_effect: TakesEffect,
    /// What was read.
    pub to: Value,
}

/// When a change applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TakesEffect {
    /// With the reload.
    Now,
    /// With the next start.
    Restart,
}

/// What came of a reload.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Reloaded {
    /// Whether it was meant in earnest.
    pub applied: bool,
    /// In the order of the keys.
    pub changes: Vec<KeyChange>,
}

/// Why nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReloadError {
    /// The configuration is wrong.
    #[error("{0}")]
    Wrong(String),
    /// It doesn't go with what is there by now, or can't be carried out.
    #[error(transparent)]
    Refused(#[from] ChangeError),
}

/// Everybody's handle on reloading. Cheap to clone.
#[derive(Clone)]
pub struct Reloads(Arc<Parts>);

/// What a reload puts settings into.
pub(crate) struct Parts {
    pub(crate) configuration: Arc<dyn Configuration>,
    pub(crate) membership: Membership,
    pub(crate) control: Control,
    pub(crate) changes: ChangeRate,
    pub(crate) access: watch::Sender<Access>,
    pub(crate) autoscale: watch::Sender<Option<AutoscaleConfig>>,
    pub(crate) balance: watch::Sender<Option<BalanceFactor>>,
    /// One at a time.
    pub(crate) turn: Mutex<()>,
}

impl Reloads {
    pub(crate) fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// What applies now.
    pub fn effective(&self) -> Effective {
        self.0.configuration.effective()
    }

    /// Reads the configuration and puts it into effect; `dry_run`: only says what would change.
    ///
    /// # Errors
    /// It is wrong, or doesn't go with what is there by now. Nothing has been changed then.
    pub async fn reload(&self, dry_run: bool) -> Result<Reloaded, ReloadError> {
        let _turn = self.0.turn.lock().await;
        let configuration = Arc::clone(&self.0.configuration);
        let _told = (!dry_run).then(|| configuration.reloading());
        let read = spawn_blocking(move || configuration.read()).await;
        // An error is a runtime that ends, or a panic, whose message is in the log.
        let reread = read.map_err(|_| ReloadError::Refused(ChangeError::Stopping))?.map_err(ReloadError::Wrong)?;
        if dry_run {
            return Ok(Reloaded { applied: false, changes: reread.changes });
        }
        self.apply(reread).await
    }

    async fn apply(&self, reread: Reread) -> Result<Reloaded, ReloadError> {
        let Reread { changes, workers, settings, access, applied } = reread;
        let settings = Settings { what: in_words(&changes), ..settings };
        let autoscale = settings.autoscale;
        self.0.membership.configure(settings).await?;
        self.0.balance.send_replace(workers.balance_factor);
        self.0.control.configure(&Arc::new(workers));
        self.0.changes.set(access.changes_per_second);
        self.0.access.send_replace(access);
        self.0.autoscale.send_if_modified(|before| std::mem::replace(before, autoscale) != autoscale);
        applied();
        Ok(Reloaded { applied: true, changes })
    }
}

/// One line: what has changed, and what waits for a restart.
fn in_words(changes: &[KeyChange]) -> String {
    if changes.is_empty() {
        return "read again, nothing has changed".to_owned();
    }
    let of = |when| changes.iter().filter(move |change| change.takes_effect == when);
    let now: Vec<String> = of(TakesEffect::Now).map(KeyChange::in_words).collect();
    let restart: Vec<&str> = of(TakesEffect::Restart).map(|change| &*change.key).collect();
    match (now.is_empty(), restart.is_empty()) {
        (false, true) => now.join(", "),
        (false, false) => format!("{}; after a restart: {}", now.join(", "), restart.join(", ")),
        (true, _) => format!("nothing yet; after a restart: {}", restart.join(", ")),
    }
}

impl KeyChange {
    fn in_words(&self) -> String {
        let shown = |value: &Value| if value.is_null() { "not set".to_owned() } else { value.to_string() };
        format!("{} {} → {}", self.key, shown(&self.from), shown(&self.to))
    }
}

#[cfg(test)]
pub(crate) mod fixed;
#[cfg(test)]
mod tests;
