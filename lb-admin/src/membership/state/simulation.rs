//! A seeded simulation: thousands of random inputs to the real state, in a world that launches, fails, dies, hangs and
//! answers late; every invariant is checked after every input. Now and then the balancer is killed between any two
//! effects and begins again from what it had saved, with the processes that it left.
//!
//! A failure prints its seed; `LB_SIM_SEED=N cargo test -p lb-admin simulation` replays it.

mod strict;

use std::collections::{BTreeMap, HashMap, HashSet};

use super::world::config;
use super::*;
use crate::config::AdminConfig;

/// Where every replica of the simulation is, and how it is found again.
const ADDR: ([u8; 4], u16) = ([127, 0, 0, 1], 20_000);
const TRACE: Trace = Trace::Process { pid: 7, start_ticks: 7, port: 20_000 };

/// The most that the autoscaler may have, and that there may be.
const MAX: u32 = 12;

const RUNS: u64 = 40;
const INPUTS_PER_RUN: usize = 1500;

/// A process as the world knows it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Process {
    Launching,
    Running,
    Stopping,
    /// To be taken over, but not there any more.
    Missing,
}

struct Simulation {
    rng: fastrand::Rng,
    config: AdminConfig,
    state: State,
    now: Moment,
    /// What was last written down.
    disk: Option<Saved>,
    /// The last version that was published.
    published: u64,
    /// The last number of a mapping that anybody has seen.
    epoch: u64,
    /// N when a change was last agreed to.
    agreed: usize,
    processes: BTreeMap<BackendId, Process>,
    names: HashMap<BackendId, Arc<str>>,
    asked: HashMap<CallId, Asked>,
    calls: CallId,
    /// Names of replicas that were removed or died, with the incarnation: none of these may be listed again.
    gone: HashSet<BackendId>,
    used_names: HashSet<Arc<str>>,
    user_names: HashSet<String>,
    /// Names that were there before the last input because a user wanted them there.
    user_named: Vec<Arc<str>>,
}

/// What was so before an input.
#[derive(Default)]
struct Before {
    committed: usize,
    pending: Vec<(CallId, Arc<str>)>,
}

/// A request, for the checks of its answer.
enum Asked {
    Add,
    Remove(Remove),
    Change(Request),
}

