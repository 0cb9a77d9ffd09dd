//! Another weight, another limit of sessions, no new sessions: what can change about one that keeps its seat.
//!
//! All three belong to the seat: a replacement has them, and so has a restart that finds the state of before. Whoever is
//! drained keeps its sessions, its health checks and its replacement where it dies; its slots fall to their next rank.
//! What a backend's source says later of its weight wins over what was set here before.

use std::sync::Arc;

use lb_core::backend::Weight;
use lb_core::backend::places::{PlaceLimits, WAITING_DEFAULT};

use super::place::Place;
use super::{Effect, Limits, State};
use crate::events::EventKind;
use crate::membership::change::Edit;
use crate::membership::command::ChangeError;
use crate::membership::names::shown;

impl State {
    pub(super) fn edit(&mut self, name: &str, edit: &Edit) -> Result<(), ChangeError> {
        let place = self.places.iter().position(|place| *place.name == *name && place.call.is_none());
        let index = place.ok_or_else(|| ChangeError::UnknownBackend(shown(name)))?;
        // First, since it is what may be refused.
        if let Some(weight) = edit.weight {
            self.set_weight(index, weight)?;
        }
        if let Some(drained) = edit.drained {
            self.set_drained(index, drained);
        }
        if let Some(most) = edit.max_connections {
            self.set_max_connections(index, Some(most));
        }
        self.changes += 1;
        Ok(())
    }

    pub(super) fn set_weight(&mut self, index: usize, weight: Weight) -> Result<(), ChangeError> {
        let place = &mut self.places[index];
        let before = place.weight;
        if before == weight {
            return Ok(());
        }
        self.ring
            .set_weight(&place.seat, weight)
            .map_err(|why| ChangeError::WeightRefused { name: place.name.to_string(), why })?;
        place.weight = weight;
        place.reweighed = true;
        self.seats_changed = true;
        self.note_edit(index, "weight", &format!("{} -> {}", number(before), number(weight)));
        Ok(())
    }

    pub(super) fn set_drained(&mut self, index: usize, drained: bool) {
        let place = &mut self.places[index];
        if std::mem::replace(&mut place.drained, drained) != drained {
            self.table_changed = true;
            self.note_edit(index, if drained { "drain" } else { "undrain" }, "");
        }
    }

    /// `None`: as the settings say.
    pub(super) fn set_max_connections(&mut self, index: usize, most: Option<u32>) {
        let place = &mut self.places[index];
        if std::mem::replace(&mut place.max_connections, most) == most {
            return;
        }
        // Somebody may count already who needn't any more: then there is no end of places.
        let limits = place_limits(place, &self.limits).unwrap_or(PlaceLimits { places: 0, waiting: WAITING_DEFAULT });
        let backend = place.alive().map(|alive| Arc::clone(&alive.backend));
        self.effects.extend(backend.map(|backend| Effect::Limit { backend, limits }));
        self.table_changed = true;
        let most = most.map_or_else(|| "as configured".to_owned(), |most| most.to_string());
        self.note_edit(index, "max_connections", &most);
    }

    /// An event for the one it is about, and a cause for the mapping.
    fn note_edit(&mut self, index: usize, what: &str, to: &str) {
        let gap = if to.is_empty() { "" } else { " " };
        self.record_of(index, EventKind::Changed, format!("{what}{gap}{to}"));
        let name = &self.places[index].name;
        self.causes.push(format!("{what} {name}{gap}{to}"));
    }
}

/// The places that the backend of this seat has, `None` where nobody needs to count.
pub(super) fn place_limits(place: &Place, limits: &Limits) -> Option<PlaceLimits> {
    let configured = limits.places;
    let waiting = configured.map_or(WAITING_DEFAULT, |limits| limits.waiting);
    match place.max_connections {
        None => configured,
        Some(0) => configured.map(|limits| PlaceLimits { places: 0, ..limits }),
        Some(places) => Some(PlaceLimits { places, waiting }),
    }
}

/// As people write it: 1, 1.5.
fn number(weight: Weight) -> f64 {
    f64::from(weight.thousandths()) / 1000.0
}

#[cfg(test)]
mod tests;
