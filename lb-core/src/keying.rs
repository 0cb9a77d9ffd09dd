//! How the front comes by a key, for those who explain what it does: the control side has no business in a session.

pub use crate::session::key::source_key;
use crate::session::key::{KeyOutcome, KeySource, KeySources};

/// A parameter of a request target, read as the front reads a key: the first occurrence, percent-decoded once, `+` kept;
/// none where it is empty.
pub fn query_key(target: &str, name: &str) -> Option<Vec<u8>> {
    match KeySources(vec![KeySource::Query(name.to_owned())]).find(target, None) {
        KeyOutcome::Found(key, _) => Some(key.into_owned()),
        KeyOutcome::NeedsHead | KeyOutcome::Source | KeyOutcome::Random => None,
    }
}
