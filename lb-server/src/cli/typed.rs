//! [`ServeArgs`] as the command line and the environment gave them, and which of the two each came from.
//!
//! clap lays the one over the other by itself and tells only while it parses which it was; `lb check`, `GET /v1/config`
//! and the line of an error want to know later.

use std::collections::BTreeSet;

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, Error, FromArgMatches};

use super::serve::ServeArgs;

/// What was typed for `lb serve`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Typed {
    pub(crate) args: ServeArgs,
    /// The keys that the environment said and no flag.
    pub(crate) from_environment: BTreeSet<String>,
}

impl Args for Typed {
    fn augment_args(command: Command) -> Command {
        ServeArgs::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        ServeArgs::augment_args_for_update(command)
    }
}

impl FromArgMatches for Typed {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let by_variable = |id: &&str| matches.value_source(id) == Some(ValueSource::EnvVariable);
        // Of the struct itself clap makes a group, which has no source of its own to tell.
        let ids = ServeArgs::augment_args(Command::new("serve"));
        let ids = ids.get_arguments().map(|arg| arg.get_id().as_str());
        let from_environment = ids.filter(by_variable).map(|id| id.replace('_', "-")).collect();
        Ok(Self { args: ServeArgs::from_arg_matches(matches)?, from_environment })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
