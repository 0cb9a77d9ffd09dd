//! The `--config` file: TOML with the flags of `lb serve` as keys, unknown ones refused.
//!
//! Whatever is wrong is told with its line: what isn't TOML, a key that isn't there (and which one may be meant), a value of
//! another kind. That a value doesn't go is found later, by who knows what it means; [`FromFile::blame`] finds its line.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::de::DeTable;

use super::{ConfigError, keys};
use crate::cli::serve::ServeArgs;

/// What a file said.
#[derive(Clone, Debug, Default)]
pub(super) struct FromFile {
    pub(super) path: PathBuf,
    pub(super) args: ServeArgs,
    /// Of each key, counted from 1.
    pub(super) lines: BTreeMap<String, usize>,
}

/// Reads the file; an error names its line.
pub(super) fn read(path: &Path) -> Result<FromFile, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| ConfigError::FileUnreadable { path: path.to_owned(), source })?;
    let wrong = |line, why| ConfigError::FileWrong { path: path.to_owned(), line, why };
    let line_of_error = |error: &toml::de::Error| line_at(&text, error.span().map_or(0, |span| span.start));
    let table = DeTable::parse(&text).map_err(|error| wrong(line_of_error(&error), one_line(error.message())))?;
    let mut lines = BTreeMap::new();
    for (key, value) in table.get_ref() {
        let (name, line) = (key.get_ref().as_ref(), line_at(&text, key.span().start));
        if !keys::is_key(name) {
            let is_section = value.get_ref().is_table();
            return Err(wrong(line, keys::unknown(name, is_section)));
        }
        if value.get_ref().is_table() {
            return Err(wrong(line, format!("{name} is a key, not a section: write {name} = …")));
        }
        lines.insert(name.to_owned(), line);
    }
    let args = toml::from_str(&text).map_err(|error| {
        let line = line_of_error(&error);
        // A value of several lines is wrong in one of them.
        let before = lines.iter().filter(|(_, begins)| **begins <= line).max_by_key(|(_, begins)| **begins);
        let key = before.map_or_else(String::new, |(key, _)| format!("{key}: "));
        wrong(line, format!("{key}{}", in_words(error.message())))
    })?;
    Ok(FromFile { path: path.to_owned(), args, lines })
}

impl FromFile {
    /// An error with the line of the value that it is about, where that came from this file. `above`: what was said over it.
    pub(super) fn blame(&self, error: ConfigError, above: &[String]) -> ConfigError {
        let text = error.to_string();
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
        let keys = words.filter_map(|word| word.strip_prefix("--"));
        let line = keys.filter(|key| !above.iter().any(|said| said == key)).find_map(|key| self.lines.get(key));
        match line {
            Some(&line) => ConfigError::InFile { path: self.path.clone(), line, source: Box::new(error) },
            None => error,
        }
    }
}

fn line_at(text: &str, byte: usize) -> usize {
    1 + text.bytes().take(byte).filter(|&byte| byte == b'\n').count()
}

fn one_line(message: &str) -> String {
    message.replace('\n', "; ")
}

/// serde's words for kinds of values are Rust's.
fn in_words(message: &str) -> String {
    let mut text = one_line(message);
    for (kind, words) in [
        ("expected usize", "expected a whole number"),
        ("expected u16", "expected a whole number"),
        ("expected u32", "expected a whole number"),
        ("expected u64", "expected a whole number"),
        ("expected a boolean", "expected true or false"),
        ("expected a string", "expected a text in quotes"),
        ("expected path string", "expected a text in quotes"),
    ] {
        text = text.replace(kind, words);
    }
    text
}

#[cfg(test)]
mod tests;
