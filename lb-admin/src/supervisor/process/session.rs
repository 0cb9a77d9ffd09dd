//! Ends what the session of a replica still holds once its leader has ended, and never anybody else.
//!
//! The kernel gives a number to nobody new while a process has it, a zombie too, or while it names a session with members.
//! So as long as our own child isn't reaped its number is safe to use. The number of a leader that isn't our child may be
//! another process's by now: then its old session has no members, and what bears that number is not ours. Each member
//! is looked at again through a descriptor that can't come to mean another process.

use rustix::process::{Pid, PidfdFlags, Signal, kill_process, kill_process_group, pidfd_open, pidfd_send_signal};

use crate::supervisor::procfs;

/// A session is looked through again for what was forked meanwhile, this often at the most.
const ROUNDS_MAX: usize = 3;

/// Ends the session of a child that has not been reaped.
pub(super) fn clear(leader: Pid) {
    for _ in 0..ROUNDS_MAX {
        // The group first: one system call, and nearly always all there is.
        let _no_group = kill_process_group(leader, Signal::KILL);
        let others = members(leader);
        if others.is_empty() {
            return;
        }
        for pid in others {
            let _gone = kill_process(pid, Signal::KILL);
        }
    }
}

/// Ends the session of a leader that isn't our child and started at `start_ticks`.
pub(super) fn clear_of_stranger(leader: Pid, start_ticks: u64) {
    for _ in 0..ROUNDS_MAX {
        let others = members(leader);
        if others.is_empty() {
            return;
        }
        for pid in others {
            signal_if(pid, Signal::KILL, || {
                let is_member = procfs::stat(pid).is_some_and(|stat| stat.session == leader.as_raw_nonzero().get());
                is_member && procfs::stat(leader).is_none_or(|stat| stat.start_ticks == start_ticks)
            });
        }
    }
}

/// Sends a signal to the process of which `is_it` holds, and to no later one of its number. False: it is gone or isn't it.
pub(super) fn signal_if(pid: Pid, signal: Signal, is_it: impl FnOnce() -> bool) -> bool {
    let Ok(pidfd) = pidfd_open(pid, PidfdFlags::empty()) else { return false };
    // Looked at after the descriptor was opened: if that process had ended before, the signal hits nobody.
    is_it() && pidfd_send_signal(&pidfd, signal).is_ok()
}

/// Whether the process of this number is still the one that started then; a zombie is.
pub(super) fn is_its_own(pid: Pid, start_ticks: u64) -> bool {
    procfs::stat(pid).is_some_and(|stat| stat.start_ticks == start_ticks)
}

/// The other living processes of the session that `leader` leads, those that left its process group among them.
fn members(leader: Pid) -> Vec<Pid> {
    let session = leader.as_raw_nonzero().get();
    let members = procfs::all().filter(|(pid, stat)| *pid != leader && !stat.zombie && stat.session == session);
    members.map(|(pid, _)| pid).collect()
}
