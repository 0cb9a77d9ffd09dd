//! `/add` and `/rm`: who is there afterwards, that nobody notices, and that a removed replica's process ends.

use std::collections::BTreeSet;

use crate::support::lb::names;
use crate::support::process::is_alive;
use crate::support::{Lb, Load, eventually, load};

#[test]
fn three_are_added_and_two_removed_under_load_without_a_failure() {
    let lb = Lb::start(&[]);
    let load = Load::start(lb.front);
    load.wait_for_more(300);
    let added = lb.ask_admin("POST", "/add", r#"{"n":3}"#);
    assert_eq!((added.status, names(&added).len()), (200, 6), "{added:?}");
    load.wait_for_more(600);
    let removed = lb.ask_admin("DELETE", "/rm", r#"{"n":2}"#);
    assert_eq!((removed.status, names(&removed).len()), (200, 4), "{removed:?}");
    load.wait_for_more(600);
    let answers = load.stop();
    assert_eq!(answers.failed, [""; 0]);
    assert!(answers.answered >= 1500);
    assert_eq!(lb.replicas(), names(&removed));
}

#[test]
fn added_names_come_in_the_order_given_and_then_the_made_up_ones() {
    let lb = Lb::start(&[]);
    let added = lb.ask_admin("POST", "/add", r#"{"n":4,"hostnames":["S5","S4","3"],"more":[]}"#);
    let listed = names(&added);
    assert_eq!(listed[..6], ["S1", "S2", "S3", "S5", "S4", "3"]);
    assert_eq!(listed.len(), 7);
    assert!(listed[6].starts_with('S') && listed[6].len() == 7, "six random digits: {listed:?}");
    assert_eq!(added.text(), lb.ask_admin("GET", "/rep", "").text(), "the body is that of /rep");
}

#[test]
fn n_may_be_missing_where_hostnames_are_given_and_adding_is_idempotent() {
    let lb = Lb::with_replicas(1, &[]);
    let added = lb.ask_admin("POST", "/add", r#"{"hostnames":["S1","A","A"]}"#);
    assert_eq!((added.status, names(&added)), (200, vec!["S1".to_owned(), "A".to_owned()]), "{added:?}");
    let removed = lb.ask_admin("POST", "/rm", r#"{"hostnames":["A"]}"#);
    assert_eq!((removed.status, names(&removed)), (200, vec!["S1".to_owned()]), "{removed:?}");
}

#[test]
fn removing_more_than_there_are_removes_all_and_adding_serves_again() {
    let lb = Lb::start(&[]);
    let removed = lb.ask_admin("DELETE", "/rm", r#"{"n":9}"#);
    assert_eq!(removed.text(), "{\"message\":{\"N\":0,\"replicas\":[]},\"status\":\"successful\"}\n");
    assert_eq!(lb.get("/home").status, 503);
    let added = lb.ask_admin("POST", "/add", r#"{"n":1,"hostnames":["S1"]}"#);
    assert_eq!(names(&added), ["S1"], "a removed name is free at once");
    assert_eq!(lb.get("/home").replica(), "S1");
}

#[test]
fn a_removed_replica_gets_no_traffic_its_process_ends_and_nobody_replaces_it() {
    let lb = Lb::start(&[]);
    let pid = lb.pid_of("S2");
    let removed = lb.ask_admin("DELETE", "/rm", r#"{"n":1,"hostnames":["S2"]}"#);
    assert_eq!(names(&removed), ["S1", "S3"]);
    let answers = load::ask_each(lb.front, 1..=300);
    assert_eq!(answers.failed, [""; 0]);
    assert_eq!(answers.counts().into_keys().collect::<Vec<_>>(), ["S1", "S3"]);
    eventually("its process is gone, not a zombie", || (!is_alive(pid)).then_some(()));
    assert_eq!(lb.replicas(), ["S1", "S3"]);
}

#[test]
fn only_the_removed_replicas_keys_move() {
    let lb = Lb::start(&[]);
    let before = load::ask_each(lb.front, 1..=600);
    lb.ask_admin("DELETE", "/rm", r#"{"n":1,"hostnames":["S2"]}"#);
    let after = load::ask_each(lb.front, 1..=600);
    let moved: BTreeSet<u64> = before.elsewhere_in(&after).into_iter().collect();
    let owned: BTreeSet<u64> = (1..=600).filter(|id| before.replica_of[id] == "S2").collect();
    assert_eq!(moved, owned);
}

#[test]
fn concurrent_changes_of_the_same_names_are_all_or_nothing() {
    let lb = Lb::with_replicas(1, &[]);
    std::thread::scope(|scope| {
        let answers: Vec<_> =
            (0..4).map(|_| scope.spawn(|| lb.ask_admin("POST", "/add", r#"{"n":2,"hostnames":["A","B"]}"#))).collect();
        for answer in answers {
            assert_eq!(answer.join().unwrap().status, 200);
        }
    });
    assert_eq!(lb.replicas().into_iter().collect::<BTreeSet<_>>(), ["A", "B", "S1"].map(String::from).into());
}
