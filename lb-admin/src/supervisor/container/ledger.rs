//! Which containers are ours and shouldn't be there. Pure.
//!
//! A create call that timed out may have made a container all the same; a container that we gave up may be started again
//! by somebody; an `lb serve` that was killed leaves what it was about to remove. None of them may stay, and none that an
//! adoption is about to take over may go.

use std::collections::HashSet;

use lb_core::backend::BackendId;

/// What has become of the incarnations.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    over: HashSet<BackendId>,
    /// Those of earlier runs that may stay, once somebody has said which.
    known: Option<HashSet<BackendId>>,
}

impl Ledger {
    /// It has ended, or came to nothing.
    pub(super) fn end(&mut self, id: BackendId) {
        self.over.insert(id);
    }

    /// All others of earlier runs may go.
    pub(super) fn know(&mut self, known: &[BackendId]) {
        self.known = Some(known.iter().copied().collect());
    }

    /// Whether a container that nobody holds has no business here. Of our own run it may be one that is just being made,
    /// or that was left running on purpose.
    pub(super) fn is_stray(&self, id: BackendId, is_of_this_run: bool) -> bool {
        let is_unknown = self.known.as_ref().is_some_and(|known| !known.contains(&id));
        self.over.contains(&id) || (!is_of_this_run && is_unknown)
    }
}

#[cfg(test)]
mod tests;
