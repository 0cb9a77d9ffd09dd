//! One question a file. Those that need a running balancer set their scene, measure, and return a
//! [`crate::report::Report`] with a verdict; [`ring`] asks `lb_core::ring` directly and prints its tables.
//!
//! are the assignment's experiments. What they share: [`pass`] (each id once), [`walk`] (a pass at every N),
//! [`hash`] and [`shares`] (who should answer), [`statistics`] and [`words`] (what is said about numbers).

pub(crate) mod a1;
pub(crate) mod a2;
pub(crate) mod a3;
pub(crate) mod a4;
mod hash;
mod pass;
pub(crate) mod ring;
pub(crate) mod scale;
mod shares;
mod statistics;
mod walk;
mod words;
