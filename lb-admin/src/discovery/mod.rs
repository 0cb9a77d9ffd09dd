//! Backends that somebody else runs and that come and go while we run: told by a watched file or by labelled containers.
//!
//! - `file`: `--backends-file`
//! - `docker`: `--discover docker`: labelled containers as backends (pure); beside it `watch`, who asks the engine
//! - `diff`: what has changed between two sets (pure)
//!
//! A source tells the whole set every time (`Input::Discovered`); the membership applies what
//! has changed. A source that can't be read tells nothing: the last good set stays.

use std::fmt;

pub(crate) mod diff;
pub(crate) mod docker;
pub mod file;

/// Who tells a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    /// `--backend`: told at the start and by every reload.
    Settings,
    /// `--backends-file`.
    File,
    /// `--discover docker`.
    Docker,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Settings => "--backend",
            Self::File => "--backends-file",
            Self::Docker => "--discover docker",
        })
    }
}
