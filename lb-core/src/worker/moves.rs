//! The sessions of one worker whose key has moved with a new mapping: found, counted, and ended where that is asked for.
//!
//! A mapping's sessions are looked through in slices, so that a turn stays short however many there are; mappings that
//! come meanwhile wait for their turn. Who has moved is [`crate::session::moved`]'s decision. Under `--on-move close` such
//! a session waits for the rate, under `drain` for its time first; one that is at its key's owner again by then is left
//! alone. Ended means reset, both sides: that a session is between two requests can't be known at layer 4, and a plain end
//! could be taken for the end of a response.
//! A session that ends with its response (`--affinity request`) is never ended here: it is at its end already.
//! The same look-through counts for [`crate::control::Control::count_moved`], by mappings that nobody need route by.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::desk::Desk;
use super::live::Live;
use super::token::SessionKey;
use super::turn::Worker;
use crate::backend::Backend;
use crate::config::OnMove;
use crate::control::{MappingStep, Tally};
use crate::net::kernel::Kernel;
use crate::ring::{KeyHash, Owners};
use crate::session::close::CloseReason;
use crate::session::moved::{self, Pace};

/// Places of the slab looked at in one turn: some 50 µs.
const LOOKED_AT_MAX: usize = 512;
/// Sessions ended, or found to have ended themselves, in one turn.
const ENDED_MAX: usize = 32;
/// Look-throughs that may wait. Mappings come one a change, so more than this is a storm of them; then the last two are
/// taken for one.
const SCANS_MAX: usize = 16;

/// What is still to be done for the newest mappings.
#[derive(Debug, Default)]
pub(super) struct Moves {
    scans: VecDeque<Scan>,
    /// Who is to be ended, and when at the earliest.
    leaving: BinaryHeap<Reverse<(u64, SessionKey)>>,
    pace: Pace,
}

/// One look-through.
#[derive(Debug)]
struct Scan {
    before: Arc<Owners>,
    after: Arc<Owners>,
    /// Sessions routed by a later table aren't meant.
    version: u64,
    next_index: usize,
    /// Somebody who wants to know how many would move; `None`: they have.
    asked_by: Option<Asked>,
}

#[derive(Debug)]
struct Asked {
    tally: Weak<Tally>,
    found: u64,
}

impl Moves {
    /// The worker routes by another mapping now than by the table of this version.
    pub(super) fn begin(&mut self, version: u64, before: &Arc<Owners>, after: &Arc<Owners>) {
        let too_many = self.scans.len() >= SCANS_MAX;
        let mut waiting = self.scans.iter_mut().rev().filter(|scan| scan.asked_by.is_none() && scan.next_index == 0);
        match waiting.next().filter(|_| too_many) {
            Some(last) => last.after = Arc::clone(after),
            None => self.scans.push_back(Scan::new(version, before, after, None)),
        }
    }

    /// Somebody wants to know how many of the sessions move by a step; `version` is that of the table now.
    fn begin_count(&mut self, version: u64, tally: &Arc<Tally>) {
        let MappingStep { before, after, until_version } = tally.step();
        let asked = Asked { tally: Arc::downgrade(tally), found: 0 };
        self.scans.push_back(Scan::new(version.min(*until_version), before, after, Some(asked)));
    }

    /// When the worker is to look at this although nothing happens.
    pub(super) fn next_ms(&self, now_ms: u64) -> Option<u64> {
        if !self.scans.is_empty() {
            return Some(now_ms);
        }
        self.leaving.peek().map(|Reverse((at_ms, _))| (*at_ms).max(self.pace.next_ms()))
    }
}

impl Scan {
    fn new(version: u64, before: &Arc<Owners>, after: &Arc<Owners>, asked_by: Option<Asked>) -> Self {
        Self { before: Arc::clone(before), after: Arc::clone(after), version, next_index: 0, asked_by }
    }

    /// Whether nobody waits for what it finds any more.
    fn is_in_vain(&self) -> bool {
        self.asked_by.as_ref().is_some_and(|asked| asked.tally.strong_count() == 0)
    }

    /// Whether a session has moved, or would. One that isn't with a backend yet goes where it was sent: nothing of it is
    /// there that could be left behind.
    fn concerns<K: Kernel>(&self, live: &Live<K>) -> bool {
        let Some((key, backend)) = placed(live) else { return false };
        live.session.routed().is_some_and(|routed| routed.is_by(self.version))
            && moved::has_moved(&self.before, &self.after, key, backend.seat)
    }
}

