//! The mark by which a replica's processes are known again: three variables in their environment.
//!
//! `LB_INSTANCE` names the state directory that it belongs to, `LB_REPLICA` the incarnation, `LB_RUN` the run of `lb serve`
//! that has started it: where what was saved is lost, the next run counts its incarnations from 1 again. What a replica
//! starts inherits all of them. A program may write over its environment; then only what was written down of it finds it again. Processes of
//! other users can't be looked at, and none of them is ours.

use lb_core::backend::BackendId;
use rustix::process::Pid;

use crate::supervisor::procfs::{self, Stat};

/// Names the state directory.
const INSTANCE: &str = "LB_INSTANCE";
/// Names the incarnation, a number.
const REPLICA: &str = "LB_REPLICA";
/// Names the run, by chance.
const RUN: &str = "LB_RUN";

/// The mark of this run on one state directory.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    instance: String,
    run: String,
}

/// A living process that carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Marked {
    pub(super) pid: Pid,
    pub(super) stat: Stat,
    pub(super) id: BackendId,
    /// Whether this very run has started it.
    pub(super) is_ours: bool,
    /// Where it was told to listen.
    pub(super) port: Option<u16>,
}

impl Marked {
    /// Whether it is the replica itself, not something that it has started.
    pub(super) fn leads_session(&self) -> bool {
        self.stat.session == self.pid.as_raw_nonzero().get()
    }
}

impl Mark {
    pub(crate) fn new(instance: String) -> Self {
        Self { instance, run: format!("{:016x}", fastrand::u64(..)) }
    }

    /// What is added to the environment of a replica.
    pub(crate) fn variables(&self, id: BackendId) -> [(&'static str, String); 3] {
        [(INSTANCE, self.instance.clone()), (REPLICA, id.0.to_string()), (RUN, self.run.clone())]
    }

    /// Every process that carries it, of whatever run. Reads all of /proc: milliseconds.
    pub(super) fn look(&self) -> Vec<Marked> {
        procfs::all().filter_map(|(pid, stat)| self.read(pid, stat)).collect()
    }

    /// One process, if it (still) carries the mark.
    pub(super) fn look_at(&self, pid: Pid) -> Option<Marked> {
        self.read(pid, procfs::stat(pid)?)
    }

    fn read(&self, pid: Pid, stat: Stat) -> Option<Marked> {
        if stat.zombie {
            return None;
        }
        let environ = procfs::environ(pid)?;
        if variable(&environ, INSTANCE)? != self.instance {
            return None;
        }
        let id = BackendId(variable(&environ, REPLICA)?.parse().ok()?);
        let port = variable(&environ, "PORT").and_then(|port| port.parse().ok());
        let is_ours = variable(&environ, RUN) == Some(&self.run);
        Some(Marked { pid, stat, id, is_ours, port })
    }
}

/// The value of the first variable of that name.
fn variable<'a>(environ: &'a [u8], name: &str) -> Option<&'a str> {
    let value = |entry: &'a [u8]| entry.strip_prefix(name.as_bytes())?.strip_prefix(b"=");
    let found = environ.split(|&byte| byte == 0).find_map(value)?;
    std::str::from_utf8(found).ok()
}

#[cfg(test)]
mod tests;
