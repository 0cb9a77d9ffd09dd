//! From what was typed to a [`Config`], and where each of its values comes from.

use toml::Table;

use super::effective::{Effective, Origin};
use super::file::{self, FromFile};
use super::{Config, ConfigError, Surroundings, defaults};
use crate::cli::serve::ServeArgs;
use crate::cli::typed::Typed;

/// A configuration that goes.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    pub(crate) config: Config,
    pub(crate) effective: Effective,
    /// What was said, whoever said it.
    pub(super) said: Table,
    /// That, over the defaults; unlike `effective` nothing is masked.
    pub(super) values: Table,
}

impl Loaded {
    /// Reads the `--config` file, lays what was typed over it and checks the whole.
    pub(crate) fn read(typed: &Typed, around: &Surroundings) -> Result<Self, ConfigError> {
        let file = typed.args.config.as_deref().map(file::read).transpose()?;
        let above = to_table(&typed.args);
        let args = match &file {
            Some(file) => typed.args.clone().over(file.args.clone()),
            None => typed.args.clone(),
        };
        let above_keys: Vec<String> = above.keys().cloned().collect();
        let config = Config::resolve(&args, around).map_err(|error| match &file {
            Some(file) => file.blame(error, &above_keys),
            None => error,
        })?;
        let origin = |key: &str| origin(key, typed, &above, file.as_ref());
        let said = to_table(&args);
        let mut values = to_table(&defaults::of(&args, &config));
        values.extend(said.clone());
        let effective = Effective::new(file.as_ref().map(|file| file.path.clone()), &values, origin);
        Ok(Self { config, effective, said, values })
    }
}

fn origin(key: &str, typed: &Typed, above: &Table, file: Option<&FromFile>) -> Origin {
    if typed.from_environment.contains(key) {
        return Origin::Environment;
    }
    if above.contains_key(key) {
        return Origin::Flag;
    }
    file.and_then(|file| file.lines.get(key)).map_or(Origin::Default, |line| Origin::File(*line))
}

/// The same as keys and values, what isn't said left out.
fn to_table(args: &ServeArgs) -> Table {
    Table::try_from(args).expect("texts, numbers and lists of them are TOML")
}

#[cfg(test)]
mod tests;
