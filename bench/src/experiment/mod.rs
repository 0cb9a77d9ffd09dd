//! One question a file. Those that need a running balancer set their scene, measure, and return a
//! [`crate::report::Report`] with a verdict; [`ring`] asks `lb_core::ring` directly and prints its tables.

pub(crate) mod ceiling;
mod expected;
pub(crate) mod kill;
pub(crate) mod load;
pub(crate) mod peers;
pub(crate) mod ring;
pub(crate) mod scale;
pub(crate) mod spread;
