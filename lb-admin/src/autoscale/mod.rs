//! `--autoscale`: as many replicas as the load asks for, never fewer than `min` nor more than `max`.
//!
//! [`observe`] looks once a second at the sessions that replicas have (and at the CPU time that they use), [`decide`]
//! says what follows, pure. A step goes to the owner as an input like any other; `membership/state/scale` carries it out,
//! or lets it be where the membership isn't any more what was looked at. [`Readings`] are what `/metrics` shows.

pub(crate) mod decide;
pub(crate) mod observe;

use std::sync::atomic::{AtomicU32, Ordering};

/// What the autoscaler would have; steps are counted by the membership.
#[derive(Debug, Default)]
pub struct Readings {
    desired: AtomicU32,
}

impl Readings {
    /// How many replicas the load asks for now, within the bounds; 0 before the first look, and while nobody has asked for one.
    pub fn desired(&self) -> u32 {
        self.desired.load(Ordering::Relaxed)
    }

    pub(crate) fn note_desired(&self, replicas: u32) {
        self.desired.store(replicas, Ordering::Relaxed);
    }
}
