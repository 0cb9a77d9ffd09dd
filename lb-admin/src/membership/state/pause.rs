//! A replica that somebody has frozen from outside (`docker pause`), and its way back.
//!
//! It gets no sessions from the moment that we hear of it: a frozen program still has its port, so clients would be
//! accepted and left waiting. Resumed it gets them after one good check. One that stays frozen is replaced. Where all are
//! frozen they are routed to all the same: a session that waits fares better than one that is refused.

use std::time::{Duration, Instant};

use lb_core::backend::BackendId;

use super::place::Frozen;
use super::{Effect, Moment, Sign, SignKind, State};
use crate::events::EventKind;

/// So long it may be frozen. `docker commit` and a checkpoint freeze a container for a moment, and to replace it for that
/// would cost more than it saves; whoever means it is still there after half a second.
pub(super) const PAUSED_PATIENCE: Duration = Duration::from_millis(500);

impl State {
    pub(super) fn paused(&mut self, id: BackendId, at: Instant, now: Moment) {
        self.note_sign(id, Sign { kind: SignKind::Paused, at });
        let Some(index) = self.index_of(id) else { return };
        let Some(alive) = self.places[index].alive_mut() else { return };
        if matches!(alive.frozen, Some(Frozen::Paused { .. })) {
            return;
        }
        alive.frozen = Some(Frozen::Paused { since: now.at });
        self.eject(index);
        self.table_changed = true;
        self.record_of(index, EventKind::Down, "paused".to_owned());
    }

    pub(super) fn resumed(&mut self, id: BackendId) {
        let Some(index) = self.index_of(id) else { return };
        let Some(alive) = self.places[index].alive_mut() else { return };
        if !matches!(alive.frozen, Some(Frozen::Paused { .. })) {
            return;
        }
        alive.frozen = Some(Frozen::Resumed);
        alive.suspected = alive.suspected.or(Some(false));
        self.effects.push(Effect::Probe { id, refused: false });
    }

    /// A good check of a replica that was resumed.
    pub(super) fn thaw(&mut self, index: usize, now: Moment) {
        let place = &mut self.places[index];
        let call = place.call;
        let Some(alive) = place.alive_mut() else { return };
        if alive.frozen != Some(Frozen::Resumed) {
            return;
        }
        alive.frozen = None;
        self.table_changed = true;
        self.record_of(index, EventKind::Ready, "resumed".to_owned());
        if let Some(call) = call {
            self.commit_if_ready(call, now);
        }
    }
}

#[cfg(test)]
mod tests;
