//! The verdict, and the figures in it.

use super::*;

fn one(orphans: usize) -> Restart {
    Restart { serving_ms: 10.0, ready_ms: 20.0, adopted: 3, orphans, ..Restart::default() }
}

#[test]
fn an_orphan_fails_the_verdict_and_none_passes() {
    let options = Options {
        program: Program {
            lb: "lb".into(),
            runtime: crate::balancer::Runtime::Process,
            image: "lb:latest".into(),
            inside: false,
            docker_reach: crate::balancer::Reach::Auto,
        },
        replicas: 3,
        kills: 2,
    };
    assert_eq!(report(&options, &[one(0), one(0)]).violations, [""; 0]);
    assert_eq!(report(&options, &[one(0), one(2)]).violations, ["2 orphans"]);
}

#[test]
fn a_spread_says_what_so_many_are_at_or_below() {
    let spread = Spread { all: vec![1.0, 2.0, 3.0, 100.0] };
    assert_eq!([spread.at(0.5), spread.at(0.95), spread.at(1.0)], [2.0, 100.0, 100.0]);
    assert_eq!(Spread { all: Vec::new() }.at(0.5), 0.0);
}
