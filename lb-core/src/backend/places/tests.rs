//! Never more than the limit, nobody forgotten, nothing left over.

use std::sync::atomic::{AtomicBool, AtomicU32};
use std::thread;
use std::time::{Duration, Instant};

use super::*;

fn places(places: u32, waiting: u32, workers: usize) -> Places {
    Places::new(PlaceLimits { places, waiting }, workers)
}

#[test]
fn a_place_that_is_given_back_goes_to_who_waits_and_not_to_a_newcomer() {
    let places = places(1, 10, 2);
    assert!(places.take());
    assert!(!places.take());
    assert_eq!(places.wait(1), Ok(None));
    assert_eq!(places.give_back(), Some(1));
    assert!(!places.take(), "it is granted already");
    assert!(places.has_granted(1) && places.take_granted(1) && !places.take_granted(1));
    assert_eq!((places.open(), places.waiting()), (1, 0));
    assert_eq!(places.give_back(), None);
    assert_eq!(places.open(), 0);
}

#[test]
fn workers_that_wait_are_granted_places_in_turn() {
    let places = places(1, 10, 3);
    assert!(places.take());
    for worker in [0, 0, 0, 2] {
        assert_eq!(places.wait(worker), Ok(None));
    }
    let mut granted = Vec::new();
    while let Some(worker) = places.give_back() {
        granted.push(worker);
        assert!(places.take_granted(worker));
    }
    assert_eq!(granted, [0, 2, 0, 0], "one worker's many don't keep the other's one waiting");
}

#[test]
fn no_more_wait_than_may() {
    let places = places(1, 2, 2);
    assert!(places.take());
    assert_eq!((places.wait(0), places.wait(1)), (Ok(None), Ok(None)));
    assert_eq!(places.wait(0), Err(QueueFull));
    assert_eq!(places.leave(1), None);
    assert_eq!(places.wait(0), Ok(None));
}

#[test]
fn a_grant_whose_session_has_left_goes_on_to_the_next_that_waits() {
    let places = places(1, 10, 2);
    assert!(places.take());
    assert_eq!((places.wait(0), places.wait(1)), (Ok(None), Ok(None)));
    assert_eq!(places.give_back(), Some(0));
    assert_eq!(places.leave(0), Some(1));
    assert_eq!(places.leave(1), None);
    assert_eq!((places.open(), places.waiting()), (0, 0), "with nobody left it is free");
}

#[test]
fn without_a_limit_places_are_only_counted() {
    let places = places(0, 0, 1);
    assert!((0..1000).all(|_| places.take()));
    assert_eq!((places.open(), places.limit(), places.is_full()), (1000, None, false));
}

#[test]
fn a_higher_limit_grants_its_places_to_those_who_wait() {
    let places = places(1, 10, 2);
    assert!(places.take());
    for worker in [0, 1, 0] {
        assert_eq!(places.wait(worker), Ok(None));
    }
    assert_eq!(places.limit_to(PlaceLimits { places: 3, waiting: 10 }), [0, 1]);
    assert_eq!((places.open(), places.is_full()), (3, true));
    assert_eq!(places.limit_to(PlaceLimits { places: 0, waiting: 10 }), [0], "no limit lets in all");
}

#[test]
fn places_beyond_a_lower_limit_are_not_granted_again() {
    let places = places(2, 10, 1);
    assert!(places.take() && places.take());
    assert_eq!(places.wait(0), Ok(None));
    assert!(places.limit_to(PlaceLimits { places: 1, waiting: 0 }).is_empty());
    assert_eq!(places.wait(0), Err(QueueFull), "the queue's limit changes too");
    assert_eq!(places.give_back(), None, "one is still open, which is as many as may be");
    assert_eq!(places.give_back(), Some(0));
    assert_eq!((places.open(), places.waiting()), (1, 1), "granted, not taken");
}

/// A wake-up that is lost leaves a wait that nobody ends: workers that take, wait, leave and give back as they like must
/// all come to their end, with never more than the limit inside, and with nothing counted afterwards.
#[test]
fn however_workers_interleave_nobody_waits_for_ever_and_no_place_is_lost() {
    const WORKERS: usize = 4;
    const LIMIT_MAX: u32 = 3;
    const ROUNDS: u32 = 20_000;
    let deadline = Instant::now() + Duration::from_secs(60);
    let places = places(LIMIT_MAX, 3, WORKERS);
    let inside = AtomicU32::new(0);
    let woken: Vec<AtomicBool> = (0..WORKERS).map(|_| AtomicBool::new(false)).collect();
    let wake = |worker: Option<usize>| {
        if let Some(worker) = worker {
            woken[worker].store(true, SeqCst);
        }
    };
    let work = |worker: usize| {
        let mut rng = fastrand::Rng::with_seed(worker as u64);
        for _ in 0..ROUNDS {
            let mut entered = places.take();
            if !entered {
                match places.wait(worker) {
                    Err(QueueFull) => continue,
                    Ok(granted) => wake(granted),
                }
                if rng.u8(..) < 32 {
                    wake(places.leave(worker));
                    continue;
                }
                while !entered {
                    while !woken[worker].swap(false, SeqCst) {
                        assert!(Instant::now() < deadline, "a wake-up was lost");
                        thread::yield_now();
                    }
                    entered = places.take_granted(worker);
                }
            }
            assert!(inside.fetch_add(1, SeqCst) < LIMIT_MAX, "more are inside than may be");
            if rng.bool() {
                thread::yield_now();
            }
            inside.fetch_sub(1, SeqCst);
            wake(places.give_back());
        }
    };
    let working = AtomicU32::new(WORKERS as u32);
    thread::scope(|scope| {
        for worker in 0..WORKERS {
            let (work, working) = (&work, &working);
            scope.spawn(move || {
                let _ends = OnDrop(|| _ = working.fetch_sub(1, SeqCst));
                work(worker);
            });
        }
        // Meanwhile the limit goes up and down.
        for round in 0.. {
            if working.load(SeqCst) == 0 {
                break;
            }
            let granted = places.limit_to(PlaceLimits { places: 1 + round % LIMIT_MAX, waiting: 3 });
            granted.into_iter().for_each(|worker| wake(Some(worker)));
            thread::yield_now();
        }
    });
    assert_eq!((places.open(), places.waiting()), (0, 0));
    assert!(places.shards.iter().all(|shard| shard.0.load(SeqCst) == 0));
}

struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}
