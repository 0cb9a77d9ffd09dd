//! `--log json` and `--log-level`: what whoever collects stderr gets.

use std::process::Command;

use rustix::process::Signal;
use serde_json::Value;

use crate::support::eventually;
use crate::support::process::{Process, signal};

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