/// The key of a session that is with a backend, and that backend; `None` where there is none or the key is random.
fn placed<K: Kernel>(live: &Live<K>) -> Option<(KeyHash, &Backend)> {
    let key = live.session.routed().filter(|_| live.session.is_relaying())?.key?;
    Some((key, live.routed_to.as_deref()?))
}

impl<K: Kernel> Worker<K> {
    /// Counts what this worker adds to a tally; at once where it has no sessions, having no table.
    pub(super) fn begin_count(&mut self, tally: &Weak<Tally>) {
        let Some(tally) = tally.upgrade() else { return };
        match &self.desk.table {
            Some(applied) => self.moves.begin_count(applied.table.version(), &tally),
            None => tally.add(0),
        }
    }

    /// Looks through some more sessions, then ends some of those that are due.
    pub(super) fn attend_to_moves(&mut self) {
        self.look_through();
        let interval_us = self.interval_us();
        for _ in 0..ENDED_MAX {
            let due = self.moves.leaving.peek().is_some_and(|Reverse((at_ms, _))| *at_ms <= self.desk.now_ms);
            if !due || !self.moves.pace.is_due(self.desk.now_us) {
                return;
            }
            if let Some(Reverse((_, key))) = self.moves.leaving.pop()
                && self.end_moved(key)
            {
                self.moves.pace.passed(self.desk.now_us, interval_us);
            }
        }
    }

    /// Between two sessions that this worker ends: all workers together keep to the rate.
    fn interval_us(&self) -> u64 {
        let workers = self.desk.port.wakers().len().max(1) as u64;
        workers.saturating_mul(1_000_000).checked_div(u64::from(self.desk.config.on_move_rate)).unwrap_or(0)
    }

    fn look_through(&mut self) {
        while self.moves.scans.front().is_some_and(Scan::is_in_vain) {
            self.moves.scans.pop_front();
        }
        let Some(mut scan) = self.moves.scans.pop_front() else { return };
        let end = (scan.next_index + LOOKED_AT_MAX).min(self.sessions.places());
        for index in scan.next_index..end {
            let Some((key, live)) = self.sessions.at(index).filter(|(_, live)| scan.concerns(live)) else { continue };
            match &mut scan.asked_by {
                Some(asked) => asked.found += 1,
                None => note_moved(key, live, &self.desk, &mut self.moves.leaving),
            }
        }
        scan.next_index = end;
        if end < self.sessions.places() {
            self.moves.scans.push_front(scan);
        } else if let Some(asked) = scan.asked_by
            && let Some(tally) = asked.tally.upgrade()
        {
            tally.add(asked.found);
        }
    }

    /// Ends a session that was to leave, if it still is where it was and not where it belongs. Whether it did.
    fn end_moved(&mut self, key: SessionKey) -> bool {
        let stats = &self.desk.port.shared.stats;
        let Some(live) = self.sessions.get(key) else {
            stats.moved_drained.add(1);
            return false;
        };
        live.leaving = false;
        let owners = self.desk.table.as_ref().and_then(|applied| applied.table.owners());
        let is_elsewhere = owners
            .zip(placed(live))
            .is_some_and(|(owners, (key, backend))| moved::is_elsewhere(owners, key, backend.seat));
        if !is_elsewhere {
            stats.moved_kept.add(1);
            return false;
        }
        stats.moved_closed.add(1);
        self.close(key, CloseReason::Moved);
        true
    }
}

/// Decides what becomes of a session that has moved.
fn note_moved<K: Kernel>(
    key: SessionKey,
    live: &mut Live<K>,
    desk: &Desk<K>,
    leaving: &mut BinaryHeap<Reverse<(u64, SessionKey)>>,
) {
    let after = match desk.config.on_move {
        OnMove::Keep => None,
        OnMove::Close => Some(Duration::ZERO),
        OnMove::Drain => Some(desk.config.drain_timeout).filter(|timeout| !timeout.is_zero()),
    };
    match after.filter(|_| !live.session.ends_with_request()) {
        None => desk.port.shared.stats.moved_kept.add(1),
        // It leaves by an earlier mapping already.
        Some(_) if live.leaving => {}
        Some(after) => {
            live.leaving = true;
            let after_ms = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
            leaving.push(Reverse((desk.now_ms.saturating_add(after_ms), key)));
        }
    }
}
