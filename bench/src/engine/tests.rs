//! What is said where there is no engine, and how a command's answer is read.

use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Output};

use super::{Engine, said};

fn output(code: i32, stdout: &str, stderr: &str) -> Output {
    Output { status: ExitStatus::from_raw(code << 8), stdout: stdout.into(), stderr: stderr.into() }
}

#[test]
fn an_engine_that_is_not_there_is_said_to_be_missing_and_nothing_else_happens() {
    let nobody = Engine::at("unix:///nonexistent/docker.sock".to_owned());
    let lacks = nobody.lacks("lb:latest").expect("nobody listens there");
    assert!(lacks.starts_with("no container engine answers"), "{lacks}");
}

#[test]
fn an_answer_is_what_was_printed_and_a_failure_is_its_last_line() {
    assert_eq!(said(&["ps"], output(0, "a\nb\n", "a warning")).unwrap(), "a\nb");
    let error = said(&["rm", "x"], output(1, "", "first\nNo such container: x\n")).unwrap_err();
    assert_eq!(error.to_string(), "docker rm x: No such container: x");
}
