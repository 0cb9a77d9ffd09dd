//! Who is in trouble, and how it is shown: a word and a sign for each condition, the worst first. Pure.

use std::collections::HashMap;

use super::super::backend::Backend;

/// How a backend does, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Condition {
    Down,
    Starting,
    /// It should serve, but its last check has failed, or connections to it did since the last look.
    Failing,
    /// It gets no new sessions because somebody wants it so, or it has left.
    Leaving,
    Ready,
}

impl Condition {
    fn of(backend: &Backend, failures_before: Option<u64>) -> Self {
        let refuses = failures_before.is_some_and(|before| backend.connect_failures_total > before);
        match &*backend.state {
            "down" => Self::Down,
            "starting" => Self::Starting,
            "draining" => Self::Leaving,
            _ if refuses || backend.last_check.as_ref().is_some_and(|check| !check.ok) => Self::Failing,
            _ if backend.drained => Self::Leaving,
            _ => Self::Ready,
        }
    }

    /// What stands before the word of its state, so that colour isn't needed.
    pub(super) fn sign(self) -> char {
        match self {
            Self::Down => '✕',
            Self::Starting => '○',
            Self::Failing => '!',
            Self::Leaving => '‖',
            Self::Ready => '●',
        }
    }
}

/// A backend and how it does.
#[derive(Clone, Debug)]
pub(super) struct Patient {
    pub(super) backend: Backend,
    pub(super) condition: Condition,
}

impl Patient {
    /// The state in a word.
    pub(super) fn word(&self) -> &str {
        let drained = self.backend.drained && self.backend.state == "ready";
        if drained { "drained" } else { &self.backend.state }
    }
}

/// Connects that have failed so far, by name.
pub(super) type Failures = HashMap<String, u64>;

pub(super) fn failures(backends: &[Backend]) -> Failures {
    backends.iter().map(|backend| (backend.name.clone(), backend.connect_failures_total)).collect()
}

/// Whoever is in trouble first; among equals the order of addition stays.
pub(super) fn sorted(backends: Vec<Backend>, before: &Failures) -> Vec<Patient> {
    let condition = |backend: &Backend| Condition::of(backend, before.get(&backend.name).copied());
    let mut patients: Vec<_> =
        backends.into_iter().map(|backend| Patient { condition: condition(&backend), backend }).collect();
    patients.sort_by_key(|patient| patient.condition);
    patients
}

#[cfg(test)]
mod tests;
