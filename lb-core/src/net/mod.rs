//! The syscalls of the data plane, one a function.

pub mod listen;
