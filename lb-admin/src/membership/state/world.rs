//! The world around a [`State`], played by hand: for the tests of `change` and `life`. [`super::simulation`] plays it at
//! random.

use std::collections::VecDeque;

use super::*;
use crate::config::AdminConfig;
pub(super) use crate::config::sample::config;
use crate::membership::change::{Change, Changed};

/// A state whose effects are kept until the test looks at them.
pub(super) struct World {
    pub(super) state: State,
    pub(super) now: Moment,
    pub(super) effects: VecDeque<Effect>,
    calls: CallId,
}

impl World {
    pub(super) fn new(config: &AdminConfig) -> Self {
        Self::begin(config, None)
    }

    pub(super) fn begin(config: &AdminConfig, saved: Option<Saved>) -> Self {
        let now = Moment::now();
        let (state, effects) = State::new(config, 1, fastrand::Rng::with_seed(5), now, saved).expect("it fits");
        Self { state, now, effects: effects.into(), calls: 0 }
    }

    /// With `n` ready replicas S1, S2, ….
    pub(super) fn ready(n: u32) -> Self {
        let mut world = Self::new(&config(n));
        world.all_ready();
        world
    }

    pub(super) fn apply(&mut self, input: Input) {
        self.effects.extend(self.state.apply(input, self.now));
    }

    pub(super) fn after(&mut self, time: Duration) {
        self.now.at += time;
        self.apply(Input::Tick);
    }

    pub(super) fn add(&mut self, n: Option<u64>, names: &[&str]) -> CallId {
        self.add_waiting(n, names, Duration::from_secs(8))
    }

    pub(super) fn add_waiting(&mut self, n: Option<u64>, names: &[&str], wait: Duration) -> CallId {
        self.calls += 1;
        let hostnames = names.iter().map(|name| (*name).to_owned()).collect();
        self.apply(Input::Add(self.calls, Add { n, hostnames, wait }));
        self.calls
    }

    pub(super) fn remove(&mut self, n: Option<u64>, names: &[&str]) -> CallId {
        self.calls += 1;
        let hostnames = names.iter().map(|name| (*name).to_owned()).collect();
        self.apply(Input::Remove(self.calls, Remove { n, hostnames }));
        self.calls
    }

    pub(super) fn change(&mut self, change: Change) -> CallId {
        self.change_if(change, &[])
    }

    pub(super) fn change_if(&mut self, change: Change, if_match: &[u64]) -> CallId {
        self.calls += 1;
        self.apply(Input::Change(self.calls, Request { change, if_match: if_match.to_vec() }));
        self.calls
    }

    pub(super) fn plan(&self, change: Change) -> Result<Changed, ChangeError> {
        self.state.plan(&Request { change, if_match: Vec::new() }, self.now)
    }

    /// As the newest mapping has it: the number, and who owns each slot.
    pub(super) fn mapping(&self) -> Arc<Mapping> {
        Arc::clone(self.state.history.newest())
    }

    pub(super) fn answer(&mut self, call: CallId) -> Option<Result<(), ChangeError>> {
        let is_it = |effect: &Effect| matches!(effect, Effect::Answer(answered, _) if *answered == call);
        let index = self.effects.iter().position(is_it)?;
        match self.effects.remove(index) {
            Some(Effect::Answer(_, result)) => Some(result),
            _ => None,
        }
    }

    /// Launches that were asked for and not yet answered: id and name.
    pub(super) fn launches(&mut self) -> Vec<(BackendId, String)> {
        let (launches, others): (Vec<_>, Vec<_>) =
            self.effects.drain(..).partition(|effect| matches!(effect, Effect::Launch { .. }));
        self.effects = others.into();
        let launches = launches.into_iter().filter_map(|effect| match effect {
            Effect::Launch { id, name, .. } => Some((id, name.to_string())),
            _ => None,
        });
        launches.collect()
    }

    pub(super) fn stops(&mut self) -> Vec<BackendId> {
        let stops = self.effects.iter().filter_map(|effect| match effect {
            Effect::Stop(id) => Some(*id),
            _ => None,
        });
        let stops = stops.collect();
        self.effects.retain(|effect| !matches!(effect, Effect::Stop(_)));
        stops
    }

    pub(super) fn evictions(&mut self) -> Vec<BackendId> {
        let evicted = self.effects.iter().filter_map(|effect| match effect {
            Effect::Evict(id) => Some(*id),
            _ => None,
        });
        let evicted = evicted.collect();
        self.effects.retain(|effect| !matches!(effect, Effect::Evict(_)));
        evicted
    }

    pub(super) fn table(&self) -> Vec<String> {
        let mut names: Vec<_> = self.state.routable().iter().map(|backend| backend.name.to_string()).collect();
        names.sort();
        names
    }

    pub(super) fn launched(&mut self, id: BackendId) {
        let addr = SocketAddr::from(([127, 0, 0, 1], 20_000 + id.0 as u16));
        let trace = Trace::Process { pid: id.0 as u32, start_ticks: 1, port: addr.port() };
        self.apply(Input::Launched { id, pid: Some(id.0 as u32), addr, trace });
    }

    pub(super) fn become_ready(&mut self, id: BackendId) {
        self.launched(id);
        self.apply(Input::Healthy(id));
    }

    /// Answers every launch until none is asked for.
    pub(super) fn all_ready(&mut self) {
        loop {
            let launches = self.launches();
            if launches.is_empty() {
                return;
            }
            launches.into_iter().for_each(|(id, _)| self.become_ready(id));
        }
    }

    pub(super) fn exit(&mut self, id: BackendId) {
        self.exit_with(id, false);
    }

    pub(super) fn exit_with(&mut self, id: BackendId, hopeless: bool) {
        let exit = Exit { how: "exit status 1".into(), hopeless, output: "no such port".into() };
        self.apply(Input::Exited { id, exit, at: self.now.at });
    }

    pub(super) fn id(&self, name: &str) -> BackendId {
        let place = self.state.places.iter().find(|place| *place.name == *name).expect("it is there");
        place.id().expect("somebody sits there")
    }

    pub(super) fn listed(&self) -> Vec<String> {
        self.state.snapshot().listed().map(str::to_owned).collect()
    }

    pub(super) fn seat(&self, name: &str) -> u32 {
        self.state.snapshot().backends.iter().find(|view| *view.name == *name).expect("it is there").seat
    }
}

pub(super) fn is_made_up(name: &str) -> bool {
    name.strip_prefix('S').is_some_and(|digits| digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_digit()))
}
