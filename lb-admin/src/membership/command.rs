//! What the owner can be asked to do, and its typed answers.
//!
//! Texts of errors are what the assignment's scripts compare with (SPEC 2), without the leading `<Error> `.

use std::sync::Arc;
use std::time::Duration;

use lb_core::ring::RingError;
use tokio::sync::{mpsc, oneshot, watch};

use super::change::{Changed, Request};
use super::healing::Healing;
use super::snapshot::Snapshot;
use super::store::Saving;
use crate::config::Settings;

/// `/add`, as asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Add {
    /// How many; `None` where only hostnames were given.
    pub n: Option<u64>,
    /// The names wanted, in order.
    pub hostnames: Vec<String>,
    /// How long to wait for them to be ready; zero: answer at once and go on.
    pub wait: Duration,
}

/// `/rm`, as asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remove {
    /// How many; `None` where only hostnames were given.
    pub n: Option<u64>,
    /// The names to go, then random ones.
    pub hostnames: Vec<String>,
}

/// Why a change was refused or failed. Nothing of it was applied, or all of it was taken back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// More names than n.
    #[error("Length of hostname list is more than newly added instances")]
    TooManyNamesToAdd,
    /// More names than n.
    #[error("Length of hostname list is more than removable instances")]
    TooManyNamesToRemove,
    /// `n` is missing without hostnames, or is 0.
    #[error("n must be a positive integer")]
    CountNotPositive,
    /// Over the cap.
    #[error("n = {n}: at most {max} replicas are allowed, {present} are there")]
    OverCap {
        /// Asked for.
        n: u64,
        /// Allowed in all.
        max: u32,
        /// There now.
        present: usize,
    },
    /// Over the autoscaler's cap.
    #[error("n = {n}: --autoscale allows at most max={max} replicas, {present} are there")]
    OverAutoscaleMax {
        /// Asked for.
        n: u64,
        /// Allowed in all.
        max: u32,
        /// There now.
        present: usize,
    },
    /// Not 1 to 63 of `[A-Za-z0-9_.-]` beginning with a letter or digit.
    #[error("'{0}' is not a hostname: 1 to 63 of A-Z a-z 0-9 _ . - beginning with a letter or digit")]
    BadName(String),
    /// `/rm` of a name that is not there.
    #[error("'{0}' is not a replica")]
    UnknownName(String),
    /// A name that nobody has.
    #[error("there is no backend '{0}'")]
    UnknownBackend(String),
    /// An added one would have somebody's name.
    #[error("'{0}' is there already, or named twice")]
    NameTaken(String),
    /// The condition of the request isn't met.
    #[error("the epoch is {epoch}: look at what has changed, then ask again with If-Match: \"{epoch}\"")]
    EpochIs {
        /// Now.
        epoch: u64,
    },
    /// A mapping that isn't kept.
    #[error("epoch {0} is not kept: /v1/epochs lists those that are")]
    UnknownEpoch(u64),
    /// The ring doesn't take the weight.
    #[error("'{name}' keeps its weight: {why}")]
    WeightRefused {
        /// Whose.
        name: String,
        /// Why.
        why: RingError,
    },
    /// A rollback would have to make or remove what isn't ours.
    #[error("epoch {epoch} differs in backends that lb doesn't run: {names}; change those at their source first")]
    NotOurs {
        /// Which was asked for.
        epoch: u64,
        /// The backends that are missing or too many.
        names: String,
    },
    /// Something is being added whose end must be known first, or came between.
    #[error("another change is being made: ask again when it is decided")]
    Busy,
    /// `/rm` of a `--backend`.
    #[error("'{0}' is a --backend; only replicas can be removed here")]
    NotAReplica(String),
    /// `assignment` has no free slot.
    #[error("ring full")]
    RingFull,
    /// A replica couldn't be started.
    #[error("replica '{name}' could not be started: {why}")]
    StartFailed {
        /// Which.
        name: String,
        /// In words.
        why: String,
    },
    /// A replica got no good health check in time.
    #[error("replica '{0}' was not ready in time")]
    NotReady(String),
    /// The change couldn't be written down, and one that a restart forgets isn't made.
    #[error("the change could not be saved, so it was not made: mend the state directory (the log says what is wrong)")]
    NotSaved,
    /// Other settings that don't go with what is there now.
    #[error("{0}; nothing was changed")]
    Unfit(String),
    /// The process is stopping.
    #[error("the load balancer is stopping")]
    Stopping,
}

