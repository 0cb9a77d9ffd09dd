//! Who would get the next session: the choice of the workers, made without one, for those who explain it.
//!
//! Nothing here decides anything of its own. The places of each backend are the workers', and [`Route`] and [`Bounds`]
//! choose for them too. Both change with every session, so this is how it is now.

use crate::backend::places::Places;
use crate::ring::{KeyHash, RingTable};
pub use crate::session::balance::BalanceFactor;
use crate::session::balance::Bounds;
use crate::session::route::Route;

/// Everybody's load, as the next session finds it.
#[derive(Clone, Copy, Debug)]
pub struct Loads<'a> {
    table: &'a RingTable,
    bounds: Option<Bounds<'a>>,
}

impl<'a> Loads<'a> {
    /// Under this table, and `--balance-factor` where there is one.
    pub fn new(table: &'a RingTable, factor: Option<BalanceFactor>) -> Self {
        Self { table, bounds: factor.map(|factor| Bounds::new(table, factor)) }
    }

    /// Who gets the next session with this key; `None`: nobody is ready.
    pub fn choose(&self, key: KeyHash) -> Option<u16> {
        Route::new(key).next(self.table, 0, |index| self.admit(index)).ok().map(|choice| choice.index)
    }

    /// Whether a backend takes one session more before others of its slot are asked.
    pub fn admit(&self, index: u16) -> bool {
        self.bounds.is_none_or(|bounds| bounds.admit(index))
    }

    /// Most sessions that the balance factor allows a backend now, the next one included.
    pub fn bound(&self, index: u16) -> Option<u64> {
        self.bounds.map(|bounds| bounds.of(index))
    }

    /// The places of a backend that is ready, where sessions are counted.
    pub fn places(&self, index: u16) -> Option<&'a Places> {
        self.table.backend(index)?.places()
    }

    /// Whether a session that is given to this backend waits there for a place.
    pub fn waits(&self, index: u16) -> bool {
        self.places(index).is_some_and(|places| places.is_full() && !places.is_queue_full())
    }

    /// Whether a session that is given to this backend is refused: no place is free, and as many wait for one as may.
    pub fn refuses(&self, index: u16) -> bool {
        self.places(index).is_some_and(|places| places.is_full() && places.is_queue_full())
    }
}
