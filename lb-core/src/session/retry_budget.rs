//! How many requests may be replayed, so that a pool that dies of its requests, or is dead, isn't hammered with them.
//!
//! Over the last [`WINDOW_SECONDS`] there may be as many replays as `percent` of the sessions of that time, and
//! [`FLOOR_PER_SECOND`] a second beside them, so that a quiet front can afford them too. What isn't used expires with the
//! window: hours of peace don't pay for a storm. The default, 100 %, lets a backend die with every one of its requests in
//! flight time and again, and where every backend dies of every request it doubles the load instead of quadrupling it.
//! Each worker has its own. Connects that go on to the next backend cost nothing here: a refusal is cheap, nothing was
//! sent, `retries` bounds them, and a client that could have been served would get a 502 for the thrift.

/// Sessions pay for replays for so long: longer than it takes health to take a dead backend out.
pub const WINDOW_SECONDS: usize = 10;
/// Replays a second that need no sessions: one backend's requests in flight, on a front that was idle before.
pub const FLOOR_PER_SECOND: u64 = 50;

/// One worker's budget.
#[derive(Clone, Debug)]
pub struct RetryBudget {
    percent: u64,
    /// The seconds of the window, each in its place by number.
    seconds: [Second; WINDOW_SECONDS],
    /// The number of the newest.
    newest: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Second {
    sessions: u64,
    replays: u64,
}

impl RetryBudget {
    /// `percent` of the sessions, and the floor; 0: no replays at all.
    pub fn new(percent: u32) -> Self {
        Self { percent: u64::from(percent), seconds: [Second::default(); WINDOW_SECONDS], newest: 0 }
    }

    /// From now on so many percent of the sessions of the same window.
    pub fn set_percent(&mut self, percent: u32) {
        self.percent = u64::from(percent);
    }

    /// Whether there may ever be a replay.
    pub fn allows_any(&self) -> bool {
        self.percent > 0
    }

    /// A session was given its (first) backend.
    pub fn deposit(&mut self, now_ms: u64) {
        self.second(now_ms).sessions += 1;
    }

    /// A request is to be replayed: whether it may be.
    pub fn withdraw(&mut self, now_ms: u64) -> bool {
        self.second(now_ms);
        let sum = |pick: fn(&Second) -> u64| self.seconds.iter().map(pick).sum::<u64>();
        let allowed = sum(|second| second.sessions) * self.percent / 100 + FLOOR_PER_SECOND * WINDOW_SECONDS as u64;
        let may = self.allows_any() && sum(|second| second.replays) < allowed;
        self.second(now_ms).replays += u64::from(may);
        may
    }

    /// The second that `now_ms` is in, with what has fallen out of the window cleared.
    fn second(&mut self, now_ms: u64) -> &mut Second {
        let number = now_ms / 1000;
        // After a long silence each place is cleared once.
        for passed in (self.newest + 1..=number).rev().take(WINDOW_SECONDS) {
            self.seconds[place(passed)] = Second::default();
        }
        self.newest = self.newest.max(number);
        &mut self.seconds[place(number)]
    }
}

fn place(second: u64) -> usize {
    (second % WINDOW_SECONDS as u64) as usize
}

#[cfg(test)]
mod tests;
