//! One question a file: each sets its scene, measures, and returns a [`crate::report::Report`] with a verdict.

mod expected;
pub(crate) mod kill;
pub(crate) mod scale;
pub(crate) mod spread;
