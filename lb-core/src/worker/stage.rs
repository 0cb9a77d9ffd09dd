//! The three stages of a worker's life: serving, draining, stopped. What leads from one to the next: [`super::command`].

/// Whether a worker takes clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// It does.
    Serving,
    /// Not any more; it ends with its last session, or then.
    Draining {
        /// On the worker's clock.
        deadline_ms: u64,
    },
    /// It ends with this turn.
    Stopped,
}

impl Stage {
    pub(super) fn deadline_ms(self) -> Option<u64> {
        match self {
            Self::Draining { deadline_ms } => Some(deadline_ms),
            Self::Serving | Self::Stopped => None,
        }
    }
}
