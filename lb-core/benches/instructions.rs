//! How many instructions the steps take that a request or a change of the membership pays for: `just instructions`.
//!
//! Counted by callgrind through gungraun, so the figures don't depend on what else the machine does. The recipe compares
//! them with those committed in `bench/instructions.json`. The same steps in wall time: `micro`.
//! Of the hand-over only what the publisher does is counted: how often a worker is woken is the scheduler's choice.

#![expect(missing_docs, unused_qualifications, reason = "in what gungraun's macros make of the functions")]

use std::hint::black_box;
use std::sync::Arc;

use gungraun::{library_benchmark, library_benchmark_group, main};
use lb_core::histogram::Histogram;
use lb_core::ring::{KeyHash, Owners, Probing, Ring, RingTable, Rule, SlotMap, VNODES_DEFAULT, diff};
use lb_core::session::first_line::HeadScan;
use lb_core::session::request::{Verdict, decide};

mod steps;

use steps::{HandOver, REQUEST, Requests, keys, ring_of, table_of, times_us};

fn tables(backends: u32) -> (RingTable, Vec<KeyHash>) {
    (table_of(Rule::Rendezvous, backends), keys())
}

fn ring(rule: Rule) -> Ring {
    ring_of(rule, 10)
}

fn three_and_four() -> [Owners; 2] {
    [3, 4].map(|backends| Owners::new(&ring_of(Rule::Rendezvous, backends).slot_map(), |_| true))
}

fn workers_and_table() -> (HandOver, Arc<RingTable>) {
    let hand_over = HandOver::start();
    let table = hand_over.next_table();
    (hand_over, table)
}

// 4096 look-ups: one is too short to be counted alone.
#[library_benchmark]
#[bench::of_3(tables(3))]
#[bench::of_50(tables(50))]
#[bench::of_1000(tables(1000))]
fn look_up(tables: (RingTable, Vec<KeyHash>)) -> (RingTable, u64) {
    let (table, keys) = tables;
    let found = |key| table.lookup(key).map_or(0, |backend| backend.id.0);
    let sum = keys.iter().map(|&key| found(black_box(key))).fold(0, u64::wrapping_add);
    (table, sum)
}

#[library_benchmark]
#[bench::query(Requests::new())]
fn first_line_scan(requests: Requests) -> (Requests, Verdict) {
    let verdict = decide(&mut HeadScan::default(), black_box(REQUEST), &requests.context());
    (requests, verdict)
}

// 4096 times, as with look_up.
#[library_benchmark]
#[bench::record((Histogram::default(), times_us()))]
fn histogram(histogram_and_times: (Histogram, Vec<u64>)) -> (Histogram, Vec<u64>) {
    let (histogram, times_us) = histogram_and_times;
    times_us.iter().for_each(|&time_us| histogram.record(black_box(time_us)));
    (histogram, times_us)
}

#[library_benchmark]
#[bench::rendezvous(ring(Rule::Rendezvous))]
#[bench::ring(ring(Rule::Ring { vnodes: VNODES_DEFAULT }))]
#[bench::maglev(ring(Rule::Maglev))]
#[bench::assignment(ring(Rule::Assignment { probing: Probing::Linear }))]
fn table_build(mut ring: Ring) -> (Ring, Arc<SlotMap>) {
    let slots = ring.slot_map();
    (ring, slots)
}

#[library_benchmark]
#[bench::three_to_four(three_and_four())]
fn difference(owners: [Owners; 2]) -> ([Owners; 2], Option<u32>) {
    let moved = diff(black_box(&owners[0]), black_box(&owners[1])).ok().map(|diff| diff.moved);
    (owners, moved)
}

#[library_benchmark]
#[bench::publish(workers_and_table())]
fn hand_over(workers: (HandOver, Arc<RingTable>)) -> (HandOver, Arc<RingTable>) {
    let (hand_over, table) = workers;
    hand_over.publish(black_box(&table));
    (hand_over, table)
}

library_benchmark_group!(
    name = steps_of_lb,
    benchmarks = [look_up, first_line_scan, histogram, table_build, difference, hand_over]
);
main!(library_benchmark_groups = steps_of_lb);
