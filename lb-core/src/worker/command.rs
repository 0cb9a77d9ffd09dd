//! What the control side tells a worker: a new table, new settings, evict a backend's sessions, drain, stop.

use std::sync::Arc;
use std::time::Duration;

use super::desk::Applied;
use super::queue;
use super::turn::{Stage, Worker};
use crate::backend::BackendId;
use crate::config::WorkerConfig;
use crate::control::Command;
use crate::net::kernel::Kernel;
use crate::ring::RingTable;
use crate::session::close::CloseReason;
use crate::session::route::Failure;

impl<K: Kernel> Worker<K> {
    /// Reads all commands; of several tables only the newest is looked at.
    pub(super) fn obey_commands(&mut self) {
        let mut newest: Option<Arc<RingTable>> = None;
        let (mut tallies, mut evicted) = (Vec::new(), Vec::new());
        while let Some(command) = self.desk.port.next_command() {
            match command {
                Command::Apply(table) => {
                    if newest.as_ref().is_none_or(|known| known.version() < table.version()) {
                        newest = Some(table);
                    }
                }
                Command::CountMoved(tally) => tallies.push(tally),
                Command::Configure(config) => self.configure(config),
                Command::Evict(id) => evicted.push(id),
                Command::Drain { deadline } => self.begin_drain(deadline),
                Command::Stop => self.stage = Stage::Stopped,
            }
        }
        // Before the table: by what sessions are routed now is what a count compares with.
        tallies.iter().for_each(|tally| self.begin_count(tally));
        if let Some(table) = newest {
            self.apply(table);
        }
        // After the table: what is routed again must not come back to the same backend.
        evicted.into_iter().for_each(|id| self.evict(id));
    }

    fn apply(&mut self, table: Arc<RingTable>) {
        let applied = self.desk.table.as_ref().map_or(0, |applied| applied.table.version());
        if table.version() > applied || self.desk.table.is_none() {
            let version = table.version();
            let before = self.desk.table.replace(Applied::new(Arc::clone(&table)));
            if let Some(before) = before.as_ref().map(|applied| &applied.table)
                && let (Some(owned), Some(owns)) = (before.owners(), table.owners())
                && !Arc::ptr_eq(owned, owns)
            {
                self.moves.begin(before.version(), owned, owns);
            }
            self.route_stranded_again();
            self.desk.port.acknowledge(version);
        }
    }

    /// Sessions under way keep what was decided for them; a wait that is longer or shorter now is so for them too.
    fn configure(&mut self, config: Arc<WorkerConfig>) {
        self.desk.retry_budget.set_percent(config.retry_budget_percent);
        self.desk.config = config;
        self.arm_all();
    }

    /// Some deadlines are nearer now; one that is farther is seen to be so when it has come.
    fn arm_all(&mut self) {
        for key in self.sessions.keys() {
            if let Some(live) = self.sessions.get(key) {
                self.desk.arm(live, key);
            }
        }
    }

    /// Sessions that wait for a backend which the newest table doesn't have look for another in it.
    fn route_stranded_again(&mut self) {
        let Some(applied) = &self.desk.table else { return };
        let routable = |id| applied.table.backends().any(|backend| backend.id == id);
        for key in self.desk.queue.stranded(routable) {
            if let Some(live) = self.sessions.get(key) {
                queue::leave(live, &mut self.desk);
                live.session.place_gone();
                self.drive(key);
            }
        }
    }

    /// Ends what one backend still has: sessions are reset, connects go on to the next backend.
    fn evict(&mut self, id: BackendId) {
        for key in self.sessions.keys() {
            let Some(live) = self.sessions.get(key) else { continue };
            if live.backend.is_none() || live.routed_to.as_ref().is_none_or(|backend| backend.id != id) {
                continue;
            }
            if live.session.is_connecting() {
                live.backend = None;
                queue::leave(live, &mut self.desk);
                live.session.attempt_failed(Failure::Refused);
                self.drive(key);
            } else {
                self.close(key, CloseReason::BackendRemoved);
            }
        }
    }

    /// A session between two requests stays until its client ends it, or to the deadline. That it is between two can't be
    /// known here: a response that pauses looks the same as one that is complete, and a FIN in its middle would make a
    /// client take a part for the whole wherever the end of the connection is the end of the response.
    fn begin_drain(&mut self, deadline: Duration) {
        let deadline_ms = self.desk.now_ms.saturating_add(u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX));
        if self.stage == Stage::Serving {
            self.stage = Stage::Draining { deadline_ms };
            self.admission.begin_close(self.desk.now_ms);
            self.desk.draining = true;
            self.arm_all();
        }
    }

    /// Closes what is still open when the drain's deadline has passed.
    pub(super) fn advance_drain(&mut self) {
        if self.stage.deadline_ms().is_some_and(|deadline_ms| self.desk.now_ms >= deadline_ms) {
            self.stage = Stage::Stopped;
        }
        if self.stage == Stage::Stopped {
            self.close_all(CloseReason::DrainDeadline);
        }
    }

    /// Whether there is nothing left to do.
    pub(super) fn has_ended(&self) -> bool {
        match self.stage {
            Stage::Serving => false,
            Stage::Draining { .. } => self.admission.is_closed() && self.sessions.len() == 0,
            Stage::Stopped => true,
        }
    }
}