impl ChangeError {
    /// Whether the request was wrong (4xx) rather than its execution (5xx).
    pub fn is_callers_fault(&self) -> bool {
        !matches!(self, Self::StartFailed { .. } | Self::NotReady(_) | Self::NotSaved | Self::Stopping)
    }

    /// Whether the request itself was judged, or tried; otherwise it came at the wrong time and may well be asked again.
    pub fn is_judgement(&self) -> bool {
        !matches!(self, Self::Busy | Self::NotSaved | Self::Stopping)
    }
}

/// A change with the way back to whoever asked.
#[derive(Debug)]
pub(crate) enum Command {
    Add(Add, Asker),
    Remove(Remove, Asker),
    Change(Request, Asker),
    /// What would come of it.
    Plan(Request, Asker),
    Configure(Box<Settings>, Asker),
}

/// The way back to whoever asked.
pub(crate) type Asker = oneshot::Sender<Result<Changed, ChangeError>>;

/// Everybody's handle on the owner. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Membership {
    commands: mpsc::Sender<Command>,
    snapshot: watch::Receiver<Arc<Snapshot>>,
    saving: Arc<Saving>,
    healing: Arc<Healing>,
}

impl Membership {
    pub(crate) fn new(commands: mpsc::Sender<Command>, snapshot: watch::Receiver<Arc<Snapshot>>) -> Self {
        Self { commands, snapshot, saving: Arc::default(), healing: Arc::default() }
    }

    /// With what says how the writing to the state directory goes.
    pub(crate) fn with_saving(self, saving: &Arc<Saving>) -> Self {
        Self { saving: Arc::clone(saving), ..self }
    }

    /// How fast losses are noticed.
    pub fn healing(&self) -> &Arc<Healing> {
        &self.healing
    }

    /// How the writing to the state directory goes.
    pub fn saving(&self) -> &Saving {
        &self.saving
    }

    /// Adds replicas; answers when they are ready (or have failed and are gone again).
    pub async fn add(&self, request: Add) -> Result<Arc<Snapshot>, ChangeError> {
        Ok(self.ask(|answer| Command::Add(request, answer)).await?.snapshot)
    }

    /// Takes replicas out of the ring; answers when every worker routes by the new table.
    pub async fn remove(&self, request: Remove) -> Result<Arc<Snapshot>, ChangeError> {
        Ok(self.ask(|answer| Command::Remove(request, answer)).await?.snapshot)
    }

    /// Makes a change; answers when every worker routes by what has come of it, new replicas being ready.
    pub async fn change(&self, request: Request) -> Result<Changed, ChangeError> {
        self.ask(|answer| Command::Change(request, answer)).await
    }

    /// What a change would come to now. Nothing is done.
    pub async fn plan(&self, request: Request) -> Result<Changed, ChangeError> {
        self.ask(|answer| Command::Plan(request, answer)).await
    }

    /// Goes by other settings, all of them or none; answers when every worker routes by what follows.
    pub(crate) async fn configure(&self, settings: Settings) -> Result<Arc<Snapshot>, ChangeError> {
        Ok(self.ask(|answer| Command::Configure(Box::new(settings), answer)).await?.snapshot)
    }

    /// The membership now.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.borrow())
    }

    /// A receiver of its own, to wait for changes with.
    pub fn watch(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.snapshot.clone()
    }

    async fn ask(&self, command: impl FnOnce(Asker) -> Command) -> Result<Changed, ChangeError> {
        let (answer, answered) = oneshot::channel();
        self.commands.send(command(answer)).await.map_err(|_| ChangeError::Stopping)?;
        answered.await.unwrap_or(Err(ChangeError::Stopping))
    }
}
