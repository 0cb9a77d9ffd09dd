//! What has changed between two sets of backends, by name. Pure.
//!
//! A backend is the same one as long as its name is: an address, weight or check that differs is a change of it, so its
//! place in the ring stays. The order within a set means nothing except for the new ones, who come in the order told.

use std::collections::{HashMap, HashSet};

use crate::config::StaticBackend;

/// The way from one set to another.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Diff<'a> {
    /// Names that are no longer in the set.
    pub(crate) gone: Vec<&'a str>,
    /// As they are now.
    pub(crate) changed: Vec<&'a StaticBackend>,
    /// In the order told.
    pub(crate) new: Vec<&'a StaticBackend>,
}

/// From `present` to `wanted`; names are unique in each.
pub(crate) fn diff<'a>(present: &'a [StaticBackend], wanted: &'a [StaticBackend]) -> Diff<'a> {
    let before: HashMap<&str, &StaticBackend> = present.iter().map(|backend| (&*backend.name, backend)).collect();
    let after: HashSet<&str> = wanted.iter().map(|backend| &*backend.name).collect();
    let mut diff = Diff { gone: Vec::new(), changed: Vec::new(), new: Vec::new() };
    diff.gone.extend(present.iter().map(|backend| &*backend.name).filter(|name| !after.contains(name)));
    for backend in wanted {
        match before.get(&*backend.name) {
            None => diff.new.push(backend),
            Some(same) if *same == backend => {}
            Some(_) => diff.changed.push(backend),
        }
    }
    diff
}

#[cfg(test)]
mod tests;