impl Simulation {
    fn new(seed: u64) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let now = Moment::now();
        let cooldown = Duration::from_secs(5);
        let autoscale = AutoscaleConfig { min: 1, max: MAX, target_inflight: 20, target_cpu: None, cooldown };
        let autoscale = rng.bool().then_some(autoscale);
        let replicas = rng.u32(0..5).max(autoscale.map_or(0, |autoscale| autoscale.min));
        let config = AdminConfig { replicas_max: MAX, replicas, autoscale, ..config(0) };
        let (state, effects) = State::new(&config, 1, rng.fork(), now, None).expect("it fits");
        let user_names = (1..=config.replicas).map(|n| format!("S{n}")).collect();
        let mut simulation = Self {
            rng,
            agreed: config.replicas as usize,
            config,
            state,
            now,
            disk: None,
            published: 0,
            epoch: 0,
            processes: BTreeMap::new(),
            names: HashMap::new(),
            asked: HashMap::new(),
            calls: 0,
            gone: HashSet::new(),
            used_names: HashSet::new(),
            user_names,
            user_named: Vec::new(),
        };
        simulation.carry_out(effects, &Before::default());
        simulation
    }

    fn apply(&mut self, input: Input) {
        let named = self.state.places.iter().filter(|place| place.named);
        self.user_named = named.map(|place| Arc::clone(&place.name)).collect();
        let before = Before { committed: self.committed(), pending: self.pending_names() };
        let scale = if let Input::Scale { to, changes, .. } = &input { Some((*to, *changes)) } else { None };
        let effects = self.state.apply(input, self.now);
        let agreed = |effect: &Effect| matches!(effect, Effect::Answer(_, Ok(())));
        if let Some((to, changes)) = scale {
            self.check_step(to, changes, before.committed);
            self.agreed = self.committed();
        } else if !effects.iter().any(agreed) {
            assert_eq!(self.committed(), before.committed, "N follows /add and /rm, nothing else");
        }
        self.carry_out(effects, &before);
        self.check();
    }

    /// It goes where it is told to, as far as it may, or nowhere; and nowhere, where a user was there first.
    fn check_step(&self, to: u32, changes: u64, before: usize) {
        let committed = self.committed();
        let pending = self.pending_names().len();
        let is_stale = changes != self.state.changes || self.state.limits.autoscale.is_none();
        assert!(!is_stale || committed == before, "a step for another membership");
        let (least, most) = (before.min((to as usize).saturating_sub(pending)), before.max(to as usize));
        assert!((least..=most).contains(&committed), "{before} → {committed}, {to} were asked for");
        for name in &self.user_named {
            assert!(self.state.places.iter().any(|place| place.name == *name), "{name} was a user's");
        }
    }

    fn pending_names(&self) -> Vec<(CallId, Arc<str>)> {
        self.state.places.iter().filter_map(|place| Some((place.call?, Arc::clone(&place.name)))).collect()
    }

    /// N: the replicas that no `/add` still waits for.
    fn committed(&self) -> usize {
        self.state.places.iter().filter(|place| place.supervised && place.call.is_none()).count()
    }

    fn carry_out(&mut self, effects: Vec<Effect>, before: &Before) {
        for effect in effects {
            match effect {
                Effect::Launch { id, name, .. } => {
                    assert!(self.names.insert(id, Arc::clone(&name)).is_none(), "an incarnation is launched once");
                    self.processes.insert(id, Process::Launching);
                    self.note_name(name);
                }
                Effect::Stop(id) => {
                    let process = self.processes.insert(id, Process::Stopping);
                    assert!(process.is_some_and(|process| process != Process::Stopping), "stopped once, while it runs");
                    self.gone.insert(id);
                }
                Effect::Answer(call, result) => self.answered(call, &result, before),
                Effect::Publish(table) => {
                    assert_eq!(table.version(), self.state.version);
                    assert!(table.version() > self.published, "versions grow, over restarts too");
                    self.published = table.version();
                    let epoch = self.state.history.newest().epoch;
                    assert!((self.epoch..=self.epoch + 1).contains(&epoch), "one word, one mapping at the most");
                    self.epoch = epoch;
                }
                Effect::Save { saved, .. } => self.disk = Some((*saved).clone()),
                Effect::Adopt { id, .. } => {
                    assert!(!self.gone.contains(&id), "what left is not taken over");
                    let found = self.processes.contains_key(&id);
                    self.processes.insert(id, if found { Process::Launching } else { Process::Missing });
                }
                Effect::Sweep(known) => self.processes.retain(|id, _| known.contains(id)),
                _ => {}
            }
        }
    }

    /// A name that no user gave is new, except that launches before the first readiness repeat it.
    fn note_name(&mut self, name: Arc<str>) {
        let is_repeated = self.names.values().filter(|other| **other == name).count() > 1;
        let is_new = self.used_names.insert(Arc::clone(&name));
        if !self.user_names.contains(&*name) && !is_repeated {
            assert!(is_new, "{name} was made up before");
        }
    }

    /// Killed in the middle of what some input brings, and started again on what it had saved.
    fn crash(&mut self) {
        let input = self.random_input();
        let before = Before { committed: self.committed(), pending: self.pending_names() };
        let died = if let Input::Exited { id, .. } = &input { Some(*id) } else { None };
        let mut effects = self.state.apply(input, self.now);
        let after = self.committed();
        effects.truncate(self.rng.usize(0..=effects.len()));
        self.carry_out(effects, &before);
        self.asked.clear();
        let saved_ids = self.disk.iter().flat_map(|saved| &saved.members).filter_map(|member| member.id);
        // A death that was not written down is found again.
        self.gone.retain(|gone| Some(*gone) != died || !saved_ids.clone().any(|id| id == gone.0));
        let rng = &mut self.rng;
        self.processes.retain(|_, _| rng.u32(0..4) > 0);
        let begun = State::new(&self.config, 1, self.rng.fork(), self.now, self.disk.clone());
        let (state, effects) = begun.expect("it fitted before");
        assert!(state.history.newest().epoch > self.epoch, "no number comes twice");
        self.epoch = state.history.newest().epoch;
        self.state = state;
        self.carry_out(effects, &Before::default());
        let now = self.committed();
        // At a start the autoscaler's bounds hold at once, whatever a user has left.
        let bounds = self.config.autoscale.map_or((0, usize::MAX), |auto| (auto.min as usize, auto.max as usize));
        let left = [self.agreed, after].map(|n| n.clamp(bounds.0, bounds.1));
        assert!(left.contains(&now), "{now} replicas: neither of {left:?}");
        self.agreed = now;
        self.check();
    }

    fn answered(&mut self, call: CallId, result: &Result<(), ChangeError>, before: &Before) {
        let asked = self.asked.remove(&call).expect("an answer a call, once");
        if result.is_ok() {
            self.agreed = self.committed();
        }
        let present = |name: &str| self.state.places.iter().any(|p| *p.name == *name && p.call.is_none());
        match (asked, result) {
            (Asked::Add, Ok(())) => {
                let names = before.pending.iter().filter(|(pending, _)| *pending == call);
                assert!(names.into_iter().all(|(_, name)| present(name)), "what was added is there");
            }
            (Asked::Add, Err(_)) => {
                assert!(self.state.places.iter().all(|place| place.call != Some(call)), "all or nothing");
            }
            (Asked::Remove(remove), Ok(())) => {
                let names: HashSet<_> = remove.hostnames.iter().collect();
                let len = remove.hostnames.len();
                let picked = remove.n.map_or(0, |n| n as usize - len);
                assert_eq!(self.committed(), before.committed.saturating_sub(names.len() + picked), "N after /rm");
                assert!(!remove.hostnames.iter().any(|name| present(name)), "what was removed is gone");
            }
            (Asked::Remove(_), Err(error)) => assert!(error.is_callers_fault(), "{error}"),
            (Asked::Change(request), result) => self.change_answered(call, &request, result),
        }
    }

    fn check(&self) {
        let state = &self.state;
        let snapshot = state.snapshot();
        let members = state.ring.members();
        assert_eq!(members.len(), state.places.len(), "every place is in the ring, nothing else is");
        assert_eq!(state.slots.members(), members, "the published slots are those of the members");
        assert_eq!(snapshot.target as usize, state.places.iter().filter(|place| place.supervised).count());
        assert!(snapshot.target <= MAX, "the cap holds");
        let names: HashSet<_> = state.places.iter().map(|place| &place.name).collect();
        assert_eq!(names.len(), state.places.len(), "a name stands for one place");
        let mut numbers: Vec<_> = state.places.iter().map(|place| place.seat.number()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), state.places.len(), "a seat number stands for one place");
        for place in &state.places {
            assert!(place.id().is_none_or(|id| !self.gone.contains(&id)), "what left never comes back");
            assert!(place.call.is_none() || !place.listed, "a pending add is not listed");
            let pending = place.call.is_none_or(|call| state.pending.iter().any(|p| p.call == call));
            assert!(pending, "a place waits only for a call that is open");
        }
        let running = self.processes.len();
        let ours = state.places.iter().filter(|place| place.supervised && place.id().is_some());
        let known = ours.count() + state.leaving.len();
        assert_eq!(known, running, "every process is known");
    }

    fn random_input(&mut self) -> Input {
        let discovered = self.state.places.iter().filter(|place| !place.supervised).filter_map(Place::id);
        let ids: Vec<BackendId> = self.processes.keys().copied().chain(discovered).collect();
        let id = self.rng.choice(&ids).copied().unwrap_or(BackendId(u64::MAX));
        match self.rng.u32(0..100) {
            0..6 => self.random_add(),
            6..11 => self.random_remove(),
            11..16 => self.random_change(),
            16..55 => self.advance(id),
            55..70 => Input::Healthy(id),
            70..76 => Input::Unhealthy { id, refused: self.rng.bool(), why: "no answer".into() },
            76..80 => Input::Suspected { id, sign: self.random_sign() },
            80 => Input::Cleared(id),
            81 => Input::Ending { id, at: self.now.at },
            82..84 => Input::Paused { id: self.one_of_ours(), at: self.now.at },
            84..86 => Input::Resumed(self.one_of_ours()),
            86..89 => Input::Applied(self.state.version),
            89..91 => self.random_set(),
            91..93 => Input::Resolved { name: "D1".into(), addr: ([10, 0, 0, self.rng.u8(1..4)], 80).into() },
            93..96 => self.random_scale(),
            _ => {
                self.now.at += Duration::from_millis(self.rng.u64(0..4000));
                Input::Tick
            }
        }
    }

    /// Now and then one that comes too late.
    fn random_scale(&mut self) -> Input {
        let changes = self.state.changes.saturating_sub(self.rng.u64(0..3) / 2);
        Input::Scale { to: self.rng.u32(1..=MAX), changes, why: "at random".into() }
    }

    /// What a process does next.
    fn advance(&mut self, id: BackendId) -> Input {
        let exits = self.rng.u32(0..5) == 0;
        match self.processes.get(&id) {
            Some(Process::Launching) if !exits => {
                self.processes.insert(id, Process::Running);
                Input::Launched { id, pid: Some(7), addr: ADDR.into(), trace: TRACE }
            }
            Some(Process::Running) if !exits => Input::Healthy(id),
            Some(_) => {
                self.processes.remove(&id);
                self.gone.insert(id);
                let hopeless = self.rng.bool();
                let exit = Exit { how: "exit status 1".into(), hopeless, output: String::new() };
                Input::Exited { id, exit, at: self.now.at }
            }
            None => Input::Tick,
        }
    }

    fn random_sign(&mut self) -> Sign {
        let kinds = [SignKind::Refused, SignKind::ConnectTimedOut, SignKind::LostRequest];
        Sign { kind: self.rng.choice(kinds).expect("there are some"), at: self.now.at }
    }

    fn one_of_ours(&mut self) -> BackendId {
        let ids: Vec<BackendId> = self.processes.keys().copied().collect();
        self.rng.choice(&ids).copied().unwrap_or(BackendId(u64::MAX))
    }

    /// Some of four names, one of which users give too.
    fn random_set(&mut self) -> Input {
        let named = ["D1", "D2", "D3", "S1"].into_iter().filter(|_| self.rng.bool());
        let told: Vec<_> = named.map(str::to_owned).collect();
        let backend = |name: String| StaticBackend {
            weight: lb_core::backend::Weight::from_thousandths(self.rng.u32(1..4) * 1000).expect("in range"),
            ..StaticBackend::new(&name, "h:80")
        };
        Input::Discovered { source: Source::File, backends: told.into_iter().map(backend).collect() }
    }

    fn random_names(&mut self) -> Vec<String> {
        (0..self.rng.usize(0..4)).map(|_| format!("S{}", self.rng.u32(1..9))).collect()
    }

    fn random_n(&mut self, names: usize) -> Option<u64> {
        self.rng.bool().then(|| names as u64 + self.rng.u64(0..4))
    }

    fn random_add(&mut self) -> Input {
        let hostnames = self.random_names();
        self.user_names.extend(hostnames.iter().cloned());
        let wait = Duration::from_millis(self.rng.u64(0..3) * 2000);
        self.calls += 1;
        self.asked.insert(self.calls, Asked::Add);
        Input::Add(self.calls, Add { n: self.random_n(hostnames.len()), hostnames, wait })
    }

    fn random_remove(&mut self) -> Input {
        let listed: Vec<String> = self.state.snapshot().listed().map(str::to_owned).collect();
        let mut hostnames = if self.rng.bool() { self.random_names() } else { Vec::new() };
        hostnames.extend(self.rng.choice(&listed).cloned());
        let remove = Remove { n: self.random_n(hostnames.len()), hostnames };
        self.calls += 1;
        self.asked.insert(self.calls, Asked::Remove(remove.clone()));
        Input::Remove(self.calls, remove)
    }

    /// Left alone in a world where everything works, it reaches its target, answers everybody and is at rest.
    fn settle(&mut self) {
        self.apply(Input::Discovered { source: Source::File, backends: Vec::new() });
        self.undrain_all();
        for _ in 0..10_000 {
            for id in self.processes.keys().copied().collect::<Vec<_>>() {
                self.settle_one(id);
            }
            self.apply(Input::Applied(self.state.version));
            if self.processes.values().any(|process| *process != Process::Running) {
                continue;
            }
            let Some(deadline) = self.state.next_deadline(self.now.at) else { break };
            self.now.at = self.now.at.max(deadline);
            self.apply(Input::Tick);
        }
        let snapshot = self.state.snapshot();
        assert!(self.asked.is_empty(), "everybody was answered");
        assert_eq!(snapshot.listed().count(), snapshot.target as usize, "N is back");
        assert_eq!(snapshot.ready(), snapshot.target as usize);
        let given: HashSet<u32> = self.state.places.iter().map(|place| place.seat.number()).collect();
        let lowest_free = (1..).find(|number| !given.contains(number)).expect("numbers don't end");
        assert_eq!(self.state.numbers.give(), lowest_free);
    }

    /// Launches come off, running ones pass their check, stopping ones end.
    fn settle_one(&mut self, id: BackendId) {
        match self.processes[&id] {
            Process::Launching => {
                self.processes.insert(id, Process::Running);
                self.apply(Input::Launched { id, pid: None, addr: ADDR.into(), trace: TRACE });
                self.apply(Input::Healthy(id));
            }
            Process::Running => {
                self.apply(Input::Resumed(id));
                self.apply(Input::Cleared(id));
                if self.processes.contains_key(&id) {
                    self.apply(Input::Healthy(id));
                }
            }
            Process::Stopping | Process::Missing => {
                self.processes.remove(&id);
                let exit = Exit { how: "exit status 0".into(), hopeless: false, output: String::new() };
                self.apply(Input::Exited { id, exit, at: self.now.at });
            }
        }
    }
}

#[test]
fn random_adds_removals_deaths_delays_and_crashes_keep_every_invariant() {
    let seeds = match std::env::var("LB_SIM_SEED") {
        Ok(seed) => vec![seed.parse().expect("LB_SIM_SEED is a number")],
        Err(_) => (0..RUNS).collect(),
    };
    for seed in seeds {
        let outcome = std::panic::catch_unwind(|| {
            let mut simulation = Simulation::new(seed);
            for _ in 0..INPUTS_PER_RUN {
                if simulation.rng.u32(0..100) == 0 {
                    simulation.crash();
                    continue;
                }
                let input = simulation.random_input();
                simulation.apply(input);
            }
            simulation.settle();
        });
        assert!(outcome.is_ok(), "seed {seed}; LB_SIM_SEED={seed} cargo test -p lb-admin simulation");
    }
}
