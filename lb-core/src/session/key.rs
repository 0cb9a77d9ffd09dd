//! Where a request's key is looked for, and how it is read.
//!
//! The sources are asked in order; the first that yields a key wins. A source that needs header fields which haven't
//! arrived yet says so ([`KeyOutcome::NeedsHead`]), so that a key in the first line never waits for the rest.
//! A parameter counts by its first occurrence, percent-decoded once, `+` kept; an empty value counts as missing.

use std::borrow::Cow;
use std::net::IpAddr;
use std::str::FromStr;

use httparse::Header;

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

/// Where a session's key came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyedBy {
    /// A parameter of the query.
    Query,
    /// A header field.
    Header,
    /// A cookie.
    Cookie,
    /// The path.
    Path,
    /// No source yielded one, or `random` was configured.
    Random,
    /// The bytes aren't HTTP: the client address.
    Raw,
    /// `--mode tcp`, or `source` was configured: the client address.
    Source,
}

impl KeyedBy {
    /// In one word, as `--key` has it where it has one.
    pub fn word(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Header => "header",
            Self::Cookie => "cookie",
            Self::Path => "path",
            Self::Random => "random",
            Self::Raw => "raw",
            Self::Source => "source",
        }
    }
}

/// What the sources yielded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyOutcome<'a> {
    /// A key from the request, and where it stood.
    Found(Cow<'a, [u8]>, KeyedBy),
    /// The next source to ask needs the header fields.
    NeedsHead,
    /// By the client address, because `source` was next.
    Source,
    /// A random one, because `random` was next, or no source yielded anything.
    Random,
}

impl KeySources {
    /// Asks the sources in order. `headers`: `None` while only the first line has arrived.
    pub fn find<'a>(&self, target: &'a str, headers: Option<&[Header<'a>]>) -> KeyOutcome<'a> {
        for source in &self.0 {
            let (found, by) = match (source, headers) {
                (KeySource::Query(name), _) => (query_parameter(target, name), KeyedBy::Query),
                (KeySource::Path, _) => (Some(Cow::Borrowed(path(target).as_bytes())), KeyedBy::Path),
                (KeySource::Header(_) | KeySource::Cookie(_), None) => return KeyOutcome::NeedsHead,
                (KeySource::Header(name), Some(headers)) => (header(headers, name).map(Cow::Borrowed), KeyedBy::Header),
                (KeySource::Cookie(name), Some(headers)) => (cookie(headers, name).map(Cow::Borrowed), KeyedBy::Cookie),
                (KeySource::Source, _) => return KeyOutcome::Source,
                (KeySource::Random, _) => return KeyOutcome::Random,
            };
            if let Some(key) = found.filter(|key| !key.is_empty()) {
                return KeyOutcome::Found(key, by);
            }
        }
        KeyOutcome::Random
    }
}

/// The bytes that stand for a client address where it is the key.
pub fn source_key(client: IpAddr) -> [u8; 16] {
    match client {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
        IpAddr::V6(v6) => v6.octets(),
    }
}

/// The path of a request target in origin or absolute form, without the query.
pub fn path(target: &str) -> &str {
    let without_query = target.split('?').next().unwrap_or(target);
    if without_query.starts_with('/') {
        return without_query;
    }
    match without_query.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |slash| &rest[slash..]),
        None => without_query,
    }
}

fn query_parameter<'a>(target: &'a str, name: &str) -> Option<Cow<'a, [u8]>> {
    let (_, query) = target.split_once('?')?;
    let query = query.split('#').next().unwrap_or(query);
    query.split('&').find_map(|pair| {
        let (found, value) = pair.split_once('=').unwrap_or((pair, ""));
        (percent_decoded(found).as_ref() == name.as_bytes()).then(|| percent_decoded(value))
    })
}

fn header<'a>(headers: &[Header<'a>], name: &str) -> Option<&'a [u8]> {
    headers.iter().find(|header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value.trim_ascii())
}

fn cookie<'a>(headers: &[Header<'a>], name: &str) -> Option<&'a [u8]> {
    let fields = headers.iter().filter(|header| header.name.eq_ignore_ascii_case("cookie"));
    fields.flat_map(|field| field.value.split(|byte| *byte == b';')).find_map(|pair| {
        let equals = pair.iter().position(|byte| *byte == b'=')?;
        let (found, value) = pair.split_at(equals);
        (found.trim_ascii() == name.as_bytes()).then(|| value[1..].trim_ascii())
    })
}

/// Decodes `%XX` once; a `%` that two hex digits don't follow stays as it is. Allocates only where there is a `%`.
fn percent_decoded(text: &str) -> Cow<'_, [u8]> {
    let bytes = text.as_bytes();
    if !bytes.contains(&b'%') {
        return Cow::Borrowed(bytes);
    }
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&byte, after)) = rest.split_first() {
        match (byte, hex_pair(after)) {
            (b'%', Some(value)) => {
                decoded.push(value);
                rest = &after[2..];
            }
            _ => {
                decoded.push(byte);
                rest = after;
            }
        }
    }
    Cow::Owned(decoded)
}

fn hex_pair(bytes: &[u8]) -> Option<u8> {
    let digit = |index: usize| char::from(*bytes.get(index)?).to_digit(16);
    Some((digit(0)? * 16 + digit(1)?) as u8)
}

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

#[cfg(test)]
mod tests;
