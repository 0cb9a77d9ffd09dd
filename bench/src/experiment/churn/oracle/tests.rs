//! The oracle against journals and answers that are made up: what is true passes, each kind of lie is found.

use crate::balancer::admin::Event;

use super::*;

fn events(told: &[(f64, &str, &str, &str)]) -> Vec<Event> {
    let event = |(&(at_ms, kind, name, detail), id): (&(f64, &str, &str, &str), u64)| Event {
        id,
        at_ms,
        kind: kind.to_owned(),
        name: name.to_owned(),
        seat: 1,
        detail: detail.to_owned(),
    };
    told.iter().zip(1..).map(event).collect()
}

/// S1 is there; C1 comes at 10 ms and goes at 20.
const TOLD: &[(f64, &str, &str, &str)] = &[
    (8.0, "started", "C1", "pid 7, 127.0.0.1:1"),
    (10.0, "ready", "C1", ""),
    (10.0, "added", "C1", ""),
    (20.0, "removed", "C1", ""),
    (21.0, "stopped", "C1", ""),
];

fn answer(is_add: bool, names: &[&str], (from_ms, to_ms): (f64, f64), status: u16, body: &str) -> Answer {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    Answer { call: Call { is_add, n: names.len(), names }, from_ms, to_ms, got: Ok((status, body.as_bytes().to_vec())) }
}

fn list(names: &[&str]) -> String {
    serde_json::json!({ "message": { "N": names.len(), "replicas": names }, "status": "successful" }).to_string()
}

fn refused(text: &str) -> String {
    serde_json::json!({ "message": text, "status": "failure" }).to_string()
}

fn true_answers() -> Vec<Answer> {
    vec![
        answer(true, &["C1"], (5.0, 11.0), 200, &list(&["S1", "C1"])),
        answer(false, &["C1"], (12.0, 20.5), 200, &list(&["S1"])),
        answer(false, &["C1"], (1.0, 9.0), 400, &refused("<Error> 'C1' is not a replica")),
        answer(false, &["C9"], (1.0, 9.0), 400, &refused("<Error> 'C9' is not a replica")),
    ]
}

fn judged(told: &[(f64, &str, &str, &str)], answers: &[Answer], last: &[&str]) -> Vec<String> {
    let first = ["S1".to_owned()];
    let last: Vec<String> = last.iter().map(|name| (*name).to_owned()).collect();
    judge(1, &Journal::replay(&first, &events(told)), answers, &last).violations
}

#[test]
fn the_truth_passes() {
    assert_eq!(judged(TOLD, &true_answers(), &["S1"]), [""; 0]);
    let journal = Journal::replay(&["S1".to_owned()], &events(TOLD));
    assert_eq!((journal.pids.into_iter().collect::<Vec<_>>(), journal.added, journal.removed), (vec![7], 1, 1));
}

#[test]
fn an_answer_that_lies_is_found() {
    let lie = |answer: Answer, words: &str| {
        let mut answers = true_answers();
        answers.push(answer);
        let violations = judged(TOLD, &answers, &["S1"]);
        assert!(violations.iter().any(|violation| violation.contains(words)), "{words}: {violations:?}");
    };
    lie(answer(true, &["C1"], (25.0, 30.0), 200, &list(&["S1", "C1"])), "never the membership");
    lie(answer(true, &["C2"], (9.0, 15.0), 200, &list(&["S1"])), "C2 was added and isn't there");
    lie(answer(false, &["C1"], (12.0, 20.5), 200, &list(&["S1", "C1"])), "C1 was removed and is there");
    lie(answer(false, &["C1"], (25.0, 30.0), 200, &list(&["S1"])), "one piece");
    lie(answer(false, &["C1"], (12.0, 13.0), 400, &refused("<Error> 'C1' is not a replica")), "but it was");
    lie(answer(true, &["C1"], (5.0, 11.0), 200, &list(&["C1", "C1"])), "a name twice");
    lie(answer(true, &["C1"], (5.0, 11.0), 404, &refused("<Error> no")), "status 404");
    lie(answer(true, &["C1"], (5.0, 11.0), 400, "oops"), "without JSON");
    lie(answer(true, &["C1"], (5.0, 11.0), 400, &refused("no")), "typed message");
    lie(answer(false, &["C1"], (12.0, 20.5), 200, &list(&["S1"])), "accepted calls asked for 2");
}

#[test]
fn a_journal_that_can_not_be_is_found() {
    let lie = |more: (f64, &str, &str, &str), last: &[&str], words: &str| {
        let told: Vec<_> = TOLD.iter().copied().chain([more]).collect();
        let violations = judged(&told, &true_answers(), last);
        assert!(violations.iter().any(|violation| violation.contains(words)), "{words}: {violations:?}");
    };
    lie((30.0, "removed", "C1", ""), &["S1"], "wasn't there");
    lie((30.0, "added", "S1", ""), &["S1"], "although it was there");
    lie((30.0, "started", "C1", ""), &["S1"], "never added");
    lie((30.0, "died", "S1", ""), &["S1"], "the journal says");
    assert!(judged(TOLD, &true_answers(), &["S1", "S2"]).iter().any(|violation| violation.contains("N = 2")));
    let mut gap = events(TOLD);
    gap.remove(1);
    let violations = Journal::replay(&["S1".to_owned()], &gap).violations;
    assert!(violations.iter().any(|violation| violation.contains("1 to 3 are missing")), "{violations:?}");
}

#[test]
fn a_replacement_counts_at_once_and_is_listed_when_it_is_ready() {
    let told = [(5.0, "died", "S1", ""), (5.0, "replacing", "S7", ""), (9.0, "ready", "S7", "")];
    let empty = answer(true, &[], (6.0, 7.0), 200, &list(&[]));
    assert_eq!(judged(&told, std::slice::from_ref(&empty), &["S7"]), [""; 0]);
    let later = Answer { from_ms: 10.0, to_ms: 11.0, ..empty };
    assert!(judged(&told, &[later], &["S7"])[0].contains("never the membership"));
    let twice = [told[0], told[1], (8.0, "died", "S7", ""), (8.0, "replacing", "S7", ""), (9.0, "ready", "S7", "")];
    assert!(judged(&twice, &[], &["S7"])[0].contains("there was one of that name before"));
}
