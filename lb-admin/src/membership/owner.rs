//! The one task that holds the membership: takes commands and results in, carries effects out.
//!
//! It decides nothing: [`State`] does. What it adds is the world: the clock, the supervisor, the checks, the workers,
//! the event log, the snapshot that everybody reads, and the answers, each of which waits until every worker routes by
//! the table that it speaks of (for a second at most: a stalled worker must not hold up whoever asked).

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};

use super::change::Changed;
use super::command::{Asker, ChangeError, Command};
use super::healing::Healing;
use super::publish::Publisher;
use super::snapshot::Snapshot;
use super::state::{CallId, Effect, Input, Moment, State};
use super::store::Store;
use crate::events::EventLog;
use crate::health::schedule::Checks;
use crate::supervisor::Supervisor;
use crate::supervisor::launcher::{Launcher, Order};

/// How long an answer waits for the workers.
const APPLIED_WAIT_MAX: Duration = Duration::from_secs(1);
/// So many commands are taken in together at the most: what has happened meanwhile waits for them.
const COMMANDS_AT_ONCE_MAX: usize = 64;
/// So many results are taken in together at the most.
const RESULTS_AT_ONCE_MAX: usize = 64;
/// So often results come first while commands wait: a storm of reports must not keep `/add` waiting for ever.
const RESULTS_FIRST_MAX: u32 = 16;
/// Where no deadline is set. Waking up once an hour for nothing is cheaper than a branch without a timer.
const IDLE: Duration = Duration::from_secs(3600);

/// The state and what it acts through.
#[derive(Debug)]
pub(crate) struct Owner<L> {
    pub(crate) state: State,
    pub(crate) supervisor: Supervisor<L>,
    pub(crate) checks: Checks,
    pub(crate) publisher: Publisher,
    pub(crate) store: Store,
    pub(crate) events: Arc<EventLog>,
    pub(crate) healing: Arc<Healing>,
    pub(crate) snapshots: watch::Sender<Arc<Snapshot>>,
}

/// What comes in.
#[derive(Debug)]
pub(crate) struct Inputs {
    pub(crate) commands: mpsc::Receiver<Command>,
    /// Results of effects, reports of the workers, and the process's own wishes.
    pub(crate) results: Results,
    /// The oldest version that a worker routes by.
    pub(crate) applied: watch::Receiver<u64>,
}

/// What comes back, in its order.
#[derive(Debug)]
pub(crate) struct Results {
    channel: mpsc::UnboundedReceiver<Input>,
    /// One that came with others and has to be taken in alone.
    held: Option<Input>,
}

/// Who waits for what.
#[derive(Debug, Default)]
struct Answers {
    last_call: CallId,
    /// Calls that the state hasn't decided.
    asked: HashMap<CallId, Asker>,
    /// One that came behind others and has to be taken in alone.
    held: Option<Command>,
    /// Decided, but not yet true on every worker.
    due: Vec<DueAnswer>,
}

#[derive(Debug)]
struct DueAnswer {
    version: u64,
    deadline: Instant,
    asker: Asker,
    changed: Changed,
}

impl<L: Launcher> Owner<L> {
    /// Runs until everything has stopped after `Input::Stop`. `effects` are those of the state's making.
    pub(crate) async fn run(mut self, mut effects: Vec<Effect>, mut inputs: Inputs) {
        let mut answers = Answers::default();
        self.save_where_it_matters(&mut effects).await;
        self.carry_out(effects, &mut answers);
        let mut results_first = 0;
        while !self.state.is_over() {
            let now = Instant::now();
            self.store.look_after(now);
            let others = [answers.next_deadline(), self.store.next_deadline()].into_iter().flatten();
            let deadline = self.state.next_deadline(now).into_iter().chain(others).min();
            // A loss is a matter of milliseconds, and a change may cost a table and a wait for the disk.
            let results = if results_first < RESULTS_FIRST_MAX { inputs.results.waiting() } else { None };
            let together = if let Some(results) = results {
                results_first += 1;
                results
            } else {
                results_first = 0;
                tokio::select! {
                    Some(command) = answers.next(&mut inputs.commands) => {
                        self.plan_or_note(command, &mut answers, &mut inputs.commands)
                    }
                    results = inputs.results.next() => results,
                    Ok(()) = inputs.applied.changed() => vec![Input::Applied(*inputs.applied.borrow_and_update())],
                    () = self.store.over() => vec![Input::Tick],
                    () = tokio::time::sleep_until(deadline.unwrap_or(now + IDLE).into()) => vec![Input::Tick],
                }
            };
            for input in &together {
                if let Input::Exited { id, .. } = input {
                    self.supervisor.ended(*id);
                }
            }
            self.take_in(together, &mut answers).await;
            answers.send_due(*inputs.applied.borrow());
        }
        self.supervisor.settle().await;
    }

