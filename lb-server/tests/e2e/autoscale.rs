//! `--autoscale`: `/rep` grows with the load and shrinks without it, and the user's hand is respected.

use crate::support::lb::names;
use crate::support::{Lb, Load, eventually};

/// The sample backend, slow enough that sixteen clients always have sixteen requests in flight.
fn slow_replica() -> String {
    format!("'{}' replica --listen 127.0.0.1:{{port}} --delay 300ms", env!("CARGO_BIN_EXE_lb"))
}

#[test]
fn replicas_come_with_the_load_and_go_without_it_and_no_request_fails() {
    let command = slow_replica();
    let autoscale = "max=4,min=1,cooldown=1s,target-inflight=4";
    let lb = Lb::launch(&["--autoscale", autoscale, "--command", &command]);
    eventually("it begins with min", || (lb.replicas() == ["S1"]).then_some(()));
    let load = Load::start(lb.front);
    eventually("16 in flight are four each", || (lb.replicas().len() == 4).then_some(()));
    assert!((lb.metric("lb_autoscale_desired") - 4.0).abs() < 0.5, "{}", lb.metric("lb_autoscale_desired"));
    load.wait_for_more(32);
    let answers = load.stop();
    eventually("nobody needs more than min", || (lb.replicas().len() == 1).then_some(()));
    assert_eq!(answers.failed, [""; 0]);
    let events = lb.ask_admin("GET", "/v1/events", "").json();
    let events = events["events"].as_array().expect("a list").clone();
    let steps: Vec<&str> =
        events.iter().filter(|e| e["kind"] == "scaled").filter_map(|e| e["detail"].as_str()).collect();
    assert!(steps[0].starts_with("1 → ") && steps[0].contains("in flight, target 4 each"), "{steps:?}");
    assert!(steps.last().is_some_and(|last| last.contains("no need for 1 s")), "{steps:?}");
    assert_eq!(lb.metric("lb_autoscale_steps_total") as usize, steps.len());
    assert!(lb.stderr().contains("autoscale: 1 → "), "a step is a line in the log");
}

#[test]
fn a_users_names_stay_and_the_bounds_hold_for_users_too() {
    let lb = Lb::launch(&["--autoscale", "min=1,max=3,target-inflight=1000,cooldown=1s"]);
    eventually("it begins with min", || (lb.replicas() == ["S1"]).then_some(()));
    let refused = lb.ask_admin("POST", "/add", r#"{"n":3}"#);
    let message = "<Error> n = 3: --autoscale allows at most max=3 replicas, 1 are there";
    assert_eq!((refused.status, refused.json()["message"].as_str()), (400, Some(message)));
    let added = lb.ask_admin("POST", "/add", r#"{"n":1,"hostnames":["A"]}"#);
    assert_eq!(names(&added), ["S1", "A"]);
    eventually("what nobody asked for by name goes", || (lb.replicas() == ["A"]).then_some(()));
    let removed = lb.ask_admin("DELETE", "/rm", r#"{"n":1,"hostnames":["A"]}"#);
    assert_eq!((removed.status, names(&removed).len()), (200, 0), "a user may go below min");
    let new = eventually("min is corrected, later", || lb.replicas().pop());
    assert!(new != "A" && new != "S1", "a removed replica never comes back: {new}");
}
