//! Where a request's key is looked for.

use std::str::FromStr;

/// One place a key may be in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// `query:NAME`: a parameter of the target's query.
    Query(String),
    /// `header:NAME`: a header field (kept in lower case).
    Header(String),
    /// `cookie:NAME`.
    Cookie(String),
    /// `path`: the target up to the `?`.
    Path,
    /// `source`: the client address, without the port.
    Source,
    /// `random`: a new number each time.
    Random,
}

/// The sources in the order in which they are asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySources(pub Vec<KeySource>);

/// Why `--key` was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no key source; known: query:NAME, header:NAME, cookie:NAME, path, source, random")]
pub struct KeySourceError(String);

impl FromStr for KeySources {
    type Err = KeySourceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split(',').map(|part| one(part.trim())).collect::<Result<_, _>>().map(Self)
    }
}

fn one(text: &str) -> Result<KeySource, KeySourceError> {
    match text.split_once(':') {
        Some(("query", name)) if !name.is_empty() => Ok(KeySource::Query(name.to_owned())),
        Some(("header", name)) if !name.is_empty() => Ok(KeySource::Header(name.to_ascii_lowercase())),
        Some(("cookie", name)) if !name.is_empty() => Ok(KeySource::Cookie(name.to_owned())),
        None if text == "path" => Ok(KeySource::Path),
        None if text == "source" => Ok(KeySource::Source),
        None if text == "random" => Ok(KeySource::Random),
        _ => Err(KeySourceError(text.to_owned())),
    }
}
