//! What of the control plane's configuration a reload changes while it runs.

use std::time::Duration;

use super::{AutoscaleConfig, Check, StaticBackend};

/// Other settings, checked by whoever read them; applied as a whole or not at all.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Every `--backend`.
    pub backends: Vec<StaticBackend>,
    /// The check of replicas and that of backends; `None`: as they are, and nobody is checked anew.
    pub checks: Option<(Check, Check)>,
    /// As in [`super::AdminConfig`].
    pub max_ejected_percent: u32,
    /// As in [`super::AdminConfig`]; for those that are removed from now on.
    pub drain_timeout: Duration,
    /// As in [`super::AdminConfig`].
    pub autoscale: Option<AutoscaleConfig>,
    /// So many replicas, where another number is asked for than before; `None`: as many as there are.
    pub replicas: Option<u32>,
    /// What has changed, in words, for the event.
    pub what: String,
}
