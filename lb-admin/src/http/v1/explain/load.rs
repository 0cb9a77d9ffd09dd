//! What a backend has to do now, and why it gets no session more, in words.

use lb_core::load::{BalanceFactor, Loads};
use serde::Serialize;
use utoipa::ToSchema;

/// What a backend has to do now, where sessions are counted.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Load {
    /// Most sessions that --balance-factor allows it now, the next one included; null: it isn't set.
    pub(super) bound: Option<u64>,
    /// Sessions that have a place.
    pub(super) open: u32,
    /// Places that there are; null: no end of them.
    pub(super) places: Option<u32>,
    /// Sessions that wait for a place.
    pub(super) waiting: u32,
}

impl Load {
    /// Of a backend that is ready and counted.
    pub(super) fn of(index: u16, loads: &Loads<'_>) -> Option<Self> {
        let places = loads.places(index)?;
        let bound = loads.bound(index);
        Some(Self { bound, open: places.open(), places: places.limit(), waiting: places.waiting() })
    }

    /// Why it gets no session now.
    pub(super) fn why_none(&self, factor: BalanceFactor) -> String {
        let Self { bound, open, places, .. } = self;
        match (places, bound) {
            (Some(places), _) if open >= places => format!("all its {places} places are taken"),
            (_, Some(bound)) => format!("open sessions: {open}, of {bound} that --balance-factor {factor} allows now"),
            (_, None) => format!("open sessions: {open}"),
        }
    }
}
