//! What is written down of the membership, so that the next `lb serve` goes on where this one was killed. Pure.
//!
//! [`super::state`] makes a [`Saved`] and begins from one, [`super::store`] keeps it in a file. Members are those that a
//! request was answered for: what a pending `/add` has started isn't among them, nor is what drains, so the next start
//! ends both. `epoch`, `mapping` and `last_id` are never used twice, which is why they stay over a normal stop, when the rest is
//! forgotten. Deliberately absent: health, deadlines and counters, which the next run finds out by itself.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::supervisor::launcher::Trace;

/// The membership as it is written down.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Saved {
    /// No table has had a higher version.
    pub(crate) epoch: u64,
    /// The number of the last mapping.
    #[serde(default)]
    pub(crate) mapping: u64,
    /// The last incarnation that was given an id.
    pub(crate) last_id: u64,
    /// How many replicas there shall be; `None` after a normal stop: as many as the settings say.
    pub(crate) target: Option<u32>,
    pub(crate) seats: SavedSeats,
    /// The newest names, oldest first; none of them is made up again.
    pub(crate) used_names: Arc<VecDeque<Arc<str>>>,
    /// In order of addition.
    pub(crate) members: Vec<SavedMember>,
}

/// Which seat numbers were given (`SeatNumbers`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SavedSeats {
    /// All from here on were never given.
    pub(crate) next: u32,
    /// Those below that may be given again.
    pub(crate) free: BTreeSet<u32>,
}

/// A member: a replica, or a `--backend`, of which only the seat's number and places matter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SavedMember {
    pub(crate) name: Arc<str>,
    /// The seat's number.
    pub(crate) seat: u32,
    /// The seat's slots under the `assignment` hash, which depend on history.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) places: Vec<u32>,
    /// In thousandths.
    pub(crate) weight: u32,
    pub(crate) supervised: bool,
    /// Whether it has been ready under this name.
    pub(crate) listed: bool,
    /// Whether a user has chosen the name: the autoscaler doesn't remove it then.
    #[serde(default)]
    pub(crate) named: bool,
    /// Whether its weight was set while it ran: then it holds over what a flag says.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) reweighed: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) drained: bool,
    /// Its own, where it was given one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_connections: Option<u32>,
    /// The incarnation in the seat; `None`: nobody sits there.
    pub(crate) id: Option<u64>,
    /// What finds it again.
    pub(crate) trace: Option<Trace>,
}

impl Saved {
    /// What is left of it after a normal stop.
    pub(crate) fn forgotten(epoch: u64, mapping: u64, last_id: u64) -> Self {
        Self { epoch, mapping, last_id, ..Self::default() }
    }

    /// Whether `self` must be written before it is acted on, given that `older` is. A trace that is missing can be found
    /// by the replica's mark. That a name is listed must not be forgotten: it may not come back once its replica is dead.
    pub(crate) fn is_urgent(&self, older: &Self) -> bool {
        let plan = |saved: &Self| {
            let bare = |member: &SavedMember| SavedMember { trace: None, ..member.clone() };
            Self { members: saved.members.iter().map(bare).collect(), ..saved.clone() }
        };
        plan(self) != plan(older)
    }
}

fn is_false(flag: &bool) -> bool {
    !flag
}

#[cfg(test)]
mod tests;
