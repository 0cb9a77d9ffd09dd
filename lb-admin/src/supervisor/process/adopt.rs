//! Takes over a replica that an earlier `lb serve` has left running, or makes sure that nothing of it is left.
//!
//! What was written down of it (number and start) is proof: no other process has both, and the store has dropped what was
//! written before the machine was booted. Where nothing was, the replica is looked for by its mark. It isn't our child, so
//! somebody else reaps it. Where its process is gone, what that had started is ended: nobody else would.

use lb_core::backend::BackendId;
use rustix::process::{Pid, Signal};

use super::mark::{Mark, Marked};
use super::{Kin, Log, Process, ProcessLauncher, session, watch};
use crate::supervisor::launcher::{Exit, Order, Trace};

/// A replica's process as it was found.
#[derive(Clone, Copy, Debug)]
struct Found {
    pid: Pid,
    start_ticks: u64,
    port: u16,
}

impl ProcessLauncher {
    pub(super) async fn take_over(&self, order: &Order, trace: Option<&Trace>) -> Result<Process, Exit> {
        if let Some(Trace::Container { id, .. }) = trace {
            let short = id.get(..12).unwrap_or(id);
            return Err(Exit::because(&format!(
                "it is a container of --runtime docker: `docker rm -f {short}` ends it"
            )));
        }
        let traced = trace.and_then(from_trace);
        let found = match traced {
            Some(found) => Some(found),
            None => self.look_for(order.id).await,
        };
        if let Some(process) = found.and_then(|found| self.hold(order, found)) {
            return Ok(process);
        }
        if let Some(Found { pid, start_ticks, .. }) = traced {
            session::clear_of_stranger(pid, start_ticks);
        }
        self.end_leftovers(order.id).await;
        // Kept, as that of any replica that ended by itself.
        let log = Log { path: self.logs.find(order), logs: self.logs.clone() };
        Err(Exit { output: log.last_line(), ..Exit::because("ended while lb was not running") })
    }

    /// `None`: it has ended.
    fn hold(&self, order: &Order, found: Found) -> Option<Process> {
        let Found { pid, start_ticks, port } = found;
        let pidfd = watch(pid).ok()?;
        // After the descriptor was opened: whoever had the number before it was is not who is looked at now.
        if crate::supervisor::procfs::stat(pid).is_none_or(|stat| stat.zombie || stat.start_ticks != start_ticks) {
            return None;
        }
        let log = Log { path: self.logs.find(order), logs: self.logs.clone() };
        let lease = self.ports.take(port);
        Some(Process { pid, start_ticks, pidfd, kin: Kin::Adopted, ended: false, released: false, lease, log })
    }

    async fn look_for(&self, id: BackendId) -> Option<Found> {
        let marked = look(&self.mark, id).await;
        let leader = marked.into_iter().find(|marked| marked.leads_session() && marked.port.is_some())?;
        Some(Found { pid: leader.pid, start_ticks: leader.stat.start_ticks, port: leader.port? })
    }

    async fn end_leftovers(&self, id: BackendId) {
        for Marked { pid, .. } in look(&self.mark, id).await {
            session::signal_if(pid, Signal::KILL, || {
                self.mark.look_at(pid).is_some_and(|now| now.id == id && !now.is_ours)
            });
        }
    }
}

/// What carries the mark of this incarnation, looked for where it holds nobody up.
async fn look(mark: &Mark, id: BackendId) -> Vec<Marked> {
    let mark = mark.clone();
    let mut marked = tokio::task::spawn_blocking(move || mark.look()).await.unwrap_or_default();
    marked.retain(|marked| marked.id == id && !marked.is_ours);
    marked
}

/// `None`: it isn't one of a process.
fn from_trace(trace: &Trace) -> Option<Found> {
    match *trace {
        Trace::Process { pid, start_ticks, port } => {
            Some(Found { pid: Pid::from_raw(i32::try_from(pid).ok()?)?, start_ticks, port })
        }
        Trace::Container { .. } => None,
    }
}
