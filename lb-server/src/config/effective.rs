//! The configuration as it applies, key by key, with where each value comes from: `lb check`, and what `GET /v1/config` shows.
//!
//! [`Effective::to_toml`] is a file that `lb serve --config` reads to the same end. No key holds a secret itself (tokens and
//! hash keys stand in files of their own, whose names are shown); what looks like one among the words of `command` is masked.

use std::fmt::{self, Write as _};
use std::path::PathBuf;

use toml::{Table, Value};

use super::{keys, mask};

pub(super) use mask::MASK;

/// All keys, in the order of `--help`.
#[derive(Clone, Debug)]
pub(crate) struct Effective {
    pub(crate) file: Option<PathBuf>,
    pub(crate) settings: Vec<Setting>,
}

/// One key.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Setting {
    pub(crate) key: String,
    /// `None`: there is none, as with a limit that nobody has set.
    pub(crate) value: Option<Value>,
    pub(crate) origin: Origin,
}

/// Who said it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Flag,
    Environment,
    /// In this line of the file.
    File(usize),
    Default,
}

impl Effective {
    /// These values, and who said each (`origin`).
    pub(super) fn new(file: Option<PathBuf>, values: &Table, origin: impl Fn(&str) -> Origin) -> Self {
        let setting = |key: String| {
            let value = values.get(&key).cloned().map(|value| mask::masked(&key, value));
            Setting { value, origin: origin(&key), key }
        };
        Self { file, settings: keys::all().into_iter().map(setting).collect() }
    }

    /// One of them.
    pub(super) fn setting(&self, key: &str) -> Option<&Setting> {
        self.settings.iter().find(|setting| setting.key == key)
    }

    /// A line a key; one that has no value stands there as a comment.
    pub(crate) fn to_toml(&self) -> String {
        let rows = self.settings.iter().map(|setting| match &setting.value {
            Some(value) => (format!("{} = {value}", setting.key), setting.origin_in_words()),
            None => (format!("# {}", setting.key), "not set".to_owned()),
        });
        let rows: Vec<(String, String)> = rows.collect();
        let width = rows.iter().map(|(row, _)| row.chars().count()).filter(|width| *width <= COLUMN).max().unwrap_or(0);
        let mut text = match &self.file {
            Some(path) => format!("# with {}\n", path.display()),
            None => String::new(),
        };
        for (row, words) in rows {
            // Writing to a String can't fail.
            let _written = writeln!(text, "{row:width$}  # {words}");
        }
        text
    }
}

/// Longer rows push their own comment to the right, and no other's.
const COLUMN: usize = 48;

impl Setting {
    fn origin_in_words(&self) -> String {
        match self.origin {
            Origin::Environment => format!("environment, {}", keys::variable(&self.key)),
            Origin::File(line) => format!("file, line {line}"),
            origin => origin.to_string(),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Flag => "flag",
            Self::Environment => "environment",
            Self::File(_) => "file",
            Self::Default => "default",
        })
    }
}
