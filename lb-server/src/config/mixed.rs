//! What a reload would change, and what applies after it: the reloadable keys as they were read, the others as they are.

use lb_admin::reload::{KeyChange, TakesEffect};
use serde_json::Value;
use toml::Table;

use super::effective::{Effective, MASK, Setting};
use super::{Config, ConfigError, Loaded, Surroundings, keys};
use crate::cli::serve::ServeArgs;
use crate::reload::json;

impl Loaded {
    /// This one with what a reload takes over from `read`. It may be that the two don't go together.
    pub(crate) fn mixed(&self, read: &Self, around: &Surroundings) -> Result<Self, ConfigError> {
        let from = |key: &str| if self.takes_effect(key) == TakesEffect::Now { read } else { self };
        let said = keys::all().into_iter().filter_map(|key| {
            let value = from(&key).said.get(&key)?.clone();
            Some((key, value))
        });
        let said: Table = said.collect();
        let args: ServeArgs = said.clone().try_into().expect("each value has been read before");
        let config = Config::resolve(&args, around)?;
        let pick = |key: String| from(&key).effective.setting(&key).cloned();
        let settings: Vec<Setting> = keys::all().into_iter().filter_map(pick).collect();
        let effective = Effective { file: self.effective.file.clone(), settings };
        let values = keys::all().into_iter().filter_map(|key| {
            let value = from(&key).values.get(&key)?.clone();
            Some((key, value))
        });
        Ok(Self { values: values.collect(), config, effective, said })
    }

    /// The keys that say something else in `read`, in order.
    pub(crate) fn changes<'a>(&'a self, read: &'a Self) -> impl Iterator<Item = KeyChange> + 'a {
        keys::all().into_iter().filter(|key| self.differs(read, key)).map(|key| {
            let shown = |loaded: &Self| json(loaded.effective.setting(&key).and_then(|setting| setting.value.as_ref()));
            let (mut from, mut to) = (shown(self), shown(read));
            if from == to {
                // What is shown is not what differs: a secret, or what a file holds.
                (from, to) = (Value::from(MASK), Value::from(MASK));
            }
            KeyChange { from, takes_effect: self.takes_effect(&key), to, key }
        })
    }

    fn differs(&self, read: &Self, key: &str) -> bool {
        let (now, then) = (&self.config, &read.config);
        match key {
            // Nobody asks for another number by asking for none.
            "replicas" if !read.said.contains_key(key) => false,
            // The same file may hold something else by now.
            "admin-token-file" => now.access.token != then.access.token || self.said.get(key) != read.said.get(key),
            "hash-key-file" => now.secret != then.secret || self.said.get(key) != read.said.get(key),
            _ => self.values.get(key) != read.values.get(key),
        }
    }

    fn takes_effect(&self, key: &str) -> TakesEffect {
        // Where no sessions are counted there is nothing to go by.
        let can = key != "balance-factor" || self.config.places.limits.is_some();
        if can && keys::is_reloadable(key) { TakesEffect::Now } else { TakesEffect::Restart }
    }
}

#[cfg(test)]
mod tests;
