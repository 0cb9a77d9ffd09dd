//! `lb` as a user types it: a verb run to its end, and what it said where.

use std::process::{Command, Output};

/// Runs `lb` with these words and nothing of our own environment that it would read.
pub(crate) fn lb(words: &[&str]) -> Output {
    lb_with(&[], words)
}

/// The same with these variables.
pub(crate) fn lb_with(variables: &[(&str, &str)], words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lb"));
    command.args(words).env_clear().envs(variables.iter().copied()).output().unwrap()
}

/// What a successful command wrote to stdout; it must have said nothing else.
pub(crate) fn data(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "data only");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The one line that a failed command wrote to stderr; it must have written no data.
pub(crate) fn error(output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "", "no data");
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    assert!(said.starts_with("error: ") && said.lines().count() == 1, "{said:?}");
    said
}
