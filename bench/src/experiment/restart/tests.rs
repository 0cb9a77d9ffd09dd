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
            runtime: Runtime::Process,
            image: "lb:latest".into(),
            inside: false,
            docker_reach: crate::balancer::Reach::Auto,
        },
        replicas: 3,
        kills: 2,
    };
    assert_eq!(report(&options, &[one(0), one(0)], 0).violations, [""; 0]);
    assert_eq!(report(&options, &[one(0), one(2)], 0).violations, ["2 orphans"]);
    assert_eq!(report(&options, &[one(0), one(0)], 1).violations, ["1 orphans"]);
}

#[test]
fn a_spread_says_what_so_many_are_at_or_below() {
    let spread = Spread { all: vec![1.0, 2.0, 3.0, 100.0] };
    assert_eq!([spread.at(0.5), spread.at(0.95), spread.at(1.0)], [2.0, 100.0, 100.0]);
    assert_eq!(Spread { all: Vec::new() }.at(0.5), 0.0);
}

fn backend(name: &str, seat: u32) -> Backend {
    let fields = json!({ "name": name, "seat": seat, "pid": null, "state": "ready", "sessions": 0, "supervised": true,
        "weight": 1.0 });
    serde_json::from_value(fields).unwrap()
}

#[test]
fn a_second_container_of_one_replica_is_an_orphan_and_a_member_without_one_does_not_agree() {
    let container = |id: &str, name: &str| Body::Container { id: id.to_owned(), name: name.to_owned() };
    let members = [backend("S1", 1), backend("S2", 2)];
    let clean = Settled::of(&members, vec![container("a", "S1"), container("b", "S2")]);
    assert!(clean.agree());
    let doubled = Settled::of(&members, vec![container("a", "S1"), container("b", "S2"), container("c", "S2")]);
    assert_eq!((doubled.agree(), doubled.orphans()), (false, 1));
    let missing = Settled::of(&members, vec![container("a", "S1")]);
    assert_eq!((missing.agree(), missing.orphans()), (false, 0));
}
