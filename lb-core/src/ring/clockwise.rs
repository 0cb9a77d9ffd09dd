//! Ranks by walking a circle: who is met first from a slot on, who next, each member once.
//!
//! This orders the fallbacks of every rule that marks a circle (`vnodes`, `maglev`, `assignment`). Walking from each
//! slot anew would be slow where a member has few marks; instead the circle is walked *backwards* once, moving whoever
//! is passed to the front of a short list: the list is then, at each place, who comes clockwise from there.

use super::RANKS_MAX;

/// The members met clockwise of the place that a backward walk has reached, nearest first.
pub(super) struct Clockwise {
    nearest: Vec<u16>,
    members: u16,
}

impl Clockwise {
    /// Before the walk. `members` is how many there are.
    pub(super) fn new(members: u16) -> Self {
        Self { nearest: Vec::with_capacity(RANKS_MAX), members }
    }

    /// Goes one mark back: `member` is the nearest now.
    pub(super) fn pass(&mut self, member: u16) {
        match self.nearest.iter().position(|&near| near == member) {
            Some(place) => self.nearest[..=place].rotate_right(1),
            None => {
                // Whoever drops out was the farthest and would have to be passed again to come back.
                self.nearest.truncate(RANKS_MAX - 1);
                self.nearest.insert(0, member);
            }
        }
    }

    /// Writes the ranks of the place reached. Members without any mark come last, in order of identity.
    pub(super) fn write(&self, ranks: &mut [u16]) {
        let met = self.nearest.len().min(ranks.len());
        ranks[..met].copy_from_slice(&self.nearest[..met]);
        let unmet = (0..self.members).filter(|member| !self.nearest.contains(member));
        for (rank, member) in ranks[met..].iter_mut().zip(unmet) {
            *rank = member;
        }
    }
}

/// The ranks of all slots of a circle whose marks lie on slots; a slot's own mark counts as met first.
pub(super) fn ranks_of_marks(marks: &[Option<u16>], members: u16) -> Vec<u16> {
    let width = usize::from(members).min(RANKS_MAX);
    if width == 0 {
        return Vec::new();
    }
    let mut ranks = vec![0; marks.len() * width];
    let mut clockwise = Clockwise::new(members);
    // Once around first, so that the last slots know who comes after the end.
    marks.iter().rev().flatten().for_each(|&member| clockwise.pass(member));
    for (mark, ranks) in marks.iter().zip(ranks.chunks_exact_mut(width)).rev() {
        if let Some(member) = *mark {
            clockwise.pass(member);
        }
        clockwise.write(ranks);
    }
    ranks
}

#[cfg(test)]
mod tests;
