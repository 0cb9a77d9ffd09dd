//! The worker and its sessions on a simulated kernel: seeded, single-threaded, and as unkind as a real one may be.
//!
//! [`kernel`] answers the worker's calls out of [`net`] (descriptors, queues, hosts, the wire), [`socket`] (TCP) and
//! [`epoll`] (edges). [`client`] and [`backend`] are scripted peers, [`speech`] what they say. [`world`] lets all of them take steps in an order
//! that a seed decides, [`harness`] takes the worker's turns, [`invariants`] are looked at after each, and [`judge`]
//! holds every peer's bytes and ends against what was promised. [`scenarios`] play single rows of FAULTS.md, and bugs
//! that other proxies had, by script.
//!
//! A run that fails prints its seed: `LB_SIM_SEED=N cargo test -p lb-core --lib simulation` plays it again. With
//! `LB_SIM_RANDOM=N` as many seeds are played that nobody has chosen.

mod backend;
mod client;
mod epoll;
mod harness;
mod invariants;
mod judge;
mod kernel;
mod ledger;
mod net;
mod pipe;
mod scenarios;
mod seen;
mod socket;
mod speech;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Instant;

use seen::Seen;
use world::{Outcome, World};

/// What CI is promised.
const STEPS_MIN: usize = 5_000_000;
/// Seeds that are played in every run of the tests, from 0 on.
const FIXED_SEEDS: u64 = 400;
/// Seeds that nobody has chosen, where none are asked for: a change is judged by what it does to known runs, and `just soak`
/// looks for new ones.
const RANDOM_SEEDS: u64 = 0;

/// D1, D5–D7, D9, D13, O1–O6, O8, B2–B7, B11 at random; and whatever nobody has thought of.
#[test]
fn a_million_steps_of_any_weather_break_no_promise() {
    if let Some(seed) = asked_for() {
        println!("seed {seed}: {:?}", play(seed));
        return;
    }
    let begin = Instant::now();
    let mut random = fastrand::Rng::new();
    let random_seeds = std::env::var("LB_SIM_RANDOM").map_or(RANDOM_SEEDS, |text| text.parse().expect("a number"));
    let seeds = (0..FIXED_SEEDS).chain((0..random_seeds).map(|_| random.u64(..)));
    let (mut steps, mut seen) = (0, Seen::default());
    for seed in seeds {
        let outcome = play(seed);
        steps += outcome.steps;
        seen.add(&outcome.seen);
    }
    println!("{steps} steps in {:.1} s: {seen:?}", begin.elapsed().as_secs_f64());
    assert!(steps >= STEPS_MIN, "{steps} steps are fewer than CI is promised");
    assert_eq!(seen.never(), [""; 0], "weather that never comes proves nothing");
}

/// Without this the line that a failure prints would be worth nothing.
#[test]
fn a_seed_gives_the_same_run_every_time() {
    let mut outcomes = Vec::new();
    for seed in 0..8 {
        let outcome = play(seed);
        assert_eq!(outcome, play(seed), "seed {seed}");
        assert!(!outcomes.contains(&outcome), "another seed is another run");
        outcomes.push(outcome);
    }
}

fn asked_for() -> Option<u64> {
    std::env::var("LB_SIM_SEED").ok().map(|text| text.parse().expect("LB_SIM_SEED is a number"))
}

fn play(seed: u64) -> Outcome {
    catch_unwind(AssertUnwindSafe(|| World::new(seed).run())).unwrap_or_else(|panic| {
        eprintln!("the run of seed {seed} failed; to play it again:");
        eprintln!("LB_SIM_SEED={seed} cargo test -p lb-core --lib simulation");
        resume_unwind(panic)
    })
}
