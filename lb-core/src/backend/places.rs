//! The places of one backend (`--max-connections`) and the waits for them, exact over all workers without a lock.
//!
//! A place is **free**, **held** by a session, or **granted** to a worker whose first waiting session shall have it; the
//! last two count as open. Whoever gives a place back grants it to a worker that waits, each worker in its turn, so a
//! newcomer can't overtake those that wait. Who waits in which order is the worker's own business (`worker::queue`); here
//! are only numbers: one word a worker, (granted, waiting), whose sum only that worker changes.
//!
//! **No wake-up is lost.** Who begins to wait makes that visible and then looks for a free place once more; who frees a
//! place makes that visible and then looks for waits once more. All of it is sequentially consistent, so one of the two
//! comes second and sees the other.
//!
//! **Limits change while it runs** ([`Places::limit_to`]). A higher one lets in those who wait for it; a lower one ends
//! nobody's session: places beyond it are not granted again when they are given back.

use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering::SeqCst};

/// How many places a backend has, and how many sessions may wait for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlaceLimits {
    /// `--max-connections`; 0: as many as there are (then they are only counted, for `--balance-factor`).
    pub places: u32,
    /// `--queue`.
    pub waiting: u32,
}

/// Sessions that may wait for a backend where nobody has said how many.
pub const WAITING_DEFAULT: u32 = 1024;

/// As many sessions wait as may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueFull;

/// The places of one backend. `Option<worker>` in its answers: that worker was granted a place and is to be woken.
#[derive(Debug)]
pub struct Places {
    /// As in [`PlaceLimits`].
    most_open: AtomicU32,
    most_waiting: AtomicU32,
    /// Held or granted.
    open: AtomicU32,
    /// Sessions in the queues of all workers, with or without a grant.
    waiting: AtomicU32,
    shards: Box<[Shard]>,
    /// The shard after the one that was granted last.
    turn: AtomicUsize,
}

/// One worker's waits: the number granted in the upper half, the number that isn't in the lower.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Shard(AtomicU64);

const ONE_WAITING: u64 = 1;
const ONE_GRANTED: u64 = 1 << 32;

impl Places {
    /// All free, for `workers` workers.
    pub fn new(limits: PlaceLimits, workers: usize) -> Self {
        Self {
            most_open: AtomicU32::new(limits.places),
            most_waiting: AtomicU32::new(limits.waiting),
            open: AtomicU32::new(0),
            waiting: AtomicU32::new(0),
            shards: (0..workers.max(1)).map(|_| Shard::default()).collect(),
            turn: AtomicUsize::new(0),
        }
    }

    /// Takes a free place.
    pub fn take(&self) -> bool {
        let limit = self.limit().unwrap_or(u32::MAX);
        self.open.fetch_update(SeqCst, SeqCst, |open| (open < limit).then(|| open + 1)).is_ok()
    }

    /// Gives a place back, or rather on, where somebody waits.
    #[must_use = "the worker that was granted the place sleeps"]
    pub fn give_back(&self) -> Option<usize> {
        loop {
            if !self.is_over_limit()
                && let Some(worker) = self.grant()
            {
                return Some(worker);
            }
            self.open.fetch_sub(1, SeqCst);
            // Whoever began to wait since has found the place free, or is found here. Taken by another meanwhile: that
            // one looks when it gives it back. Another round only where somebody began to wait and left meanwhile.
            if !self.anybody_waits() || !self.take() {
                return None;
            }
        }
    }

    /// Changes the limits. Gives a worker for each place that was granted to it now.
    #[must_use = "the workers that were granted a place sleep"]
    pub fn limit_to(&self, limits: PlaceLimits) -> Vec<usize> {
        self.most_waiting.store(limits.waiting, SeqCst);
        self.most_open.store(limits.places, SeqCst);
        // Whoever began to wait before is found here, whoever does so from now on looks by the new limit.
        let mut granted = Vec::new();
        while self.anybody_waits() && self.take() {
            granted.extend(self.give_back());
        }
        granted
    }

