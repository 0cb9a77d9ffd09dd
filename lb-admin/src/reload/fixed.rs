//! A configuration for tests: one that says what it is told to say.

use std::sync::{Arc, Mutex};

use lb_core::config::WorkerConfig;
use lb_core::control::Control;
use lb_core::ring::KeyHasher;
use serde_json::{Map, json};
use tokio::sync::{Mutex as Turn, watch};

use super::{Configuration, Effective, KeyChange, Parts, Reloads, Reread, TakesEffect};
use crate::config::{Access, AutoscaleConfig, Settings};
use crate::http::ChangeRate;
use crate::membership::command::Membership;

/// What a reading gives.
#[derive(Debug)]
pub(crate) struct Fixed {
    /// `Err`: that is what is wrong.
    pub(crate) access: Mutex<Result<Access, String>>,
    /// How often what was read has been put into effect.
    pub(crate) applied: Arc<Mutex<u32>>,
    /// What somebody outside has been told of its reloads.
    pub(crate) told: Told,
}

type Told = Arc<Mutex<Vec<&'static str>>>;

/// Tells of the end of a reload.
struct Over(Told);

impl Drop for Over {
    fn drop(&mut self) {
        self.0.lock().expect("no panic").push("over");
    }
}

impl Fixed {
    pub(crate) fn good(access: Access) -> Arc<Self> {
        Arc::new(Self { access: Mutex::new(Ok(access)), applied: Arc::default(), told: Arc::default() })
    }

    /// Reloads with it, into nothing but `membership`, and what the guard and the autoscaler would see.
    pub(crate) fn reloads(
        self: &Arc<Self>,
        membership: Membership,
        changes: ChangeRate,
    ) -> (Reloads, watch::Receiver<Access>, watch::Receiver<Option<AutoscaleConfig>>) {
        let (access, access_now) = watch::channel(Access::default());
        let (autoscale, autoscale_now) = watch::channel(None);
        let configuration = Arc::clone(self) as Arc<dyn Configuration>;
        let (control, balance) = (Control::without_workers(), watch::Sender::default());
        let turn = Turn::default();
        let parts = Parts { configuration, membership, control, changes, access, autoscale, balance, turn };
        (Reloads::new(parts), access_now, autoscale_now)
    }
}

impl Configuration for Fixed {
    fn effective(&self) -> Effective {
        let map = |value: &str| Map::from_iter([("retries".to_owned(), json!(value))]);
        Effective { config: map("3"), file: None, sources: map("default") }
    }

    fn reloading(&self) -> Box<dyn Send> {
        self.told.lock().expect("no panic").push("begun");
        Box::new(Over(Arc::clone(&self.told)))
    }

    fn read(&self) -> Result<Reread, String> {
        let access = self.access.lock().expect("no panic").clone()?;
        let applied = Arc::clone(&self.applied);
        let change =
            |key: &str, takes_effect| KeyChange { from: json!(3), key: key.to_owned(), takes_effect, to: json!(1) };
        Ok(Reread {
            changes: vec![change("retries", TakesEffect::Now), change("workers", TakesEffect::Restart)],
            workers: WorkerConfig::new(KeyHasher::new([0; 16], false)),
            settings: settings(),
            access,
            applied: Box::new(move || *applied.lock().expect("no panic") += 1),
        })
    }
}

/// Settings that change nothing.
pub(crate) fn settings() -> Settings {
    Settings {
        backends: Vec::new(),
        checks: None,
        max_ejected_percent: 50,
        drain_timeout: std::time::Duration::from_secs(30),
        autoscale: None,
        replicas: None,
        what: String::new(),
    }
}
