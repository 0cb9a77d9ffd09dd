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
    /// Launched or adopted by this process, and not over. One that is left running at our end stays here.
    current: HashSet<BackendId>,
    /// Over.
    over: HashSet<BackendId>,
    /// Those of an earlier life that may stay, once somebody has said which.
    known: Option<HashSet<BackendId>>,
}

impl Ledger {
    /// It is being started or taken over.
    pub(super) fn begin(&mut self, id: BackendId) {
        self.current.insert(id);
    }

    /// It has ended, or came to nothing.
    pub(super) fn end(&mut self, id: BackendId) {
        self.current.remove(&id);
        self.over.insert(id);
    }

    /// All others of earlier lives may go.
    pub(super) fn know(&mut self, known: &[BackendId]) {
        self.known = Some(known.iter().copied().collect());
    }

    /// Whether a container that bears this incarnation's label has no business here.
    pub(super) fn is_stray(&self, id: BackendId) -> bool {
        let is_known = self.known.as_ref().is_none_or(|known| known.contains(&id));
        !self.current.contains(&id) && (self.over.contains(&id) || !is_known)
    }
}

#[cfg(test)]
mod tests;
