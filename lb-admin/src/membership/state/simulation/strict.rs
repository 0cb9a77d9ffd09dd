//! The strict changes of the simulation: asked for at random, and what must be so when they are answered.

use std::time::Duration;

use lb_core::backend::Weight;
use lb_core::ring::Owners;

use super::{Asked, Simulation};
use crate::membership::change::{Change, Edit, Request};
use crate::membership::command::{Add, ChangeError, Remove};
use crate::membership::state::{CallId, Input};

impl Simulation {
    /// Of any kind; now and then for an epoch that has passed.
    pub(super) fn random_change(&mut self) -> Input {
        let listed: Vec<String> = self.state.snapshot().listed().map(str::to_owned).collect();
        let name = self.rng.choice(listed).unwrap_or_else(|| "nobody".to_owned());
        let wait = Duration::from_millis(self.rng.u64(0..3) * 2000);
        let epoch = self.state.history.newest().epoch;
        let change = match self.rng.u32(0..6) {
            0 => Change::Add(Add { n: Some(self.rng.u64(1..3)), hostnames: Vec::new(), wait }),
            1 => Change::Remove(Remove { n: self.rng.bool().then(|| self.rng.u64(1..4)), hostnames: vec![name] }),
            2 | 3 => Change::Edit { name, edit: self.random_edit() },
            4 => Change::Target { n: self.rng.u64(0..9), wait },
            _ => Change::Rollback { epoch: epoch.saturating_sub(self.rng.u64(0..6)), wait },
        };
        let guard = [epoch, epoch.saturating_sub(1)];
        let if_match = guard[..self.rng.usize(0..=1)].to_vec();
        self.ask(Request { change, if_match })
    }

    fn random_edit(&mut self) -> Edit {
        Edit {
            weight: self.rng.bool().then(|| Weight::from_thousandths(self.rng.u32(1..5) * 500).expect("in range")),
            max_connections: self.rng.bool().then(|| self.rng.u32(0..5)),
            drained: self.rng.bool().then(|| self.rng.bool()),
        }
    }

    pub(super) fn ask(&mut self, request: Request) -> Input {
        self.calls += 1;
        self.asked.insert(self.calls, Asked::Change(request.clone()));
        Input::Change(self.calls, request)
    }

    pub(super) fn change_answered(&self, call: CallId, request: &Request, result: &Result<(), ChangeError>) {
        let state = &self.state;
        if let Err(error) = result {
            assert!(state.places.iter().all(|place| place.call != Some(call)), "all or nothing: {error}");
            return;
        }
        let (before, after) = state.last_step();
        assert!(request.if_match.is_empty() || request.if_match.contains(&before.epoch), "its condition was met");
        match &request.change {
            Change::Rollback { epoch, .. } => {
                if let Some(then) = state.history.get(*epoch) {
                    assert_same_owners(&then.owners, &after.owners, *epoch);
                }
            }
            // While new ones start others may come by other calls.
            Change::Target { n, .. } if after.members.len() < before.members.len() => {
                assert!(after.members.iter().filter(|member| member.supervised).count() as u64 <= *n);
            }
            Change::Target { .. } => {}
            Change::Remove(Remove { hostnames, .. }) => {
                assert!(after.members.iter().all(|member| !hostnames.iter().any(|name| **name == *member.name)));
            }
            Change::Edit { name, edit } => {
                let member = after.members.iter().find(|member| *member.name == **name).expect("it stays");
                assert!(edit.weight.is_none_or(|weight| weight == member.weight));
                assert!(edit.drained.is_none_or(|drained| drained == member.drained));
            }
            Change::Add(_) => assert!(after.members.len() > before.members.len()),
        }
    }

    /// Nobody is kept out of the ring any more, so that all can become ready.
    pub(super) fn undrain_all(&mut self) {
        let drained = self.state.places.iter().filter(|place| place.drained && place.call.is_none());
        for name in drained.map(|place| place.name.to_string()).collect::<Vec<_>>() {
            let edit = Edit { drained: Some(false), ..Edit::default() };
            let input = self.ask(Request { change: Change::Edit { name, edit }, if_match: Vec::new() });
            self.apply(input);
        }
    }
}

/// But for a slot all of whose ranks were seats that take no keys, of undecided calls say: then it is the first member's.
fn assert_same_owners(then: &Owners, now: &Owners, epoch: u64) {
    assert_eq!(then.members(), now.members(), "all are there again");
    let Some(first) = then.members().first() else { return };
    for slot in 0..then.config().slots() {
        let [before, after] = [then, now].map(|owners| owners.owner(slot));
        let may_differ = [before, after].contains(&Some(first.seat));
        assert!(before == after || may_differ, "slot {slot} is not whose it was in epoch {epoch}");
    }
}
