//! What is decided about a session. Pure: no socket, no clock, no randomness.

pub mod key;
