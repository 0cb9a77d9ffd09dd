//! The syscalls of the data plane, one a function, each surprising errno argued where it is met.
//!
//! `kernel` is what a worker may ask for, `linux` the answer; tests have another. Thin on purpose: nothing is decided here. Errors become the typed outcomes that `session` and `worker` act on.

pub mod accept;
pub mod connect;
pub mod copy;
pub mod inherited;
pub mod keepalive;
pub(crate) mod kernel;
pub(crate) mod linux;
pub mod listen;
pub mod pipe;
pub mod shutdown;
pub mod source;
pub mod splice;
