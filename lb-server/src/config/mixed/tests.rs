//! What of another configuration applies, what waits, and what doesn't go.

use super::super::tests::{around, loaded};
use super::*;

fn read(line: &str) -> Loaded {
    loaded(line).unwrap_or_else(|error| panic!("{line}: {error}"))
}

fn changed(from: &str, to: &str) -> Vec<(String, TakesEffect)> {
    let (running, read) = (read(from), read(to));
    running.changes(&read).map(|change| (change.key, change.takes_effect)).collect()
}

fn mixed(from: &str, to: &str) -> Loaded {
    read(from).mixed(&read(to), &around()).expect("they go together")
}

#[test]
fn what_can_be_changed_while_running_applies_and_the_rest_waits() {
    use TakesEffect::{Now, Restart};
    let (from, to) = ("--workers 2 --retries 1", "--workers 3 --retries 2 --idle-timeout 1m");
    let keys = [("workers", Restart), ("idle-timeout", Now), ("retries", Now)];
    assert_eq!(changed(from, to), keys.map(|(key, when)| (key.to_owned(), when)));
    let applies = mixed(from, to);
    assert_eq!((applies.config.workers, applies.config.retries, applies.config.timeouts.idle.as_secs()), (2, 2, 60));
    let shown = applies.effective.to_toml();
    assert!(shown.contains("workers = 2 ") && shown.contains("idle-timeout = \"1m\""), "{shown}");
    assert_eq!(changed(from, from), []);
}

#[test]
fn a_number_of_replicas_that_nobody_asks_for_is_no_change() {
    assert_eq!(changed("--replicas 5", ""), []);
    assert_eq!(changed("", "--backend a=h:80"), [("backend".to_owned(), TakesEffect::Now)]);
    assert_eq!(changed("", "--replicas 5"), [("replicas".to_owned(), TakesEffect::Now)]);
}

#[test]
fn bounded_load_can_be_turned_on_only_where_sessions_are_counted() {
    let when = |from: &str| changed(from, &format!("{from} --balance-factor 1.5"))[0].1;
    assert_eq!((when(""), when("--max-connections 5")), (TakesEffect::Restart, TakesEffect::Now));
    assert_eq!(changed("--balance-factor 1.5", "")[0].1, TakesEffect::Now, "it can be turned off");
}

#[test]
fn what_does_not_go_with_what_only_a_restart_changes_is_refused() {
    let (running, then) = (read(""), read("--max-connections 5 --queue-timeout 1s"));
    let error = running.mixed(&then, &around()).expect_err("there is no queue yet").to_string();
    assert!(error.contains("--queue-timeout goes with --max-connections only"), "{error}");
}

#[test]
fn a_secret_file_that_holds_something_else_is_a_change_and_is_not_shown() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    for (flag, texts, when) in [
        ("admin-token-file", ["correct-horse-battery", "another-horse-battery"], TakesEffect::Now),
        (
            "hash-key-file",
            ["000102030405060708090a0b0c0d0e0f", "100102030405060708090a0b0c0d0e0f"],
            TakesEffect::Restart,
        ),
    ] {
        let line = format!("--{flag} {}", file.path().display());
        let [before, after] = texts.map(|text| {
            std::fs::write(file.path(), text).expect("written");
            read(&line)
        });
        let changes: Vec<_> = before.changes(&after).collect();
        let masked = Value::from("***");
        let wanted = KeyChange { from: masked.clone(), key: flag.to_owned(), takes_effect: when, to: masked };
        assert_eq!(changes, [wanted]);
        assert_eq!(after.changes(&read(&line)).count(), 0);
    }
}
