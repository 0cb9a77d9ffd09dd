//! A seeded simulation: thousands of random inputs to the real state, in a world that launches, fails, dies, hangs and
//! answers late; every invariant is checked after every input.
//!
//! A failure prints its seed; `LB_SIM_SEED=N cargo test -p lb-admin simulation` replays it.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::world::config;
use super::*;
use crate::config::AdminConfig;

/// Where every replica of the simulation is, and how it is found again.
const ADDR: ([u8; 4], u16) = ([127, 0, 0, 1], 20_000);
const TRACE: Trace = Trace::Process { pid: 7, start_ticks: 7, port: 20_000 };

const RUNS: u64 = 40;
const INPUTS_PER_RUN: usize = 1500;

/// A process as the world knows it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Process {
    Launching,
    Running,
    Stopping,
}

struct Simulation {
    rng: fastrand::Rng,
    state: State,
    now: Moment,
    processes: BTreeMap<BackendId, Process>,
    names: HashMap<BackendId, Arc<str>>,
    asked: HashMap<CallId, Asked>,
    calls: CallId,
    /// Names of replicas that were removed or died, with the incarnation: none of these may be listed again.
    gone: HashSet<BackendId>,
    used_names: HashSet<Arc<str>>,
    user_names: HashSet<String>,
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
}

impl Simulation {
    fn new(seed: u64) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let now = Moment::now();
        let config = AdminConfig { replicas_max: 12, replicas: rng.u32(0..5), ..config(0) };
        let (state, effects) = State::new(&config, 1, rng.fork(), now, None).expect("it fits");
        let user_names = (1..=config.replicas).map(|n| format!("S{n}")).collect();
        let mut simulation = Self {
            rng,
            state,
            now,
            processes: BTreeMap::new(),
            names: HashMap::new(),
            asked: HashMap::new(),
            calls: 0,
            gone: HashSet::new(),
            used_names: HashSet::new(),
            user_names,
        };
        simulation.carry_out(effects, &Before::default());
        simulation
    }

    fn apply(&mut self, input: Input) {
        let before = Before { committed: self.committed(), pending: self.pending_names() };
        let effects = self.state.apply(input, self.now);
        let agreed = |effect: &Effect| matches!(effect, Effect::Answer(_, Ok(())));
        if !effects.iter().any(agreed) {
            assert_eq!(self.committed(), before.committed, "N follows /add and /rm, nothing else");
        }
        self.carry_out(effects, &before);
        self.check();
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
                Effect::Publish(table) => assert_eq!(table.version(), self.state.version),
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

    fn answered(&mut self, call: CallId, result: &Result<(), ChangeError>, before: &Before) {
        let asked = self.asked.remove(&call).expect("an answer a call, once");
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
        }
    }

    fn check(&self) {
        let state = &self.state;
        let snapshot = state.snapshot();
        let members = state.ring.members();
        assert_eq!(members.len(), state.places.len(), "every place is in the ring, nothing else is");
        assert_eq!(state.slots.members(), members, "the published slots are those of the members");
        assert_eq!(snapshot.target as usize, state.places.iter().filter(|place| place.supervised).count());
        assert!(snapshot.target <= 12, "the cap holds");
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
        let known = state.places.iter().filter(|place| place.id().is_some()).count() + state.leaving.len();
        assert_eq!(known, running, "every process is known");
    }

    fn random_input(&mut self) -> Input {
        let ids: Vec<BackendId> = self.processes.keys().copied().collect();
        let id = self.rng.choice(&ids).copied().unwrap_or(BackendId(u64::MAX));
        match self.rng.u32(0..100) {
            0..8 => self.random_add(),
            8..16 => self.random_remove(),
            16..55 => self.advance(id),
            55..70 => Input::Healthy(id),
            70..76 => Input::Unhealthy { id, refused: self.rng.bool(), why: "no answer".into() },
            76..80 => Input::Suspected { id, refused: self.rng.bool() },
            80..82 => Input::Cleared(id),
            82..84 => Input::Paused(id),
            84..86 => Input::Resumed(id),
            86..91 => Input::Applied(self.state.version),
            _ => {
                self.now.at += Duration::from_millis(self.rng.u64(0..4000));
                Input::Tick
            }
        }
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
                Input::Exited { id, exit: Exit { how: "exit status 1".into(), hopeless, output: String::new() } }
            }
            None => Input::Tick,
        }
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
            Process::Stopping => {
                self.processes.remove(&id);
                let exit = Exit { how: "exit status 0".into(), hopeless: false, output: String::new() };
                self.apply(Input::Exited { id, exit });
            }
        }
    }
}

#[test]
fn random_adds_removals_deaths_and_delays_keep_every_invariant() {
    let seeds = match std::env::var("LB_SIM_SEED") {
        Ok(seed) => vec![seed.parse().expect("LB_SIM_SEED is a number")],
        Err(_) => (0..RUNS).collect(),
    };
    for seed in seeds {
        let outcome = std::panic::catch_unwind(|| {
            let mut simulation = Simulation::new(seed);
            for _ in 0..INPUTS_PER_RUN {
                let input = simulation.random_input();
                simulation.apply(input);
            }
            simulation.settle();
        });
        assert!(outcome.is_ok(), "seed {seed}; LB_SIM_SEED={seed} cargo test -p lb-admin simulation");
    }
}
