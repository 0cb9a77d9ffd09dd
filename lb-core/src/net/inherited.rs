//! File descriptors that this process was started with, beyond 0, 1 and 2.
//!
//! Whoever started us may have left some open (a shell's redirection, a build tool's pipe). We don't use them, and a
//! replica must not inherit them: it would hold somebody's pipe or listener open for as long as it lives.

use std::io;
use std::os::fd::{BorrowedFd, RawFd};

use rustix::io::{FdFlags, fcntl_setfd};

/// Marks every descriptor from 3 up close-on-exec and says how many there were. Call it first thing in `main`, before
/// there is another thread: our own descriptors are made close-on-exec anyway.
pub fn close_on_exec() -> io::Result<usize> {
    let listed: Vec<RawFd> = std::fs::read_dir("/proc/self/fd")?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|&fd| fd > 2)
        .collect();
    Ok(listed.into_iter().filter(|&fd| mark(fd)).count())
}

/// False where the descriptor is gone: it was the one that the directory was read through.
#[expect(unsafe_code, reason = "a descriptor of which nothing but its number is known can't be borrowed safely")]
fn mark(fd: RawFd) -> bool {
    // SAFETY: the borrow lives for one fcntl(F_SETFD). Should the number have been closed meanwhile, the kernel answers
    // EBADF; nothing is read, written or closed through it.
    let fd = unsafe { BorrowedFd::borrow_raw(fd) };
    fcntl_setfd(fd, FdFlags::CLOEXEC).is_ok()
}
