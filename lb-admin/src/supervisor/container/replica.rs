//! One container: its news, and its end.
//!
//! What it is told is sent to the engine in the background, since the engine may take its time or be away; that it has
//! happened is learnt from [`super::watch`] like everything else. However it ends, it is removed: at once where we wanted
//! it to end, after `keep_dead` where it ended by itself, so that somebody can look at it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use lb_core::backend::BackendId;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use super::super::docker::{Engine, EngineError, Inspected};
use super::super::launcher::{Exit, News, Replica, Trace};
use super::super::ports::PortLease;
use super::removal::Removals;
use super::spec::name_when_leaving;
use super::watch::{Fact, Watch};

/// So long is spent at the most on finding out how a container has ended; it is out of the ring meanwhile.
const EPITAPH_DEADLINE: Duration = Duration::from_secs(1);
/// The engine's own patience between its SIGTERM and its SIGKILL: more than ours, which ends with [`Replica::kill`].
const STOP_GRACE: Duration = Duration::from_secs(30);
/// Where the engine is away, a wish is sent again so often, this far apart.
const WISHES_MAX: usize = 5;
const WISH_PAUSE: Duration = Duration::from_secs(1);

/// What the containers of one launcher have in common.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) engine: Arc<Engine>,
    pub(super) watch: Arc<Watch>,
    pub(super) removals: Removals,
    /// How long one that ended by itself is kept.
    pub(super) keep_dead: Duration,
}

/// A container that was started or taken over.
#[derive(Debug)]
pub(crate) struct Container {
    pub(super) id: String,
    pub(super) replica: BackendId,
    /// What it is called as long as it has a place.
    pub(super) name: String,
    pub(super) addr: SocketAddr,
    pub(super) facts: mpsc::UnboundedReceiver<(Fact, Instant)>,
    pub(super) shared: Arc<Shared>,
    /// The port that leads to it, where we have chosen one.
    pub(super) _lease: Option<PortLease>,
    pub(super) life: Life,
}

/// How far it has got, by what we know and want.
#[derive(Debug, Default)]
pub(super) struct Life {
    /// The last fact, if it has ended.
    ended: Option<Fact>,
    /// We want it to end.
    told_to_end: AtomicBool,
    released: bool,
}

impl Container {
    async fn epitaph(&self, last: Fact) -> Exit {
        if last == Fact::Removed {
            return Exit::because("removed by somebody");
        }
        let engine = &self.shared.engine;
        let wanted = self.life.told_to_end.load(Ordering::Relaxed);
        let output =
            async { if wanted { String::new() } else { engine.last_line(&self.id).await.unwrap_or_default() } };
        let both = timeout(EPITAPH_DEADLINE, async { tokio::join!(engine.inspect(&self.id), output) });
        match both.await {
            Ok((Ok(found), output)) => Exit { how: describe(&found), hopeless: false, output },
            Ok((Err(EngineError::NotFound(_)), _)) => Exit::because("removed by somebody"),
            _ => Exit::because("ended"),
        }
    }

    /// Sends a wish until the engine has heard it, or for a few seconds.
    fn wish<F>(&self, what: &'static str, send: impl Fn(Arc<Engine>, String) -> F + Send + 'static)
    where
        F: Future<Output = Result<(), EngineError>> + Send,
    {
        let (shared, id) = (Arc::clone(&self.shared), self.id.clone());
        tokio::spawn(async move {
            for _ in 0..WISHES_MAX {
                match send(Arc::clone(&shared.engine), id.clone()).await {
                    Ok(()) | Err(EngineError::NotFound(_)) => break,
                    Err(error) if error.is_engines() => sleep(WISH_PAUSE).await,
                    Err(error) => {
                        tracing::warn!("container {id} could not be {what}: {error}");
                        break;
                    }
                }
            }
            // Where the event was lost, the list tells.
            shared.watch.look_soon();
        });
    }

    fn end(&mut self, last: Fact, at: Instant) -> News {
        self.life.ended = Some(last);
        News::Ending(at)
    }

    fn is_told_to_end(&self) -> bool {
        self.life.told_to_end.load(Ordering::Relaxed)
    }
}

impl Replica for Container {
    /// Killing and removing one takes a second; twenty at once take more.
    const KILL_GRACE: Duration = Duration::from_secs(10);

    /// A process of somebody else's namespace is nothing to show.
    fn pid(&self) -> Option<u32> {
        None
    }

    fn addr(&self) -> SocketAddr {
        self.addr
    }

    fn trace(&self) -> Trace {
        Trace::Container { id: self.id.clone(), addr: self.addr }
    }

    /// That it has ended is told before anything is asked about it: the engine takes its time to answer.
    async fn news(&mut self) -> News {
        if let Some(last) = self.life.ended {
            return News::Ended(self.epitaph(last).await);
        }
        match self.facts.recv().await {
            Some((Fact::Paused, at)) => News::Paused(at),
            Some((Fact::Unpaused, _)) => News::Resumed,
            Some((last, at)) => self.end(last, at),
            None => self.end(Fact::Died, Instant::now()),
        }
    }

    fn terminate(&self) {
        self.life.told_to_end.store(true, Ordering::Relaxed);
        self.wish("stopped", |engine, id| async move { engine.stop(&id, STOP_GRACE).await });
    }

    fn kill(&self) {
        self.life.told_to_end.store(true, Ordering::Relaxed);
        self.shared.removals.begin(&self.id, Duration::ZERO);
    }

    fn retire(&self) {
        let name = name_when_leaving(&self.name, self.replica);
        self.wish("renamed", move |engine, id| {
            let name = name.clone();
            async move { engine.rename(&id, &name).await }
        });
    }

    /// Removed when it is dropped, at once.
    fn forget(self) {}

    fn release(mut self) {
        self.life.released = true;
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let Shared { watch, removals, keep_dead, .. } = &*self.shared;
        watch.unregister(&self.id);
        if self.life.released {
            return;
        }
        watch.ledger().end(self.replica);
        let by_itself = self.life.ended.is_some() && !self.is_told_to_end();
        let delay = if by_itself { *keep_dead } else { Duration::ZERO };
        // Without a runtime we are ending in disorder; the next `lb serve` on this state removes it.
        if Handle::try_current().is_ok() {
            removals.begin(&self.id, delay);
        }
    }
}

/// In words.
pub(super) fn describe(found: &Inspected) -> String {
    let code = found.exit_code.unwrap_or_default();
    let oom = if found.oom_killed { " (OOM-killed)" } else { "" };
    match code {
        129..=159 => format!("exit status {code}, signal {}{oom}", code - 128),
        _ => format!("exit status {code}{oom}"),
    }
}
