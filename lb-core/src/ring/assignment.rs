//! `--hash assignment`: the circle that the university assignment (ICS 4104 / CS60002) prescribes.
//!
//! Request i hashes to H(i) = i² + 2i + 17, virtual server j of server i to Φ(i,j) = i² + j² + 2j + 25, j = 0..8, both
//! mod M; a taken place is probed past. i is the seat's number. A request's slot belongs to the first mark clockwise,
//! its own slot included. Wrapping u64 arithmetic is exact because M is a power of two.
//!
//! Incremental, unlike the other rules: a seat's places are fixed when it is added and freed when it is removed, so the
//! table depends on the order of changes. It is here to reproduce the assignment's numbers, not to balance: H only
//! reaches 87 of 512 slots, and one of three servers gets 84 % of all ids.

use std::ops::Range;

use super::clockwise::ranks_of_marks;
use super::{Member, Probing};
use crate::backend::{Identity, Seat};

/// K, the places of one seat.
pub(super) const PLACES: usize = 9;
/// The j that the places are made from.
const VIRTUAL_SERVERS: Range<u64> = 0..PLACES as u64;

/// H, the place of request i on a circle of M slots (M a power of two).
#[inline]
pub(super) fn slot_of_request(i: u64, slots: u32) -> u32 {
    let h = i.wrapping_mul(i).wrapping_add(i.wrapping_mul(2)).wrapping_add(17);
    // A remainder below M, so the cast keeps it.
    (h & u64::from(slots - 1)) as u32
}

/// Φ, before it is taken mod M.
fn phi(i: u64, j: u64) -> u64 {
    [i.wrapping_mul(i), j.wrapping_mul(j), j.wrapping_mul(2), 25].into_iter().fold(0, u64::wrapping_add)
}

/// The circle with its marks.
#[derive(Clone, Debug)]
pub(super) struct Circle {
    probing: Probing,
    marks: Vec<Option<Identity>>,
}

impl Circle {
    /// Without marks. `slots` is a power of two.
    pub(super) fn new(slots: u32, probing: Probing) -> Self {
        debug_assert!(slots.is_power_of_two(), "RingConfig::new has checked this");
        Self { probing, marks: vec![None; slots as usize] }
    }

    /// Marks the seat's places and returns them in order of j; `None` (and no mark) where one finds no free slot.
    pub(super) fn place(&mut self, seat: &Seat) -> Option<Vec<u32>> {
        self.place_virtual(seat, VIRTUAL_SERVERS)
    }

    /// As [`Self::place`], for other j: some readings of the assignment count them from 1.
    fn place_virtual(&mut self, seat: &Seat, virtual_servers: Range<u64>) -> Option<Vec<u32>> {
        let mut places = Vec::with_capacity(PLACES);
        for j in virtual_servers {
            let Some(slot) = self.probe(phi(u64::from(seat.number()), j)) else {
                self.free(seat);
                return None;
            };
            self.marks[slot as usize] = Some(seat.identity());
            places.push(slot);
        }
        Some(places)
    }

    /// Marks these places for the seat, as [`Self::marks_of`] once gave them; false (and no mark) where they aren't nine
    /// free slots.
    pub(super) fn place_at(&mut self, seat: &Seat, places: &[u32]) -> bool {
        let fit = places.len() == PLACES && places.iter().all(|&slot| self.marks.get(slot as usize) == Some(&None));
        if !fit {
            return false;
        }
        for &slot in places {
            self.marks[slot as usize] = Some(seat.identity());
        }
        if self.marks_of(seat).len() == PLACES {
            return true;
        }
        // One was named twice.
        self.free(seat);
        false
    }

    /// The seat's places, in order of the circle.
    pub(super) fn marks_of(&self, seat: &Seat) -> Vec<u32> {
        let marks = (0..).zip(&self.marks);
        marks.filter(|(_, mark)| **mark == Some(seat.identity())).map(|(slot, _)| slot).collect()
    }

    /// Frees the seat's places.
    pub(super) fn free(&mut self, seat: &Seat) {
        for mark in &mut self.marks {
            mark.take_if(|identity| *identity == seat.identity());
        }
    }

    /// The ranks of all slots; `members`, in order of identity, are the seats that have places.
    pub(super) fn ranks(&self, members: &[Member]) -> Vec<u16> {
        let index_of = |identity: Identity| {
            let found = members.binary_search_by_key(&identity, |member| member.seat.identity());
            found.expect("only members have marks") as u16
        };
        let marks: Vec<Option<u16>> = self.marks.iter().map(|mark| mark.map(index_of)).collect();
        ranks_of_marks(&marks, members.len() as u16)
    }

    /// The first free slot from `base` on, within M steps. Quadratic steps don't reach every slot of a power of two.
    fn probe(&self, base: u64) -> Option<u32> {
        let slots = self.marks.len() as u64;
        (0..slots).find_map(|t| {
            let step = match self.probing {
                Probing::Linear => t,
                Probing::Quadratic => t * t,
            };
            let slot = base.wrapping_add(step) % slots;
            self.marks[slot as usize].is_none().then_some(slot as u32)
        })
    }
}

#[cfg(test)]
mod tests;
