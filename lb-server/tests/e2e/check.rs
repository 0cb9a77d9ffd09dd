//! `lb check`: what would apply and where it comes from, or one line and exit code 3. Nothing runs.

use std::process::{Command, Output};

fn check(words: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lb"));
    command.arg("check").args(words);
    for (variable, value) in variables {
        command.env(variable, value);
    }
    command.output().unwrap()
}

#[test]
fn check_prints_what_serve_would_go_by_and_who_said_it() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "\nretries = 1\nworkers = 7\nkey = \"path\"\n").unwrap();
    let path = file.path().to_str().unwrap();
    let output = check(&["--config", path, "--workers", "2"], &[("LB_KEY", "query:id")]);
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
    let printed = String::from_utf8(output.stdout).unwrap();
    let row = |key: &str| {
        let row = printed.lines().find(|row| row.starts_with(&format!("{key} = ")));
        row.unwrap_or_else(|| panic!("no {key} in\n{printed}")).split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(row("retries"), "retries = 1 # file, line 2");
    assert_eq!(row("workers"), "workers = 2 # flag");
    assert_eq!(row("key"), "key = \"query:id\" # environment, LB_KEY");
    assert_eq!(row("idle-timeout"), "idle-timeout = \"1h\" # default");
}

#[test]
fn a_wrong_configuration_is_one_line_and_exit_code_3() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap();
    for (text, words) in [
        ("workers = 2\nidle-timout = \"5s\"\n", "line 2: there is no key 'idle-timout': did you mean 'idle-timeout'?"),
        ("retries = 8\n", "line 1: --retries 8: must be 0 to 7"),
    ] {
        std::fs::write(file.path(), text).unwrap();
        let output = check(&["--config", path], &[]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(3), &b""[..]), "{said}");
        assert_eq!(said, format!("error: --config {path}, {words}\n"));
    }
    assert_eq!(check(&["--wrokers", "2"], &[]).status.code(), Some(2), "a mistyped flag is a wrong command line");
}
