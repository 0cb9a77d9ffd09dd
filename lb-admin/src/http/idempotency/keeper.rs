//! Which keys are known, and what was answered to each. Pure: told what time it is.
//!
//! A key is *under way* from the moment its request begins until that ends; then its answer is kept, or the key is forgotten
//! as if it had never come. What is under way is never forgotten, so no request begins twice. Bounded three ways: in keys,
//! in bytes of answers and in age; the oldest answer goes first.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};

use super::key::Key;

/// What is kept at the most.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Keys, those under way among them; at least one.
    pub(super) keys: usize,
    /// Bytes of all answers' bodies.
    pub(super) bytes: usize,
    /// How long an answer is kept.
    pub(super) age: Duration,
}

/// An answer, to be given again as it was. Cheap to clone but for its few headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// What a key that comes with a request means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Begun {
    /// Nobody had it. It is under way from now on, until [`Keeper::end`].
    New,
    /// It was answered.
    Answered(Answer),
    /// It is being answered.
    UnderWay,
    /// It belongs to another request.
    Another,
    /// So many are under way that no further one can be known.
    Full,
}

/// The keys.
#[derive(Debug)]
pub(super) struct Keeper {
    bounds: Bounds,
    known: HashMap<Key, Known>,
    /// Whose answer is kept, and since when: the oldest first.
    answered: VecDeque<(Instant, Key)>,
    bytes: usize,
}

#[derive(Debug)]
struct Known {
    /// Which request it came with.
    request: u64,
    /// None while that is under way.
    answer: Option<Answer>,
}

impl Keeper {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self { bounds, known: HashMap::new(), answered: VecDeque::new(), bytes: 0 }
    }

    /// A key has come with a request, which `request` tells from others.
    pub(super) fn begin(&mut self, key: &Key, request: u64, now: Instant) -> Begun {
        self.forget_outdated(now);
        match self.known.get(key) {
            Some(known) if known.request != request => return Begun::Another,
            Some(Known { answer: Some(answer), .. }) => return Begun::Answered(answer.clone()),
            Some(Known { answer: None, .. }) => return Begun::UnderWay,
            None => {}
        }
        while self.known.len() >= self.bounds.keys {
            if !self.forget_oldest() {
                return Begun::Full;
            }
        }
        self.known.insert(key.clone(), Known { request, answer: None });
        Begun::New
    }

    /// The request of a key that is under way has ended: with an answer that is to be kept, or as if it had never come.
    pub(super) fn end(&mut self, key: &Key, answer: Option<Answer>, now: Instant) {
        debug_assert!(self.known.get(key).is_some_and(|known| known.answer.is_none()), "a key ends once");
        let Some(answer) = answer else {
            self.known.remove(key);
            return;
        };
        let Some(known) = self.known.get_mut(key) else { return };
        self.bytes += answer.body.len();
        known.answer = Some(answer);
        self.answered.push_back((now, key.clone()));
        while self.bytes > self.bounds.bytes && self.forget_oldest() {}
        debug_assert!(self.answered.len() <= self.known.len() && self.known.len() <= self.bounds.keys);
    }

    fn forget_outdated(&mut self, now: Instant) {
        let age = self.bounds.age;
        let is_outdated = |(since, _): &(Instant, Key)| now.saturating_duration_since(*since) >= age;
        while self.answered.front().is_some_and(is_outdated) {
            self.forget_oldest();
        }
    }

    /// False where no answer is kept.
    fn forget_oldest(&mut self) -> bool {
        let Some((_, oldest)) = self.answered.pop_front() else { return false };
        let known = self.known.remove(&oldest);
        self.bytes -= known.and_then(|known| known.answer).map_or(0, |answer| answer.body.len());
        true
    }
}

#[cfg(test)]
mod tests;
