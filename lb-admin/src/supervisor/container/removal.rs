//! Removes containers in the background, for as long as it takes.
//!
//! Removing one takes about a second, more when many go at once; the engine may be busy with the same removal already, or
//! be away. Whoever wants one removed doesn't wait: it is noted here, tried again until the engine says that it is gone,
//! and [`Removals::settle`] waits for the rest at our own end, for a bounded time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore, watch};
use tokio::time::{sleep, timeout};

use super::super::docker::{Engine, EngineError};

/// Removals at a time: more of them only make each slower.
const AT_A_TIME: usize = 8;
/// Between two attempts, doubling up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// Refused so often in a row, it won't go by itself: somebody is told, once, and it is tried more rarely from then on.
const REFUSALS_MAX: u32 = 6;
const PAUSE_AFTER_REFUSALS: Duration = Duration::from_secs(60);
/// How long our own end waits for what is left.
const SETTLE_MAX: Duration = Duration::from_secs(10);

/// The containers that are to go. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Removals {
    engine: Arc<Engine>,
    places: Arc<Semaphore>,
    /// What is on its way out, and what makes it go at once.
    under_way: Arc<Mutex<HashMap<String, Arc<Notify>>>>,
    /// How many are left.
    left: Arc<watch::Sender<usize>>,
    /// Nobody wants to look at the dead ones any more.
    hurry: Arc<watch::Sender<bool>>,
}

impl Removals {
    pub(super) fn new(engine: Arc<Engine>) -> Self {
        Self {
            engine,
            places: Arc::new(Semaphore::new(AT_A_TIME)),
            under_way: Arc::default(),
            left: Arc::new(watch::Sender::new(0)),
            hurry: Arc::new(watch::Sender::new(false)),
        }
    }

    /// Kills and removes a container, after `delay` or when we end. Asked twice, it is done once, the earlier the better.
    pub(super) fn begin(&self, id: &str, delay: Duration) {
        let at_once = Arc::new(Notify::new());
        if let Some(at_once) = self.lock().get(id) {
            if delay.is_zero() {
                at_once.notify_one();
            }
            return;
        }
        self.lock().insert(id.to_owned(), Arc::clone(&at_once));
        self.left.send_modify(|left| *left += 1);
        let (this, id) = (self.clone(), id.to_owned());
        tokio::spawn(async move {
            tokio::select! {
                () = this.wait(delay) => {}
                () = at_once.notified() => {}
            }
            this.remove(&id).await;
            this.lock().remove(&id);
            this.left.send_modify(|left| *left -= 1);
        });
    }

    /// Whether one is on its way out.
    pub(super) fn includes(&self, id: &str) -> bool {
        self.lock().contains_key(id)
    }

    /// Waits until all are gone, the dead ones that were kept for somebody to look at too.
    pub(super) async fn settle(&self) {
        self.hurry.send_replace(true);
        let mut left = self.left.subscribe();
        if timeout(SETTLE_MAX, left.wait_for(|left| *left == 0)).await.is_err() {
            let ids = self.lock().keys().map(|id| id.chars().take(12).collect()).collect::<Vec<String>>().join(" ");
            tracing::warn!("containers left behind: the engine hasn't removed them in time; docker rm -f {ids}");
        }
    }

    async fn wait(&self, delay: Duration) {
        if !delay.is_zero() {
            let mut hurry = self.hurry.subscribe();
            let _hurried_or_over = timeout(delay, hurry.wait_for(|hurry| *hurry)).await;
        }
    }

    async fn remove(&self, id: &str) {
        let mut patience = Patience::default();
        loop {
            let place = self.places.acquire().await.expect("the semaphore is never closed");
            let removed = self.engine.remove(id).await;
            drop(place);
            match removed {
                Ok(()) | Err(EngineError::NotFound(_)) => return,
                // "removal of container … is already in progress": gone soon, which the next attempt is told.
                Err(error) => {
                    tracing::debug!("container {id} isn't removed yet: {error}");
                    if patience.ends_with(&error) {
                        let mend = format!("docker rm -f {}", id.get(..12).unwrap_or(id));
                        let every = PAUSE_AFTER_REFUSALS.as_secs();
                        tracing::warn!(
                            "the engine doesn't remove a container: {error}; tried again every {every} s; {mend}"
                        );
                    }
                }
            }
            // At our own end there is no time for the long pause.
            let hurried = *self.hurry.borrow();
            if hurried { sleep(patience.pause.min(PAUSE_MAX)).await } else { self.wait(patience.pause).await }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Notify>>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How one removal goes.
#[derive(Debug, Default)]
struct Patience {
    /// Until the next attempt.
    pause: Duration,
    /// In a row, by an engine that answers.
    refusals: u32,
}

impl Patience {
    /// Another attempt has failed. Whether it is the one with which patience ends.
    fn ends_with(&mut self, error: &EngineError) -> bool {
        self.refusals = if error.is_engines() { 0 } else { self.refusals.saturating_add(1) };
        self.pause = match self.refusals {
            0..REFUSALS_MAX => (self.pause * 2).clamp(FIRST_PAUSE, PAUSE_MAX),
            _ => PAUSE_AFTER_REFUSALS,
        };
        self.refusals == REFUSALS_MAX
    }
}

#[cfg(test)]
mod tests;