    /// Begins to wait on behalf of a worker.
    pub fn wait(&self, worker: usize) -> Result<Option<usize>, QueueFull> {
        let most = self.most_waiting.load(SeqCst);
        let waits = self.waiting.fetch_update(SeqCst, SeqCst, |waiting| (waiting < most).then(|| waiting + 1));
        waits.map_err(|_| QueueFull)?;
        self.shards[worker].0.fetch_add(ONE_WAITING, SeqCst);
        // The second look (see above). A place that is found goes the usual way, so that it keeps the order.
        Ok(if self.take() { self.give_back() } else { None })
    }

    /// Takes a place that was granted to a worker, for the first that waits there.
    pub fn take_granted(&self, worker: usize) -> bool {
        let taken = self.shards[worker].change(|shard| (shard >= ONE_GRANTED).then(|| shard - ONE_GRANTED)).is_some();
        if taken {
            self.waiting.fetch_sub(1, SeqCst);
        }
        taken
    }

    /// Stops waiting without a place. A grant that has no session any more goes on to the next.
    #[must_use = "the worker that was granted the place sleeps"]
    pub fn leave(&self, worker: usize) -> Option<usize> {
        let withdrawn = self.shards[worker].change(|shard| {
            let one = if shard % ONE_GRANTED > 0 { ONE_WAITING } else { ONE_GRANTED };
            shard.checked_sub(one)
        });
        debug_assert!(withdrawn.is_some(), "only who waits can leave");
        self.waiting.fetch_sub(1, SeqCst);
        let had_grant = withdrawn.is_some_and(|before| before % ONE_GRANTED == 0);
        if had_grant { self.give_back() } else { None }
    }

    /// Whether a place was granted to a worker and not yet taken.
    pub fn has_granted(&self, worker: usize) -> bool {
        self.shards[worker].0.load(SeqCst) >= ONE_GRANTED
    }

    /// Places that are held or granted.
    pub fn open(&self) -> u32 {
        self.open.load(SeqCst)
    }

    /// Sessions that wait.
    pub fn waiting(&self) -> u32 {
        self.waiting.load(SeqCst)
    }

    /// How many places there are; `None`: no end of them.
    pub fn limit(&self) -> Option<u32> {
        Some(self.most_open.load(SeqCst)).filter(|&most| most > 0)
    }

    /// Whether no place is free.
    pub fn is_full(&self) -> bool {
        self.limit().is_some_and(|limit| self.open() >= limit)
    }

    /// Whether as many wait as may.
    pub fn is_queue_full(&self) -> bool {
        self.waiting() >= self.most_waiting.load(SeqCst)
    }

    /// Whether more are open than may be since the limit was lowered.
    fn is_over_limit(&self) -> bool {
        self.limit().is_some_and(|limit| self.open() > limit)
    }

    /// Grants the place in hand to the next worker in turn that waits.
    fn grant(&self) -> Option<usize> {
        if self.waiting() == 0 {
            return None;
        }
        let count = self.shards.len();
        let first = self.turn.load(SeqCst);
        let worker = (first..first + count).map(|turn| turn % count).find(|&worker| self.shards[worker].grant())?;
        self.turn.store((worker + 1) % count, SeqCst);
        Some(worker)
    }

    fn anybody_waits(&self) -> bool {
        // Counted before the shard is, and afterwards discounted: none here is none there.
        self.waiting() > 0 && self.shards.iter().any(|shard| shard.0.load(SeqCst) % ONE_GRANTED > 0)
    }
}

impl Shard {
    fn grant(&self) -> bool {
        self.change(|shard| (shard % ONE_GRANTED > 0).then(|| shard - ONE_WAITING + ONE_GRANTED)).is_some()
    }

    /// The value before, where it was changed.
    fn change(&self, by: impl FnMut(u64) -> Option<u64>) -> Option<u64> {
        self.0.fetch_update(SeqCst, SeqCst, by).ok()
    }
}

#[cfg(test)]
mod tests;