    /// A plan is answered at once; everything else is taken in.
    fn plan_or_note(
        &self,
        command: Command,
        answers: &mut Answers,
        commands: &mut mpsc::Receiver<Command>,
    ) -> Vec<Input> {
        match command {
            Command::Plan(request, asker) => {
                reply(asker, self.state.plan(&request, Moment::now()));
                Vec::new()
            }
            command => answers.note_waiting(command, commands),
        }
    }

    /// A change that somebody asked for is made when it is written down, or not at all. Everything else is done whether
    /// it can be written or not, so it comes alone.
    async fn take_in(&mut self, together: Vec<Input>, answers: &mut Answers) {
        let call_of = |input: &Input| match input {
            Input::Add(call, _) | Input::Remove(call, _) | Input::Change(call, _) | Input::Configure(call, _) => {
                Some(*call)
            }
            _ => None,
        };
        let asked: Vec<CallId> = together.iter().filter_map(call_of).collect();
        let is_healthy = matches!(&together[..], [Input::Healthy(_)]);
        let may_agree = !asked.is_empty() || (is_healthy && self.state.has_open_calls());
        let before = may_agree.then(|| self.state.clone());
        let mut effects = self.state.apply_all(together, Moment::now());
        let agreed = effects.iter().filter_map(Effect::agreed_call).chain(asked).collect::<Vec<_>>();
        let Some(before) = before.filter(|_| !agreed.is_empty()) else {
            self.save_where_it_matters(&mut effects).await;
            return self.carry_out(effects, answers);
        };
        if self.is_saved(&effects).await {
            return self.carry_out(effects, answers);
        }
        self.state = before;
        // What was refused may still be on its way to the disk.
        if let Some(saved) = self.state.last_saved() {
            self.store.put(Arc::clone(saved));
        }
        let mut effects = self.state.apply_all(vec![Input::NotSaved(agreed)], Moment::now());
        self.save_where_it_matters(&mut effects).await;
        self.carry_out(effects, answers);
    }

    /// Whether what these effects act on is written down.
    async fn is_saved(&mut self, effects: &[Effect]) -> bool {
        match effects.first() {
            Some(Effect::Save { saved, .. }) => self.store.write(Arc::clone(saved)).await,
            _ => true,
        }
    }

    /// Waits for the disk where it is worth it: not for what a restart finds out anyway, nor while nothing can be written.
    /// The table goes to the workers meanwhile.
    async fn save_where_it_matters(&mut self, effects: &mut Vec<Effect>) {
        let Some(Effect::Save { saved, urgent }) = effects.first() else { return };
        let saved = Arc::clone(saved);
        if !urgent || self.store.saving().is_failing() {
            return self.store.put(saved);
        }
        for effect in effects.extract_if(.., |effect| matches!(effect, Effect::Publish(_))) {
            if let Effect::Publish(table) = effect {
                self.publisher.publish(&table);
            }
        }
        let _it_is_tried_again = self.store.write(saved).await;
    }

    fn carry_out(&mut self, effects: Vec<Effect>, answers: &mut Answers) {
        // Events, then the snapshot, then the rest: whoever sees a change can look up what has led to it.
        for effect in &effects {
            if let Effect::Record { kind, name, seat, detail } = effect {
                self.events.record(*kind, name, *seat, detail.clone());
            }
        }
        let snapshot = Arc::new(self.state.snapshot());
        if !effects.is_empty() {
            self.snapshots.send_replace(Arc::clone(&snapshot));
        }
        for effect in effects {
            self.act(effect, &snapshot, answers);
        }
    }

    fn act(&mut self, effect: Effect, snapshot: &Arc<Snapshot>, answers: &mut Answers) {
        match effect {
            Effect::Record { .. } => {}
            Effect::Ejected(took) => self.healing.note_ejection(took),
            Effect::Recovered(took) => self.healing.note_recovery(took),
            Effect::Launch { id, name, seat } => self.supervisor.launch(Order { id, name, seat }),
            Effect::Adopt { id, name, seat, trace } => self.supervisor.adopt(Order { id, name, seat }, trace),
            Effect::Sweep(known) => self.supervisor.sweep(known),
            // Before all of them.
            Effect::Save { .. } => {}
            Effect::Retire(id) => self.supervisor.retire(id),
            Effect::Release(id) => self.supervisor.release(id),
            Effect::Stop(id) => self.supervisor.stop(id),
            Effect::Evict(id) => self.publisher.evict(id),
            Effect::CheckBy { replica, backend } => self.checks.check_by(replica, backend),
            Effect::Watch(watched) => self.checks.watch(&watched),
            Effect::Resolve { name, host } => self.checks.resolve(name, host),
            Effect::Unresolve(name) => self.checks.unresolve(&name),
            Effect::Warn(text) => tracing::warn!("{text}"),
            Effect::Unwatch(id) => self.checks.unwatch(id),
            Effect::Probe { id, refused } => self.checks.probe_now(id, refused),
            Effect::Publish(table) => self.publisher.publish(&table),
            Effect::Limit { backend, limits } => self.publisher.limit(&backend, limits),
            Effect::Answer(call, Err(error)) => answers.refuse(call, error),
            Effect::Answer(call, Ok(())) => {
                let (before, after) = self.state.last_step();
                answers.agree(call, Changed { snapshot: Arc::clone(snapshot), before, after });
            }
        }
    }
}

