//! Health checks: one task a backend probes it, [`rise_fall`] (pure) decides, changes go to the owner.
//!
//! A check says what a backend's own answer is worth; that its process has ended is known earlier (`supervisor`), and
//! that a connect was refused too (the data path): such a report asks for a probe at once.

mod probe;
pub(crate) mod record;
mod resolve;
pub(crate) mod rise_fall;
pub(crate) mod schedule;
#[cfg(test)]
mod tests;
