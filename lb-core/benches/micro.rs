//! How long the steps take that a request or a change of the membership pays for: `just micro`.
//!
//! Wall time, so it is for comparing two builds on one quiet machine; `instructions` counts the same steps so that two
//! machines agree. What is measured is in `steps`, shared by both.

mod steps;

use divan::{Bencher, black_box};
use lb_core::histogram::Histogram;
use lb_core::histogram::scale::Digits;
use lb_core::ring::{Owners, Probing, Rule, VNODES_DEFAULT, diff};
use lb_core::session::first_line::HeadScan;
use lb_core::session::request::decide;

use steps::{HandOver, REQUEST, Requests, keys, ring_of, table_of, times_us};

/// All rules, as a user gets them.
const RULES: [Rule; 4] = [
    Rule::Rendezvous,
    Rule::Ring { vnodes: VNODES_DEFAULT },
    Rule::Maglev,
    Rule::Assignment { probing: Probing::Linear },
];
fn main() {
    divan::main();
}

/// Of a key, in a table of so many backends.
#[divan::bench(args = [3, 50, 1000])]
fn look_up(bencher: Bencher<'_, '_>, backends: u32) {
    let (table, keys) = (table_of(Rule::Rendezvous, backends), keys());
    let mut next = keys.iter().cycle();
    bencher.bench_local(|| table.lookup(*next.next().expect("a cycle has no end")).map(|backend| backend.id));
}

/// From a request's first bytes to its hashed key.
#[divan::bench]
fn first_line_scan(bencher: Bencher<'_, '_>) {
    let requests = Requests::new();
    bencher.bench_local(|| decide(&mut HeadScan::default(), black_box(REQUEST), &requests.context()));
}

/// Of a time, in a histogram.
#[divan::bench]
fn histogram_record(bencher: Bencher<'_, '_>) {
    let (histogram, times_us) = (Histogram::<Digits>::default(), times_us());
    let mut next = times_us.iter().cycle();
    bencher.bench_local(|| histogram.record(*next.next().expect("a cycle has no end")));
}

/// A table of ten backends from scratch.
#[divan::bench(args = RULES)]
fn table_build(bencher: Bencher<'_, '_>, rule: &Rule) {
    bencher.bench_local(|| ring_of(*rule, black_box(10)).slot_map());
}

/// Of two mappings.
#[divan::bench]
fn difference(bencher: Bencher<'_, '_>) {
    let [three, four] = [3, 4].map(|backends| Owners::new(&ring_of(Rule::Rendezvous, backends).slot_map(), |_| true));
    bencher.bench_local(|| diff(black_box(&three), black_box(&four)).map(|diff| diff.moved));
}

/// From a table's publication until both workers route by it.
#[divan::bench]
fn hand_over(bencher: Bencher<'_, '_>) {
    let hand_over = HandOver::start();
    bencher.bench_local(|| hand_over.publish_and_wait());
}
