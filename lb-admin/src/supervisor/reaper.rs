//! Reaps the children that nobody here has started.
//!
//! PID 1 of a container inherits every orphan below it (a subreaper does too), and a shell that became `lb` by `exec` may
//! have left it a child: unreaped they stay zombies for as long as we run. A replica is reaped by its own task
//! ([`super::process`]), which needs its exit status; [`Started`] says which those are. Launches and the reaper share
//! one thread, so no replica is looked at between its start and its entry here.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::process::{Pid, WaitId, WaitIdOptions, getpid, waitid};
use tokio::signal::unix::{SignalKind, signal};

use super::procfs;

/// The children that have somebody who reaps them. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Started(Arc<Mutex<HashSet<Pid>>>);

impl Started {
    pub(super) fn insert(&self, pid: Pid) {
        self.pids().insert(pid);
    }

    /// It was reaped, or nobody will.
    pub(super) fn remove(&self, pid: Pid) {
        self.pids().remove(&pid);
    }

    /// Reaps the others, at every SIGCHLD. Never returns, unless the signal can't be had.
    pub(crate) async fn reap_others(self) {
        let Ok(mut child_ended) = signal(SignalKind::child()) else {
            return tracing::warn!("SIGCHLD can't be had; children of others stay zombies");
        };
        loop {
            // First of all: what was there before us.
            self.reap_zombies();
            if child_ended.recv().await.is_none() {
                return;
            }
        }
    }

    fn reap_zombies(&self) {
        let us = getpid().as_raw_nonzero().get();
        for (pid, _) in procfs::all().filter(|(_, stat)| stat.zombie && stat.parent == us) {
            if !self.pids().contains(&pid) {
                let _status_of_a_stranger = waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOHANG);
            }
        }
    }

    fn pids(&self) -> MutexGuard<'_, HashSet<Pid>> {
        // A set is whole after every change, so what a panicking holder left behind is still good.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
