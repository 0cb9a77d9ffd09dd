//! What a worker notes of a session for the access log, and the record that it makes of it at the end.
//!
//! Without an access log there is nothing of this but one `None` a session. With one, the notes are a box from a pool;
//! what the session knows anyway (who, whom, how often) is only looked at when it closes. Times are the worker's, as in
//! [`super::stats`]: what begins and ends in one turn took 0. The record is sent without waiting
//! ([`crate::access_log`]).

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::SystemTime;

use super::desk::Desk;
use super::live::Live;
use crate::access_log::{End, Key, Outlet, Record, Stage};
use crate::net::kernel::Kernel;
use crate::session::close::CloseReason;
use crate::session::flow::Direction;
use crate::session::key::KeyedBy;

/// Notes kept for reuse: as many as sessions of a moment are open in one worker.
const POOLED_MAX: usize = 1024;

/// What is noted of one session while it lives.
#[derive(Debug)]
pub(crate) struct Notes {
    number: u64,
    stage: Stage,
    since_us: u64,
    spent_us: [u64; Stage::COUNT],
    /// What follows is only the front's or the client's last word.
    is_over: bool,
    pub(super) keyed_by: Option<KeyedBy>,
    pub(super) raw_key: Option<Box<[u8]>>,
    pub(super) table_version: u64,
    pub(super) epoch: u64,
    pub(super) slot: Option<u32>,
    pub(super) replays: u32,
    pub(super) queue_timed_out: bool,
    bytes_to_backend: u64,
    bytes_to_client: u64,
}

/// The notes' pool and the records' way out.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    outlet: Option<Outlet>,
    last_number: u64,
    #[expect(clippy::vec_box, reason = "the box goes to a session and comes back; unboxed, each time would allocate")]
    free: Vec<Box<Notes>>,
}

impl Journal {
    pub(crate) fn new(outlet: Option<Outlet>) -> Self {
        Self { outlet, ..Self::default() }
    }

    /// Begins to note, where there is an access log.
    pub(crate) fn open(&mut self, stage: Stage, now_us: u64) -> Option<Box<Notes>> {
        self.outlet.as_ref()?;
        self.last_number += 1;
        let fresh = Notes::new(self.last_number, stage, now_us);
        Some(match self.free.pop() {
            Some(mut notes) => {
                *notes = fresh;
                notes
            }
            None => Box::new(fresh),
        })
    }

    /// Whether the keys themselves are wanted.
    pub(crate) fn wants_raw_keys(&self) -> bool {
        self.outlet.as_ref().is_some_and(|outlet| outlet.raw_keys)
    }

    fn take_back(&mut self, notes: Box<Notes>) {
        if self.free.len() < POOLED_MAX {
            self.free.push(notes);
        }
    }
}

impl Notes {
    fn new(number: u64, stage: Stage, now_us: u64) -> Self {
        Self {
            number,
            stage,
            since_us: now_us,
            spent_us: [0; Stage::COUNT],
            is_over: false,
            keyed_by: None,
            raw_key: None,
            table_version: 0,
            epoch: 0,
            slot: None,
            replays: 0,
            queue_timed_out: false,
            bytes_to_backend: 0,
            bytes_to_client: 0,
        }
    }

    fn settle(&mut self, now_us: u64) {
        if !self.is_over {
            self.spent_us[self.stage as usize] += now_us - self.since_us;
            self.since_us = now_us;
        }
    }
}

impl<K: Kernel> Live<K> {
    /// The session comes to another stage.
    pub(super) fn enter(&mut self, stage: Stage, now_us: u64) {
        if let Some(notes) = &mut self.notes {
            notes.settle(now_us);
            notes.stage = stage;
        }
    }

    /// How it ends is decided; what still comes belongs to no stage.
    pub(super) fn is_decided(&mut self, now_us: u64) {
        if let Some(notes) = &mut self.notes {
            notes.settle(now_us);
            notes.is_over = true;
        }
    }

    /// Bytes were taken by the direction's sink.
    pub(super) fn note_bytes(&mut self, direction: Direction, count: u64) {
        if let Some(notes) = &mut self.notes {
            match direction {
                Direction::ClientToBackend => notes.bytes_to_backend += count,
                Direction::BackendToClient => notes.bytes_to_client += count,
            }
        }
    }
}

/// The session is over: its record goes out, or is counted where there is no room for it.
pub(super) fn close<K: Kernel>(live: &mut Live<K>, desk: &mut Desk<K>, reason: CloseReason) {
    let Some(mut notes) = live.notes.take() else { return };
    notes.settle(desk.now_us);
    let record = record(live, desk, &mut notes, reason);
    let sent = desk.journal.outlet.as_ref().is_some_and(|outlet| outlet.send(record));
    desk.port.shared.stats.access_log_dropped.add(u64::from(!sent));
    desk.journal.take_back(notes);
}

fn record<K: Kernel>(live: &mut Live<K>, desk: &Desk<K>, notes: &mut Notes, reason: CloseReason) -> Record {
    let route = live.session.route().map(|route| (route.key(), route.last_failure()));
    let end = End {
        reason,
        stage: notes.stage,
        queue_timed_out: notes.queue_timed_out,
        last_failure: route.map_or_else(Default::default, |(_, failure)| failure),
    };
    let key =
        route.zip(notes.keyed_by).map(|((hash, _), by)| Key { hash, slot: notes.slot, by, raw: notes.raw_key.take() });
    let accepted_from = SocketAddr::new(live.client_ip, live.client_port);
    Record {
        closed: SystemTime::now(),
        worker: desk.worker,
        number: notes.number,
        client: live.announced.as_ref().map_or(accepted_from, |announced| announced.source),
        key,
        table_version: notes.table_version,
        epoch: notes.epoch,
        backend: live.routed_to.as_ref().map(|backend| Arc::clone(backend)),
        attempts: live.session.attempts(),
        replays: notes.replays,
        spent_us: notes.spent_us,
        total_us: desk.now_us - live.accepted_us,
        bytes_to_backend: notes.bytes_to_backend,
        bytes_to_client: notes.bytes_to_client,
        end,
    }
}
