//! Which key a request has: one row a rule of SPEC 3.

use super::*;

fn sources(text: &str) -> KeySources {
    text.parse().unwrap()
}

fn found(sources_text: &str, target: &str) -> Option<String> {
    match sources(sources_text).find(target, Some(&[])) {
        KeyOutcome::Found(key, _) => Some(String::from_utf8_lossy(&key).into_owned()),
        _ => None,
    }
}

#[test]
fn the_first_occurrence_counts_and_an_empty_one_is_missing() {
    assert_eq!(found("query:id", "/r?id=7&id=8").as_deref(), Some("7"));
    assert_eq!(found("query:id", "/r?id=&id=8"), None);
    assert_eq!(found("query:id", "/r?id"), None);
    assert_eq!(found("query:id", "/r?xid=7"), None);
    assert_eq!(found("query:id", "/r"), None);
}

#[test]
fn values_are_percent_decoded_once_and_plus_is_kept() {
    assert_eq!(found("query:id", "/r?id=a%20b+c").as_deref(), Some("a b+c"));
    assert_eq!(found("query:id", "/r?id=%2541").as_deref(), Some("%41"));
    assert_eq!(found("query:id", "/r?id=5%").as_deref(), Some("5%"));
    assert_eq!(found("query:id", "/r?id=%zz").as_deref(), Some("%zz"));
    assert_eq!(found("query:request_id", "/r?request%5Fid=3").as_deref(), Some("3"));
}

#[test]
fn absolute_targets_and_fragments_are_understood() {
    assert_eq!(found("query:id", "http://h/r?id=7#x").as_deref(), Some("7"));
    assert_eq!(found("path", "http://host:80/a/b?x").as_deref(), Some("/a/b"));
    assert_eq!(found("path", "http://host").as_deref(), Some("/"));
    assert_eq!(found("path", "/a?b").as_deref(), Some("/a"));
    assert_eq!(found("path", "*").as_deref(), Some("*"));
}

#[test]
fn sources_are_asked_in_order_and_only_a_header_waits_for_the_head() {
    let default = sources("query:request_id,query:id,header:x-request-id,random");
    assert_eq!(default.find("/r?id=7", None), KeyOutcome::Found(Cow::Borrowed(b"7"), KeyedBy::Query));
    assert_eq!(default.find("/r", None), KeyOutcome::NeedsHead);
    let fields = [Header { name: "X-REQUEST-ID", value: b" 9 " }];
    assert_eq!(default.find("/r", Some(&fields)), KeyOutcome::Found(Cow::Borrowed(b"9"), KeyedBy::Header));
    assert_eq!(default.find("/r", Some(&[])), KeyOutcome::Random);
    assert_eq!(sources("source").find("/r", None), KeyOutcome::Source);
    assert_eq!(sources("query:id").find("/r", None), KeyOutcome::Random);
}

#[test]
fn a_cookie_is_found_by_its_exact_name() {
    let fields = [Header { name: "Cookie", value: b"xsid=1; sid=2" }, Header { name: "cookie", value: b"sid=3" }];
    assert_eq!(sources("cookie:sid").find("/", Some(&fields)), KeyOutcome::Found(Cow::Borrowed(b"2"), KeyedBy::Cookie));
    assert_eq!(sources("cookie:SID").find("/", Some(&fields)), KeyOutcome::Random);
}

#[test]
fn a_wrong_source_is_refused_by_name() {
    for wrong in ["", "query:", "query", "querry:id", "random:x", "header: ,,"] {
        assert!(wrong.parse::<KeySources>().is_err(), "{wrong:?}");
    }
    let message = "query:id,bogus".parse::<KeySources>().unwrap_err().to_string();
    assert!(message.starts_with("'bogus' is no key source"), "{message}");
}

#[test]
fn an_address_is_the_same_key_in_both_families() {
    let v4: IpAddr = "127.0.0.1".parse().unwrap();
    let mapped: IpAddr = "::ffff:127.0.0.1".parse().unwrap();
    assert_eq!(source_key(v4), source_key(mapped));
}
