//! What a name may be, how patterns become names, and names that were never used before. Pure.
//!
//! Names reach file names, environments and `/rep`, so the rule is strict and checked at every door: 1 to 63 of
//! `[A-Za-z0-9_.-]`, the first a letter or a digit. `.`, `..`, a path or an option can't be written that way.
//! A made-up name is the pattern with `{n}` as six random digits. It is never one that was used before, by whomever:
//! a client that still knows a dead replica's name must not meet another replica under it. Used by `state`.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

/// The longest name, as for a DNS label.
pub const NAME_BYTES_MAX: usize = 63;
/// How many digits a made-up name begins with.
const MADE_UP_DIGITS: u32 = 6;
/// So many of the newest names are remembered, over restarts too: nobody waits for an older one any more.
const REMEMBERED_MAX: usize = 4096;
/// Of a bad name, so much is shown in the error.
const SHOWN_CHARS_MAX: usize = 64;

/// Whether `name` is 1 to 63 of `[A-Za-z0-9_.-]`, beginning with a letter or digit.
pub fn is_hostname(name: &str) -> bool {
    let mut bytes = name.bytes();
    name.len() <= NAME_BYTES_MAX
        && bytes.next().is_some_and(|first| first.is_ascii_alphanumeric())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
}

/// Why a pattern for names was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Every name would be the same.
    #[error("'{0}' has no {{n}}: all names would be the same")]
    NoNumber(String),
    /// The names would not be hostnames.
    #[error("'{0}' doesn't give hostnames: at most 63 of A-Z a-z 0-9 _ . - beginning with a letter or digit")]
    NotHostnames(String),
}

/// Checks a `--names` or `--new-names` pattern: it holds `{n}` and gives hostnames, with room for longer numbers.
pub fn check_pattern(pattern: &str) -> Result<(), PatternError> {
    if !pattern.contains("{n}") {
        return Err(PatternError::NoNumber(pattern.to_owned()));
    }
    // Ten digits: what `{n}` can grow to (a u32).
    if !is_hostname(&fill(pattern, "n", "4294967295")) {
        return Err(PatternError::NotHostnames(pattern.to_owned()));
    }
    Ok(())
}

/// `pattern` with every `{key}` replaced.
pub fn fill(pattern: &str, key: &str, value: &str) -> String {
    pattern.replace(&format!("{{{key}}}"), value)
}

/// A name as an error shows it: cut, so that the answer to a long one is not long itself.
pub(crate) fn shown(name: &str) -> String {
    match name.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

/// Gives names that were never used before. A clone shares what it remembers until one of the two learns a name.
#[derive(Clone, Debug)]
pub(crate) struct NameMaker {
    pattern: String,
    used: Arc<HashSet<Arc<str>>>,
    /// The same, oldest first.
    newest: Arc<VecDeque<Arc<str>>>,
    digits: u32,
    made_up: u64,
}

impl NameMaker {
    /// `pattern` as [`check_pattern`] accepts it.
    pub(crate) fn new(pattern: String) -> Self {
        Self { pattern, used: Arc::default(), newest: Arc::default(), digits: MADE_UP_DIGITS, made_up: 0 }
    }

    /// Takes note of a name that a user has chosen, or that was used in an earlier run.
    pub(crate) fn note(&mut self, name: &Arc<str>) {
        if self.used.contains(name) {
            return;
        }
        let (used, newest) = (Arc::make_mut(&mut self.used), Arc::make_mut(&mut self.newest));
        used.insert(Arc::clone(name));
        newest.push_back(Arc::clone(name));
        if newest.len() > REMEMBERED_MAX
            && let Some(oldest) = newest.pop_front()
        {
            used.remove(&oldest);
        }
    }

    /// The names that won't be made up, oldest first.
    pub(crate) fn used(&self) -> &Arc<VecDeque<Arc<str>>> {
        &self.newest
    }

    /// Whether it is one of them.
    pub(crate) fn is_used(&self, name: &str) -> bool {
        self.used.contains(name)
    }

    /// A new name.
    pub(crate) fn make_up(&mut self, rng: &mut fastrand::Rng) -> Arc<str> {
        loop {
            let names = 10_u64.pow(self.digits);
            // Half of them gone: one digit more, so that the search below stays short.
            if self.made_up < names / 2 {
                let start = rng.u64(..names);
                let free =
                    (0..names).map(|step| self.numbered((start + step) % names)).find(|n| !self.used.contains(n));
                if let Some(name) = free {
                    self.made_up += 1;
                    self.note(&name);
                    return name;
                }
            }
            self.digits += 1;
            self.made_up = 0;
        }
    }

    fn numbered(&self, number: u64) -> Arc<str> {
        let digits = self.digits as usize;
        fill(&self.pattern, "n", &format!("{number:0digits$}")).into()
    }
}

#[cfg(test)]
mod tests;
