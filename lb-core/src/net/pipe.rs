//! pipe2 and F_SETPIPE_SZ: a piece of kernel memory that bytes pass through on their way from one socket to another.
//!
//! What is done with a pipe is in [`super::splice`], how many there may be in the worker's pool. Closing both ends
//! throws away what is in it.

use std::os::fd::OwnedFd;

use rustix::pipe::{PipeFlags, fcntl_setpipe_size, pipe_with};

/// Both ends of one pipe; both are ours.
#[derive(Debug)]
pub struct Pipe {
    pub(super) read_end: OwnedFd,
    pub(super) write_end: OwnedFd,
}

/// A pipe of at least `bytes`. `None`: no descriptor is left, or the kernel gives only a smaller one (an unprivileged
/// user's pipes beyond `/proc/sys/fs/pipe-user-pages-soft` are of two pages and can't grow, FAULTS fact 7), which would
/// cost more calls than it saves copies.
pub fn open(bytes: usize) -> Option<Pipe> {
    let (read_end, write_end) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK).ok()?;
    let size = fcntl_setpipe_size(&write_end, bytes).ok()?;
    (size >= bytes).then_some(Pipe { read_end, write_end })
}
