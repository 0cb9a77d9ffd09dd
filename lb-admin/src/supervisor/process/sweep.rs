//! Ends what an earlier `lb serve` has left running and nobody takes over: replicas of an `/add` that was never answered,
//! those that drained, those that aren't wanted any more, and all of them where the runtime is another one now.
//!
//! Known by their mark. SIGTERM, a grace, SIGKILL, and in the end whatever their sessions still hold. It goes on looking
//! for a moment: a process that was forked when its `lb` was killed carries its mark only after its exec.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use lb_core::backend::BackendId;
use rustix::process::{Pid, Signal};

use super::mark::{Mark, Marked};
use super::session;
use crate::supervisor::STOP_GRACE;

/// So long it is looked for latecomers.
const LATECOMERS: Duration = Duration::from_secs(1);
/// Between two looks; each reads all of /proc.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// After SIGKILL only a process stuck in the kernel is still there.
const KILL_GRACE: Duration = Duration::from_secs(2);

/// Ends every process that carries the mark, except the replicas `known` and what this run has started.
pub(crate) async fn end_marked(mark: &Mark, known: &HashSet<BackendId>) {
    let began = Instant::now();
    let mut asked: HashMap<Pid, Marked> = HashMap::new();
    loop {
        let found = look(mark, known).await;
        let elapsed = began.elapsed();
        if found.is_empty() && elapsed >= LATECOMERS {
            break;
        }
        if elapsed >= STOP_GRACE + KILL_GRACE {
            tracing::warn!("{} processes of an earlier run outlive SIGKILL; left behind", found.len());
            break;
        }
        for marked in found {
            let is_new = asked.insert(marked.pid, marked).is_none();
            let signal = if elapsed >= STOP_GRACE { Signal::KILL } else { Signal::TERM };
            if is_new || signal == Signal::KILL {
                end(mark, marked, signal);
            }
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    let leaders: Vec<Marked> = asked.into_values().filter(Marked::leads_session).collect();
    if leaders.is_empty() {
        return;
    }
    tracing::info!("{} replicas that an earlier run had left are ended", leaders.len());
    for leader in leaders {
        session::clear_of_stranger(leader.pid, leader.stat.start_ticks);
    }
}

/// Where it holds nobody up.
async fn look(mark: &Mark, known: &HashSet<BackendId>) -> Vec<Marked> {
    let mark = mark.clone();
    let mut found = tokio::task::spawn_blocking(move || mark.look()).await.unwrap_or_default();
    found.retain(|marked| !marked.is_ours && !known.contains(&marked.id));
    found
}

fn end(mark: &Mark, marked: Marked, signal: Signal) {
    // Its parent may be another one by now.
    let same = |now: Marked| now.id == marked.id && now.stat.start_ticks == marked.stat.start_ticks;
    let is_it = || mark.look_at(marked.pid).is_some_and(same);
    session::signal_if(marked.pid, signal, is_it);
}
