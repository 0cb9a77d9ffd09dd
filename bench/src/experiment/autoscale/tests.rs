//! The verdict over looks that are made up.

use clap::Parser;

use super::*;

#[derive(Parser)]
struct Typed {
    #[command(flatten)]
    options: Options,
}

fn options(line: &[&str]) -> Options {
    Typed::parse_from(std::iter::once(&"autoscale").chain(line)).options
}

fn look(target: u32, ready: u32) -> Look {
    Look { at_s: 0.0, clients: 10, in_flight: 10, desired: target, target, ready, why: Vec::new() }
}

#[test]
fn the_highest_step_says_how_many_are_needed() {
    assert_eq!(options(&[]).highest(), 7, "150 over 20 is 7.5, and a tenth is tolerated");
    assert_eq!(options(&["--plan=1000"]).highest(), 8);
    assert_eq!(options(&["--plan=1"]).highest(), 2);
    assert_eq!(options(&["--target-cpu=80"]).flag(), "min=2,max=8,target-inflight=20,cooldown=3s,target-cpu=80");
}

#[test]
fn each_claim_can_fail() {
    let options = options(&[]);
    assert_eq!(violations(&options, &[look(2, 2), look(8, 8), look(2, 2)], 0), [""; 0]);
    let violated = |looks: &[Look], failed, words: &str| {
        let violations = violations(&options, looks, failed);
        assert!(violations.len() == 1 && violations[0].contains(words), "{violations:?}");
    };
    violated(&[look(8, 8), look(2, 2)], 3, "3 requests failed");
    violated(&[look(9, 8), look(2, 2)], 0, "9 replicas were asked for");
    violated(&[look(1, 8), look(2, 2)], 0, "1 replicas were asked for");
    violated(&[look(8, 6), look(2, 2)], 0, "at most 6");
    violated(&[look(8, 8), look(3, 3)], 0, "2 replicas were not back");
}
