//! `lb logs` of a replica that is a container: what it has printed on either stream, as it printed it, and nobody else's.

use super::proxy::{Mode, Proxy};
use super::site::{Site, docker};
use super::support::verb::{data, error, lb as run};
use super::support::{Lb, eventually};

/// Says two things, on both of its streams, and then serves.
const TALKATIVE: &str =
    r#"launch -- /sh -c 'echo "one of $SERVER_ID"; echo "two of $SERVER_ID" >&2; exec /lb replica'"#;

fn logs(lb: &Lb, words: &[&str]) -> std::process::Output {
    run(&[&["logs", "--admin", &lb.admin.to_string()], words].concat())
}

/// The lines of `name` once it has said all, sorted: the engine keeps the order of each stream and mixes the two.
fn all_said(lb: &Lb, name: &str) -> Vec<String> {
    eventually("it has said all", || {
        let mut lines: Vec<String> = data(&logs(lb, &[name])).lines().map(str::to_owned).collect();
        lines.sort();
        (lines.len() == 3).then_some(lines)
    })
}

#[test]
fn both_streams_of_a_container_are_shown_and_a_replacement_has_words_of_its_own() {
    let Some(site) = Site::open() else { return };
    let lb = site.serve(2, &["--command", TALKATIVE]);
    for name in ["S1", "S2"] {
        let [one, replica, two] = &all_said(&lb, name)[..] else { panic!("three lines") };
        assert_eq!((one, two), (&format!("one of {name}"), &format!("two of {name}")));
        assert!(replica.starts_with(&format!("replica {name} on ")), "{replica}");
    }
    let last = data(&logs(&lb, &["S1", "--tail", "1"]));
    assert!(last.ends_with('\n') && all_said(&lb, "S1").contains(&last.trim_end().to_owned()), "{last:?}");

    docker(&["kill", &site.container("S1")]);
    let new = eventually("it is replaced", || {
        let names = lb.replicas();
        let new = names.iter().find(|name| !["S1", "S2"].contains(&name.as_str()))?.clone();
        (names.len() == 2 && !names.contains(&"S1".to_owned())).then_some(new)
    });
    assert_eq!(all_said(&lb, &new)[0], format!("one of {new}"));
    let is_gone = || error(&logs(&lb, &["S1"]), 5).contains("404: there is no backend of this name");
    eventually("nobody has the old name", || is_gone().then_some(()));
}

#[test]
fn where_no_engine_answers_there_is_a_line_that_says_so_and_later_the_log_again() {
    let Some(site) = Site::open() else { return };
    let proxy = Proxy::start();
    let lb = site.serve_through(&proxy.exported(), 1, &["--command", TALKATIVE]);
    let before = all_said(&lb, "S1");
    proxy.turn(Mode::Absent);
    let away = error(&logs(&lb, &["S1"]), 1);
    assert!(away.contains("503: what it has printed can't be read: no Docker engine answers"), "{away}");
    proxy.turn(Mode::Pass);
    let again = eventually("the engine is back", || Some(logs(&lb, &["S1"])).filter(|output| output.status.success()));
    let mut again: Vec<String> = data(&again).lines().map(str::to_owned).collect();
    again.sort();
    assert_eq!(again, before);
}
