//! `--log json` and `--log-level`: what whoever collects stderr gets.

use std::process::Command;

use rustix::process::Signal;
use serde_json::Value;

use crate::support::process::{Process, signal};
use crate::support::{Lb, eventually};

/// Runs `lb serve` with one replica until it has written `awaited`; gives all that it wrote.
fn written(flags: &[&str], awaited: &str) -> Vec<String> {
    let flags = [&["--replicas", "1"], flags].concat();
    let mut process = Process::spawn(Command::new(env!("CARGO_BIN_EXE_lb")), &flags);
    eventually(awaited, || process.stderr().iter().any(|line| line.contains(awaited)).then_some(()));
    assert!(signal(process.pid(), Signal::TERM));
    assert_eq!(process.wait_for_exit().code(), Some(0));
    process.stderr()
}

#[test]
fn in_json_every_line_is_an_object_with_a_time_a_level_and_a_message() {
    let lines = written(&["--log", "json"], "ready: 1 of 1");
    let read = |line: &String| serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    let objects: Vec<Value> = lines.iter().map(read).collect();
    for object in &objects {
        let is_text = |key: &str| object[key].as_str().is_some_and(|text| !text.is_empty());
        assert!(is_text("timestamp") && is_text("level") && is_text("message"), "{object}");
    }
    let says = |text: &str| objects.iter().any(|object| object["message"].as_str().unwrap().starts_with(text));
    assert!(says("front 127.0.0.1:") && says("S1 (seat 1) started"), "what is said and what is logged: {lines:?}");
}

#[test]
fn a_level_of_warn_leaves_out_what_went_well() {
    let loud = written(&[], "ready: 1 of 1");
    let quiet = written(&["--log-level", "warn"], "ready: 1 of 1");
    let started = |lines: &[String]| lines.iter().filter(|line| line.contains("S1 (seat 1) started")).count();
    assert_eq!((started(&loud), started(&quiet)), (1, 0));
}

/// One that says two things, on both of its streams, and then serves.
fn talkative() -> String {
    let lb = env!("CARGO_BIN_EXE_lb");
    format!("sh -c 'echo one; echo two >&2; exec {lb} replica --listen 127.0.0.1:{{port}}'")
}

#[test]
fn lb_logs_shows_what_a_replica_has_printed() {
    let balancer = Lb::with_replicas(1, &["--command", &talkative()]);
    let admin = balancer.admin.to_string();
    let lb = |words: &[&str]| {
        let words = [&["logs", "--admin", &admin], words].concat();
        let output = Command::new(env!("CARGO_BIN_EXE_lb")).args(words).env_clear().output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let (code, all, words) = lb(&["S1"]);
    assert_eq!((code, words.as_str()), (Some(0), ""));
    assert!(all.starts_with("one\ntwo\n"), "{all}");
    let last = all.lines().last().unwrap();
    assert_eq!(lb(&["S1", "--tail", "1"]).1, format!("{last}\n"));
    for (words, about) in [(&["S2"][..], "404: there is no backend"), (&["S1", "--tail", "0"], "400: tail '0'")] {
        let (code, out, error) = lb(words);
        assert_eq!((code, out.as_str(), error.lines().count()), (Some(5), "", 1), "{error}");
        assert!(error.contains(about), "{error}");
    }
}