impl Results {
    /// Results from this channel.
    pub(crate) fn new(channel: mpsc::UnboundedReceiver<Input>) -> Self {
        Self { channel, held: None }
    }

    /// The next result, and those that wait behind it.
    async fn next(&mut self) -> Vec<Input> {
        if self.held.is_none() {
            self.held = self.channel.recv().await;
        }
        match self.waiting() {
            Some(results) => results,
            None => std::future::pending().await,
        }
    }

    /// Those that wait now. A good check may agree to an `/add`, which is taken back where it can't be written down, and
    /// nothing else may be taken back with it: it comes alone.
    fn waiting(&mut self) -> Option<Vec<Input>> {
        let comes_alone = |input: &Input| matches!(input, Input::Healthy(_));
        let first = self.held.take().or_else(|| self.channel.try_recv().ok())?;
        let mut together = vec![first];
        while together.len() < RESULTS_AT_ONCE_MAX && !comes_alone(&together[0]) {
            match self.channel.try_recv() {
                Ok(next) if comes_alone(&next) => {
                    self.held = Some(next);
                    break;
                }
                Ok(next) => together.push(next),
                Err(_) => break,
            }
        }
        Some(together)
    }
}

impl Answers {
    /// The next command; `None` where none will come any more.
    async fn next(&mut self, commands: &mut mpsc::Receiver<Command>) -> Option<Command> {
        match self.held.take() {
            Some(held) => Some(held),
            None => commands.recv().await,
        }
    }

    /// A command and those that wait behind it: together they cost one table and one wait for the disk. A strict change
    /// comes alone: the condition of each is judged by the mapping that the one before it has left, and its answer says
    /// what it has moved by itself.
    fn note_waiting(&mut self, first: Command, commands: &mut mpsc::Receiver<Command>) -> Vec<Input> {
        let comes_alone =
            |command: &Command| matches!(command, Command::Change(..) | Command::Plan(..) | Command::Configure(..));
        let goes_on = !comes_alone(&first);
        let mut inputs: Vec<Input> = self.note(first).into_iter().collect();
        while goes_on
            && inputs.len() < COMMANDS_AT_ONCE_MAX
            && let Ok(command) = commands.try_recv()
        {
            if comes_alone(&command) {
                self.held = Some(command);
                break;
            }
            inputs.extend(self.note(command));
        }
        inputs
    }

    /// Gives a call its number. `None` for a plan, which is no call.
    fn note(&mut self, command: Command) -> Option<Input> {
        let call = self.last_call + 1;
        let (input, asker) = match command {
            Command::Add(request, asker) => (Input::Add(call, request), asker),
            Command::Configure(settings, asker) => (Input::Configure(call, settings), asker),
            Command::Remove(request, asker) => (Input::Remove(call, request), asker),
            Command::Change(request, asker) => (Input::Change(call, request), asker),
            Command::Plan(..) => return None,
        };
        self.last_call = call;
        self.asked.insert(call, asker);
        Some(input)
    }

    fn agree(&mut self, call: CallId, changed: Changed) {
        let Some(asker) = self.asked.remove(&call) else { return };
        let deadline = Instant::now() + APPLIED_WAIT_MAX;
        self.due.push(DueAnswer { version: changed.snapshot.version, deadline, asker, changed });
    }

    fn refuse(&mut self, call: CallId, error: ChangeError) {
        if let Some(asker) = self.asked.remove(&call) {
            reply(asker, Err(error));
        }
    }

    fn send_due(&mut self, applied: u64) {
        let now = Instant::now();
        for answer in self.due.extract_if(.., |answer| answer.version <= applied || answer.deadline <= now) {
            reply(answer.asker, Ok(answer.changed));
        }
    }

    fn next_deadline(&self) -> Option<Instant> {
        self.due.iter().map(|answer| answer.deadline).min()
    }
}

/// Whoever asked may have hung up; the change stands all the same.
fn reply(asker: Asker, result: Result<Changed, ChangeError>) {
    let _hung_up = asker.send(result);
}
