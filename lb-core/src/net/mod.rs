//! The syscalls of the data plane, one a function.

pub mod inherited;
pub mod listen;
