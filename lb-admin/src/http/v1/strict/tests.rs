//! Words that aren't known.

use super::*;

fn refused(uri: &str, known: &[&str]) -> Option<String> {
    query(&uri.parse().expect("a path"), known).err().map(|problem| problem.detail)
}

#[test]
fn a_parameter_that_is_not_known_is_named_with_the_one_that_was_meant() {
    let known = ["dry_run", "wait"];
    assert_eq!(
        refused("/v1/x?dryrun=true", &known).unwrap(),
        "there is no query parameter 'dryrun': did you mean dry_run?"
    );
    assert_eq!(
        refused("/v1/x?wait=1s&pety", &known).unwrap(),
        "there is no query parameter 'pety': did you mean pretty?"
    );
    let told = refused("/v1/x?colour=red", &known).unwrap();
    assert_eq!(told, "there is no query parameter 'colour': known are dry_run, wait, pretty");
}

#[test]
fn what_is_said_twice_is_refused_whether_or_not_it_says_the_same() {
    for query in ["dry_run=true&dry_run=false", "dry_run=false&dry_run=true", "dry_run&wait=1s&dry_run"] {
        let told = refused(&format!("/v1/x?{query}"), &["dry_run", "wait"]);
        assert_eq!(told.as_deref(), Some("the query parameter dry_run is given twice: say it once"), "{query}");
    }
}

#[test]
fn what_is_known_passes() {
    for uri in ["/v1/x", "/v1/x?", "/v1/x?pretty", "/v1/x?wait=1s&dry_run=true&pretty=", "/v1/x?&wait"] {
        assert_eq!(refused(uri, &["dry_run", "wait"]), None, "{uri}");
    }
}

#[test]
fn a_long_unknown_word_is_cut() {
    let told = refused(&format!("/v1/x?{}", "a".repeat(10_000)), &[]).unwrap();
    assert!(told.len() < 200, "{told}");
}

#[test]
fn letters_are_counted_that_differ() {
    let cases =
        [("", "", 0), ("a", "", 1), ("wait", "wait", 0), ("wiat", "wait", 2), ("weight", "wait", 3), ("ab", "b", 1)];
    for (from, to, slips) in cases {
        assert_eq!((distance(from, to), distance(to, from)), (slips, slips), "{from} {to}");
    }
}
