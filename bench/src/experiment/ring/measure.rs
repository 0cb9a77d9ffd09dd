//! The figures of one rule: evenness, disruption, and the time of a look-up and of a build.
//!
//! The ids are six digits, as the assignment's clients draw them, from a fixed seed; the key secret is fixed too, so all
//! but the times is the same on every machine and in every run.

use std::hint::black_box;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use lb_core::backend::{Backend, BackendId, Seat, Weight};
use lb_core::ring::{Diff, KeyHash, KeyHasher, Member, Owners, Ring, RingConfig, RingError, RingTable, Rule, diff};

/// How many ids are drawn.
pub(super) const IDS: usize = 10_000;
const ID_SEED: u64 = 42;
const SECRET: [u8; 16] = *b"lb-bench secret!";
/// Look-ups a measurement: long enough that reading the clock doesn't count.
const LOOKUPS: usize = 2_000_000;
/// Measurements of which the median is shown.
const RUNS: usize = 5;

/// The most ids that one of `n` backends gets, over the mean.
pub(super) fn max_over_mean(rule: Rule, n: u32) -> f64 {
    let mut ring = ring_of(rule, n).expect("six seats fit every rule");
    let hits = Hits::count(&all_ready(&mut ring), rule);
    hits.0.iter().copied().max().unwrap_or(0) as f64 * f64::from(n) / IDS as f64
}

/// By seat number − 1, how many ids a backend gets.
struct Hits(Vec<usize>);

impl Hits {
    fn count(table: &RingTable, rule: Rule) -> Self {
        let mut hits = vec![0; table.slots().members().len()];
        owners(table, rule).into_iter().for_each(|number| hits[number as usize - 1] += 1);
        Self(hits)
    }
}

/// What a change moves, in percent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Disruption {
    /// Of the slots: how many have another owner,
    pub(super) moved: f64,
    /// how many must, if all shall have their share,
    pub(super) ideal: f64,
    /// and how many moved between two backends that were there before and after.
    pub(super) unnecessary: f64,
    /// Of the ids.
    pub(super) ids: f64,
}

/// What moves when `before` backends become `after`.
pub(super) fn disruption(rule: Rule, before: u32, after: u32) -> Disruption {
    let tables = [before, after].map(|n| all_ready(&mut ring_of(rule, n).expect("four seats fit every rule")));
    let [before, after] = &tables;
    let Diff { slots, moved, ideal, unnecessary, .. } =
        diff(&all_take_keys(before), &all_take_keys(after)).expect("both have one configuration");
    let ids =
        owners(before, rule).into_iter().zip(owners(after, rule)).filter(|(before, after)| before != after).count();
    let of_slots = |part: f64| part * 100.0 / f64::from(slots);
    Disruption {
        moved: of_slots(f64::from(moved)),
        ideal: of_slots(ideal),
        unnecessary: of_slots(f64::from(unnecessary)),
        ids: ids as f64 * 100.0 / IDS as f64,
    }
}

fn all_take_keys(table: &RingTable) -> Owners {
    Owners::new(table.slots(), |_| true)
}

/// Nanoseconds for 3, 3 with one that is down, 50 and 1000 backends, and for 3 with the hash of the id.
pub(super) fn lookup_times(rule: Rule) -> Vec<String> {
    let keys = keys(rule);
    let hasher = hasher(rule);
    let by_key = |table: &RingTable| nanoseconds(&keys, |&key| table.lookup(key).map(|backend| backend.id));
    let all = |n| match ring_of(rule, n) {
        Ok(mut ring) => by_key(&all_ready(&mut ring)),
        Err(error) => error.to_string(),
    };
    let mut three = ring_of(rule, 3).expect("three seats fit every rule");
    let one_down = by_key(&ready(&mut three, |number| number != 1));
    let table = all_ready(&mut three);
    let by_id = nanoseconds(&ids(), |id| table.lookup(hasher.hash(id.as_bytes())).map(|backend| backend.id));
    vec![all(3), one_down, all(50), all(1000), by_id]
}

fn nanoseconds<K, R>(keys: &[K], look_up: impl Fn(&K) -> R) -> String {
    let time = median(|| {
        let begin = Instant::now();
        for key in keys.iter().cycle().take(LOOKUPS) {
            black_box(look_up(black_box(key)));
        }
        begin.elapsed()
    });
    format!("{:.1}", time.as_secs_f64() * 1e9 / LOOKUPS as f64)
}

/// Milliseconds to build a table of `n` from scratch, and to add one more; or why not.
pub(super) fn build_times(rule: Rule, n: u32) -> [String; 2] {
    let milliseconds = |time: Duration| format!("{:.3}", time.as_secs_f64() * 1e3);
    if let Err(error) = ring_of(rule, n) {
        return [error.to_string(), error.to_string()];
    }
    let from_scratch = median(|| {
        let begin = Instant::now();
        black_box(ring_of(rule, n).map(|mut ring| ring.slot_map())).expect("it fitted before");
        begin.elapsed()
    });
    let mut ring = ring_of(rule, n).expect("it fitted before");
    ring.slot_map();
    let mut full = None;
    let one_more = median(|| {
        let mut ring = ring.clone();
        let begin = Instant::now();
        full = ring.add(member(n + 1)).err();
        black_box(ring.slot_map());
        begin.elapsed()
    });
    [milliseconds(from_scratch), full.map_or(milliseconds(one_more), |error| error.to_string())]
}

fn median(mut measure: impl FnMut() -> Duration) -> Duration {
    let mut times: Vec<Duration> = (0..RUNS).map(|_| measure()).collect();
    times.sort_unstable();
    times[RUNS / 2]
}

fn member(number: u32) -> Member {
    Member { seat: Seat::numbered(number), weight: Weight::ONE }
}

/// Seats 1 to n, of weight 1.
fn ring_of(rule: Rule, n: u32) -> Result<Ring, RingError> {
    let config = RingConfig::new(rule, None, 0).expect("the default slot count fits");
    let mut ring = Ring::new(config);
    (1..=n).try_for_each(|number| ring.add(member(number)))?;
    Ok(ring)
}

fn all_ready(ring: &mut Ring) -> RingTable {
    ready(ring, |_| true)
}

fn ready(ring: &mut Ring, is_ready: impl Fn(u32) -> bool) -> RingTable {
    let seats = ring.members().iter().map(|member| member.seat).filter(|seat| is_ready(seat.number()));
    let backends: Vec<Arc<Backend>> = seats
        .map(|seat| {
            let name = format!("S{}", seat.number()).into();
            let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
            Arc::new(Backend::new(BackendId(u64::from(seat.number())), name, seat, addr, 1))
        })
        .collect();
    RingTable::new(1, ring.slot_map(), backends)
}

fn hasher(rule: Rule) -> KeyHasher {
    KeyHasher::new(SECRET, matches!(rule, Rule::Assignment { .. }))
}

fn ids() -> Vec<String> {
    let mut random = fastrand::Rng::with_seed(ID_SEED);
    (0..IDS).map(|_| random.u32(100_000..=999_999).to_string()).collect()
}

fn keys(rule: Rule) -> Vec<KeyHash> {
    let hasher = hasher(rule);
    ids().iter().map(|id| hasher.hash(id.as_bytes())).collect()
}

/// The seat number of each id's backend.
fn owners(table: &RingTable, rule: Rule) -> Vec<u32> {
    let owner = |key| table.lookup(key).expect("all backends are ready").seat.number();
    keys(rule).into_iter().map(owner).collect()
}
